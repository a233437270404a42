/** `pathloom parity`: the same scenario and seed simulated and live, figure by figure. */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import { NAMESPACE_TOLERANCES, PARITY_TOLERANCES } from "../../core/parity.ts";
import { CheckFailed, InputError, reporting, RunError } from "../errors.ts";
import { forceFlag, jsonFlag, overrideFlags, overridesOf, repeatCommand, scenarioArgument } from "../flags.ts";
import { netnsFlag, netnsJobOf, netnsWords } from "../netns-flags.ts";
import { print, printJson } from "../output.ts";
import { stopSignal } from "../runner/stop-signal.ts";
import { openFolder } from "./run.ts";

const flags = {
  scenario: scenarioArgument,
  ...overrideFlags,
  netns: netnsFlag,
  shape: Flag.Literals("shape", ["user", "kernel"]).pipe(
    Flag.withDescription(
      "Who delays and loses packets in the live world: the link actors as in the simulator (user), or with --netns the kernel as far as it can (kernel)",
    ),
    Flag.withDefault("user" as const),
  ),
  out: Flag.String("out").pipe(
    Flag.withMetavar("dir"),
    Flag.withDescription("Keep parity.html, parity.json, scenario and manifest in this folder"),
    Flag.optional,
  ),
  force: forceFlag,
  json: jsonFlag,
};

/** As many processes as a small machine can run in time. */
const NETNS_ASES = 4;

type ParityInput = Command.Command.Config.Infer<typeof flags>;

const execute = Effect.fnUntraced(function* (input: ParityInput) {
  const { scenario: file, out, force, json, netns, shape } = input;
  const { loadScenario } = yield* Effect.promise(() => import("../runner/load.ts"));
  const { manifestOf } = yield* Effect.promise(() => import("../runner/manifest.ts"));
  const { runParity } = yield* Effect.promise(() => import("../runner/parity-run.ts"));
  const loaded = yield* loadScenario(file, overridesOf(input));
  const { scenario, policies } = loaded;
  if (scenario.flows.length === 0) {
    return yield* new InputError({ message: `${file} has no flows: there is nothing to compare` });
  }
  if (shape === "kernel" && !netns)
    return yield* new InputError({
      message: "--shape kernel shapes the links between network namespaces; give --netns too",
    });
  const ases = scenario.network.ases.length;
  if (netns && ases > NETNS_ASES)
    yield* Effect.logWarning(`${ases} processes, one for each AS: the tolerances of --netns are for ${NETNS_ASES}`);
  const shaping = shape === "kernel" ? ["--shape", shape] : [];
  const repeat = repeatCommand("parity", file, scenario.seed, input, [...netnsWords(input), ...shaping]);
  const world = yield* netnsJobOf(input, scenario);
  const manifest = {
    ...manifestOf(loaded, "live", repeat, null),
    ...(shape === "kernel" ? { shape } : {}),
    ...world.manifest,
  };
  const folder = yield* openFolder(out, force);
  const signal = yield* stopSignal;
  const parity = yield* runParity({
    job: { scenario, repeat, policies },
    // Both worlds use the keys of the seed: packets are then the same, byte for byte.
    live: { port: 0, addresses: "assigned", shape, secret: null, logsMacs: false, ...world.job },
    ...(netns ? { runLive: world.run } : {}),
    tolerances: netns ? NAMESPACE_TOLERANCES : PARITY_TOLERANCES,
    manifest,
    listener: { signal },
  });
  if (parity === null) return yield* new RunError({ message: "ended before both worlds had run; nothing is kept" });
  if (folder !== null) {
    const { parityFiles } = yield* Effect.promise(() => import("../runner/parity-files.ts"));
    yield* folder.keep(parityFiles(parity, scenario));
  }
  const { formatParity } = yield* Effect.promise(() => import("../parity-text.ts"));
  yield* json ? printJson(parity) : print(formatParity(parity));
  if (Option.isSome(out)) yield* Effect.logInfo(`kept in ${out.value}; to look at it: ${out.value}/parity.html`);
  if (parity.verdict === "different") return yield* new CheckFailed();
}, Effect.scoped);

export const parityCommand = Command.make("parity", flags, (input) =>
  Effect.uninterruptible(reporting(execute(input))),
).pipe(
  Command.withDescription("Run a scenario simulated and live on one seed, and compare every figure"),
  Command.withExamples([
    {
      command: "pathloom parity examples/02-failover.yaml --out runs/parity",
      description: "Exit code 0 where both worlds agree, but for what the machine's own lateness explains",
    },
  ]),
);
