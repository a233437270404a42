/** Where words go: results to stdout, everything else to stderr; colour only on a terminal that wants it. */
import { styleText } from "node:util";
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as CliOutput from "effect/cli/CliOutput";

type Style = Parameters<typeof styleText>[0];

/** Styled where stdout is a terminal and NO_COLOR is not set. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

function paintError(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stderr });
}

/** A result, on stdout. */
export function print(text: string): Effect.Effect<void> {
  return Effect.sync(() => {
    process.stdout.write(`${text}\n`);
  });
}

export function printJson(value: unknown): Effect.Effect<void> {
  return print(JSON.stringify(value, null, 2));
}

const PREFIXES: Readonly<Record<string, string>> = {
  Fatal: paintError("red", "error: "),
  Error: paintError("red", "error: "),
  Warn: paintError("yellow", "note: "),
  Debug: "debug: ",
  Trace: "trace: ",
};

const stderrLogger = Logger.make<unknown, void>(({ logLevel, message }) => {
  const text = Array.isArray(message) ? message.map(String).join(" ") : String(message);
  process.stderr.write(`${PREFIXES[logLevel] ?? ""}${text}\n`);
});

/** A reader that has seen enough (`| head`) ends the program quietly; a full disk ends it with a sentence. */
export function endOnLostOutput(): void {
  process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
    if (code === "EPIPE") process.exit(0);
    const reason = code === "ENOSPC" ? "the disk is full" : message;
    process.stderr.write(`${PREFIXES["Error"]}cannot write to standard output: ${reason}\n`);
    process.exit(2);
  });
  process.stderr.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? 0 : 2));
}

/** Help that was asked for is a result; a wrong command line gets its mistake, the usage and where to read on. */
const presenter: CliOutput.Presenter = {
  present: Effect.fnUntraced(function* (event) {
    if (event._tag === "InvalidInvocation") {
      const command = event.commandPath.join(" ");
      for (const { message } of event.errors) yield* Console.error(`${paintError("red", "error: ")}${message}`);
      yield* Console.error(`\nUsage: ${event.helpDoc.usage}\nSee ${command} --help.`);
      return;
    }
    if (event._tag === "Version") {
      yield* Console.log(event.version);
      return;
    }
    const onError = event.reason === "Implicit";
    const colors = onError ? process.stderr.isTTY === true : paint("bold", "x") !== "x";
    const help = spaced(CliOutput.defaultFormatter({ colors }).formatHelpDoc(event.helpDoc));
    yield* onError ? Console.error(help) : Console.log(help);
  }),
};

/** The formatter leaves no empty line between subcommands and examples. */
function spaced(help: string): string {
  return help.replace(/([^\n])\n((?:\u001b\[\d+m)*EXAMPLES)/, "$1\n\n$2");
}

export const outputLayer: Layer.Layer<never> = Layer.mergeAll(
  Logger.layer([stderrLogger]),
  CliOutput.layerPresenter(presenter),
);

/** `1 link`, `2 links`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

export type Cell = string | number;

/** Columns as wide as their widest cell, numbers to the right; the first row is the head. */
export function table(rows: readonly (readonly Cell[])[]): string {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => String(row[column] ?? "").length)));
  const toRight = head.map((_, column) => rows.slice(1).every((row) => isNumeric(row[column] ?? "")));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        return toRight[column] === true ? String(cell).padStart(width) : String(cell).padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
  return [paint("bold", lines[0] ?? ""), ...lines.slice(1)].join("\n");
}

function isNumeric(cell: Cell): boolean {
  return typeof cell === "number" || /^(-|[\d.,]+( ?[%a-zA-Z/]+)?)?$/.test(cell);
}

/** News of a long run: one line that rewrites itself on a terminal, a line every ten seconds elsewhere. */
export function progressLine(duration: number): {
  show(progress: { now: number; events: number }): void;
  clear(): void;
} {
  const terminal = process.stderr.isTTY === true;
  const state = { shown: false, due: performance.now() + PLAIN_PROGRESS_MS };
  const show = ({ now, events }: { now: number; events: number }): void => {
    const share = Math.floor((now / duration) * 100);
    const text = `${(now / 1e9).toFixed(1)} of ${(duration / 1e9).toFixed(1)} s simulated, ${events} events`;
    if (terminal) {
      const filled = Math.floor(share / 5);
      process.stderr.write(`\r\u001b[K[${"#".repeat(filled)}${".".repeat(20 - filled)}] ${share} %  ${text}`);
      state.shown = true;
    } else if (performance.now() >= state.due) {
      state.due = performance.now() + PLAIN_PROGRESS_MS;
      process.stderr.write(`${share} %: ${text}\n`);
    }
  };
  const clear = (): void => {
    if (state.shown) process.stderr.write("\r\u001b[K");
  };
  return { show, clear };
}

const PLAIN_PROGRESS_MS = 10_000;
