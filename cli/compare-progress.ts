/** News of a comparison: a bar that rewrites itself on a terminal, a line every ten seconds elsewhere. */
import type { CompareProgress } from "./runner/compare.ts";

/** Time between two lines where there is no terminal; tests make it shorter. */
const PLAIN_VARIABLE = "PATHLOOM_PROGRESS_MS";
const PLAIN_MS = 10_000;
const BAR = 24;

/** Half-widths as shares: what is wanted (null: a fixed number of replications), and the widest so far. */
export interface Aim {
  readonly wanted: number | null;
  readonly reached: number | null;
}

export interface ProgressBar {
  show(progress: CompareProgress, aim: Aim): void;
  clear(): void;
}

/** `now`: milliseconds of any clock that only goes forward. */
export function compareProgress(stream: Pick<NodeJS.WriteStream, "isTTY" | "write">, now: () => number): ProgressBar {
  const started = now();
  const wanted = Number(process.env[PLAIN_VARIABLE]);
  const pause = wanted > 0 ? wanted : PLAIN_MS;
  const state = { shown: false, due: started + pause };
  const show = (progress: CompareProgress, aim: Aim): void => {
    const at = now();
    const text = progressText(progress, aim, at - started);
    if (stream.isTTY === true) {
      const filled = Math.floor((progress.done / Math.max(1, progress.of)) * BAR);
      stream.write(`\r\u001b[K[${"#".repeat(filled)}${".".repeat(BAR - filled)}] ${text}`);
      state.shown = true;
    } else if (at >= state.due) {
      state.due = at + pause;
      stream.write(`${text}\n`);
    }
  };
  const clear = (): void => {
    if (state.shown) stream.write("\r\u001b[K");
    state.shown = false;
  };
  return { show, clear };
}

/** `42 of 150 runs, 2 replications whole, 1 min 05 s left` */
export function progressText({ done, of, replications }: CompareProgress, aim: Aim, elapsed_ms: number): string {
  const whole = `${replications} ${replications === 1 ? "replication" : "replications"} whole`;
  if (aim.wanted !== null) {
    const reached =
      aim.reached === null || !Number.isFinite(aim.reached) ? "unknown" : `${(aim.reached * 100).toFixed(1)} %`;
    return `${done} of at most ${of} runs, ${whole}, half-width ${reached}, wanted ${(aim.wanted * 100).toFixed(1)} %`;
  }
  const left = done === 0 ? "" : `, ${timeText((elapsed_ms / done) * (of - done))} left`;
  return `${done} of ${of} runs, ${whole}${left}`;
}

function timeText(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}
