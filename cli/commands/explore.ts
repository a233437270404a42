/** `pathloom explore`: serves the explorer's page on this machine, with a scenario or a recorded run loaded. */
import { spawn } from "node:child_process";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import type { Opening } from "../../viz/page/protocol.ts";
import { buildInfo } from "../build-info.ts";
import { InputError, reporting } from "../errors.ts";
import { jsonFlag, wholeNumber } from "../flags.ts";
import { print, printJson } from "../output.ts";
import type { ExploredRun } from "../runner/explore-run.ts";
import { stopSignal } from "../runner/stop-signal.ts";

const flags = {
  what: Argument.String("dir|scenario").pipe(
    Argument.withDescription(
      "Folder of a run (run --out, live --record), or scenario file; left out: the page's own examples",
    ),
    Argument.optional,
  ),
  port: wholeNumber("port", 0, 65_535).pipe(
    Flag.withDescription("Port of the page (default: any that is free)"),
    Flag.withDefault(0),
  ),
  host: Flag.String("host").pipe(
    Flag.withMetavar("address"),
    Flag.withDescription("Address to listen on; any but the default lets other machines see the run"),
    Flag.withDefault("127.0.0.1"),
  ),
  open: Flag.Boolean("open").pipe(
    Flag.withDescription("Open the page in the system's browser"),
    Flag.withDefault(false),
  ),
  json: jsonFlag,
};

/** What the page is to show. */
interface Explored {
  readonly kind: Opening["kind"] | "examples";
  readonly name: string | null;
  readonly opening: () => Opening | null;
  readonly run: ExploredRun | null;
}

const execute = Effect.fnUntraced(function* (input: Command.Command.Config.Infer<typeof flags>) {
  const { what, port, host, open, json } = input;
  const { readSite, serveExplorer, siteFolder } = yield* Effect.promise(() => import("../runner/explore-server.ts"));
  const site = yield* readSite(siteFolder());
  const explored = Option.isNone(what) ? EXAMPLES : yield* findExplored(what.value);
  const { kind, name, opening, run } = explored;
  const signal = yield* stopSignal;
  const url = yield* serveExplorer({ site, opening, run, host, port });
  yield* json ? printJson({ url, kind, name, growing: run?.growing ?? false }) : print(url);
  yield* Effect.logInfo(`${wordsFor(explored)}; Ctrl-C ends`);
  if (open) yield* openBrowser(url);
  yield* stopped(signal);
  // Whoever ends it has seen what there was to see: that is success.
  process.exitCode = 0;
}, Effect.scoped);

const EXAMPLES: Explored = { kind: "examples", name: null, opening: () => null, run: null };

function wordsFor({ kind, name, run }: Explored): string {
  if (kind === "examples") return "the explorer with its examples";
  if (run === null) return `the explorer with the scenario ${name}`;
  return run.growing ? `the explorer follows the run ${name} as it is written` : `the explorer with the run ${name}`;
}

const findExplored = Effect.fnUntraced(function* (given: string) {
  const { ExploredRun, findRun, isComparison } = yield* Effect.promise(() => import("../runner/explore-run.ts"));
  const { guardRead } = yield* Effect.promise(() => import("../runner/line-files.ts"));
  const { textOf } = yield* Effect.promise(() => import("../runner/failure-text.ts"));
  const attempt = <T>(act: () => T) =>
    Effect.try({ try: () => guardRead(given, act), catch: (cause) => new InputError(textOf(cause)) });
  const dir = yield* attempt(() => findRun(given));
  if (dir === null) {
    const { readOpening } = yield* Effect.promise(() => import("../runner/explore-scenario.ts"));
    const { opening, name } = yield* readOpening(given);
    const scenario: Explored = { kind: "scenario", name, opening: () => opening, run: null };
    return scenario;
  }
  if (yield* attempt(() => isComparison(dir))) {
    const message = `${dir} is the folder of a comparison; its page is made by pathloom report ${dir}`;
    return yield* new InputError({ message });
  }
  const run = yield* attempt(() => new ExploredRun(dir));
  const { build, version } = buildInfo();
  const { manifest } = run;
  if (manifest.build !== build) {
    yield* Effect.logWarning(
      `the run was made by another build (${manifest.pathloom}, ${manifest.build}); this is ${version}, ${build}: its replay may differ`,
    );
  }
  const recorded: Explored = { kind: "record", name: run.name, opening: () => run.opening(), run };
  return recorded;
});

function stopped(signal: AbortSignal): Effect.Effect<void> {
  return Effect.callback<void>((resume) => {
    const end = (): void => resume(Effect.void);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};

/** Where there is no browser to open, the address stands on stdout. */
function openBrowser(url: string): Effect.Effect<void> {
  return Effect.callback<void>((resume) => {
    const [program = "xdg-open", ...words] = OPENERS[process.platform] ?? ["xdg-open"];
    const child = spawn(program, [...words, url], { stdio: "ignore", detached: true });
    child.once("spawn", () => resume(Effect.void));
    child.once("error", () =>
      resume(Effect.logWarning(`no browser can be opened here (${program}); open ${url} yourself`)),
    );
    child.unref();
  });
}

// Not to be interrupted from outside: Ctrl-C goes through `stopSignal`.
export const exploreCommand = Command.make("explore", flags, (input) =>
  Effect.uninterruptible(reporting(execute(input))),
).pipe(
  Command.withDescription("Look at a network while it is simulated, or at a recorded run, in a page of your browser"),
  Command.withExamples([
    { command: "pathloom explore", description: "The examples that come along" },
    { command: "pathloom explore examples/02-failover.yaml --open", description: "A scenario, simulated in the page" },
    { command: "pathloom explore runs/one", description: "A recorded run; one that goes on is followed" },
  ]),
);
