/** What the page and its worker say to each other. Questions have one answer each; news comes by itself. */
import type {
  ActorView,
  Change,
  DelayDistribution,
  DrawnPath,
  ExplorerProblem,
  Fork,
  Frame,
  FutureTotals,
  LogFilter,
  LogPage,
  Progress,
  RunOutline,
  SequenceMessage,
} from "../../core/exploration.ts";
import type { Nanos } from "../../core/units.ts";

/** What to explore. */
export type Opening =
  | {
      readonly kind: "scenario";
      /** For messages: "two-isds.yaml". */
      readonly file: string;
      /** YAML. */
      readonly text: string;
      /** Files the scenario names, by the name it uses. */
      readonly files: Readonly<Record<string, string>>;
      readonly overrides: { readonly seed?: number; readonly policy?: string };
      /** Continue from another run's past: the same scenario, another future. */
      readonly fork: Fork | null;
    }
  | {
      readonly kind: "record";
      readonly name: string;
      /** Texts of scenario.json and manifest.json. */
      readonly scenario: string;
      readonly manifest: string;
      /** Where the replay of a simulated run has its end to compare with; null: a live run, or one that was killed. */
      readonly summary: string | null;
      /** Text of macs.ndjson; null: keys follow from the seed. */
      readonly macs: string | null;
      /** What keys follow from that were kept (`--keep-secrets`); left out, null: nothing. */
      readonly secret?: string | null;
      /** The run is going on: more of its record comes (`feed`). */
      readonly growing: boolean;
    };

/** By name: what is asked and what is answered. A problem is answered in place of any of them. */
export interface Questions {
  open: { ask: Opening; answer: RunOutline };
  /**
   * More of one place's record, cut anywhere; `macs`: more of macs.ndjson, which goes before. `over`: nothing more comes, of no place. Of
   * records, `open` is answered at once; every other question waits until the first deliveries have come.
   */
  feed: { ask: { place: number; text: string; over: boolean; macs?: string }; answer: null };
  /** Is the scenario sound? Nothing else changes. */
  check: {
    ask: { text: string; file: string; files: Readonly<Record<string, string>> };
    answer: { problems: ExplorerProblem["places"] };
  };
  /** `time`: after everything up to it; `event`: after so many events. Answers when the cursor is there. */
  seek: { ask: { time: Nanos } | { event: number }; answer: Frame };
  /** Events forward (above 0) or back. */
  step: { ask: { by: number }; answer: Frame };
  /** `speed`: simulated over real time. */
  play: { ask: { speed: number }; answer: null };
  pause: { ask: null; answer: Frame };
  /** Does the page draw the map? Without it frames come four times a second and hold no packets. */
  look: { ask: { map: boolean; packets: number }; answer: null };
  inspect: { ask: { actor: string }; answer: ActorView | null };
  /** Rows of the log; `around`: those about the event of this number, whatever `first` says. */
  log: { ask: { filter: LogFilter; first: number; count: number; around?: number }; answer: LogPage };
  /** At most `most` messages between these actors, the nearest to the cursor. */
  sequence: {
    ask: { actors: readonly string[]; from_ns: Nanos; to_ns: Nanos; most: number };
    answer: readonly SequenceMessage[];
  };
  delays: { ask: null; answer: readonly DelayDistribution[] };
  /** Every path that carried a packet or may: of one flow. */
  paths: { ask: { flow: string }; answer: readonly DrawnPath[] };
  /** Totals from an event on, up to where the run is known. */
  totals: { ask: { event: number }; answer: FutureTotals };
  /**
   * For comparing futures: hash of each event from number `from` on, at most `count`: two words each; they run on, so that where they are equal
   * all before is, too. A fork's own events are left out of it: `from` and what follows count as if they were not there.
   */
  hashes: { ask: { from: number; count: number }; answer: Int32Array };
  /** Where a fork may stand, and what is wrong with these changes; null: nothing. */
  changeable: { ask: { changes: readonly Change[] }; answer: string | null };
}

export type QuestionName = keyof Questions;

export type Ask = {
  [Name in QuestionName]: { readonly id: number; readonly name: Name; readonly ask: Questions[Name]["ask"] };
}[QuestionName];

/** Said without a question: the last frame that came as news has been taken, another may come. */
export interface Taken {
  readonly taken: true;
}

export type Tell =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly problem: ExplorerProblem }
  | { readonly news: "progress"; readonly progress: Progress }
  | { readonly news: "frame"; readonly frame: Frame }
  /** The run, or the worker, cannot go on. */
  | { readonly news: "failed"; readonly problem: ExplorerProblem };
