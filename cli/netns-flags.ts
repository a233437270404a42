/** What `pathloom live` and `pathloom parity` are told about network namespaces, and what follows from it for the run. */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Flag from "effect/cli/Flag";
import type { Scenario } from "../core/scenario.ts";
import type { Shape } from "../actors/assemble/shape.ts";
import { InputError, type RunError } from "./errors.ts";
import type { LiveJob, SimulationJob, SimulationReport } from "./runner/job.ts";
import type { Manifest } from "./runner/manifest.ts";
import type { Listener } from "./runner/pool.ts";

export const netnsFlag = Flag.Boolean("netns").pipe(
  Flag.withDescription("A network namespace and a process for each AS, a pair of devices for each link (Linux, root)"),
  Flag.withDefault(false),
);

export const netnsFlags = {
  netns: netnsFlag,
  clean: Flag.Boolean("clean").pipe(
    Flag.withDescription("Remove the network namespaces that killed runs have left, and run nothing"),
    Flag.withDefault(false),
  ),
};

interface NetnsValues {
  readonly netns: boolean;
  readonly shape: Shape;
  readonly loopback: boolean;
  readonly port: Option.Option<unknown>;
  readonly only: Option.Option<unknown>;
  readonly foreign: Option.Option<unknown>;
}

/** What cannot stand together; null: all can. */
export function netnsProblem({ netns, shape, loopback, port, only, foreign }: NetnsValues): string | null {
  if (!netns)
    return shape === "kernel" ? "--shape kernel shapes the links between network namespaces; give --netns too" : null;
  if (loopback || Option.isSome(port))
    return "--netns: each link has addresses of its own in its namespaces; leave out --port and --loopback";
  if (Option.isSome(only)) return "--netns runs every AS, each in a process of its own; leave out --only";
  if (Option.isSome(foreign)) return "--netns runs every AS; other software cannot take part (--foreign)";
  return null;
}

export function netnsWords({ netns }: Pick<NetnsValues, "netns">): readonly string[] {
  return netns ? ["--netns"] : [];
}

export interface NetnsJob {
  readonly job: Pick<LiveJob, "kernel">;
  readonly manifest: Pick<Manifest, "kernel" | "netns">;
  readonly run: (
    job: SimulationJob,
    listener: Listener,
    live: LiveJob,
  ) => Effect.Effect<SimulationReport, InputError | RunError>;
}

/** How a live run is run, with namespaces or without; of the shape `kernel`, what the kernel has for it. */
export const netnsJobOf = Effect.fnUntraced(function* (
  { netns, shape }: Pick<NetnsValues, "netns" | "shape">,
  scenario: Scenario,
): Effect.fn.Return<NetnsJob, InputError> {
  if (!netns) {
    const { runJob } = yield* Effect.promise(() => import("./runner/pool.ts"));
    return { job: {}, manifest: {}, run: runJob };
  }
  const { namespaceProblem } = yield* Effect.promise(() => import("../live/netns/system.ts"));
  const problem = namespaceProblem();
  if (problem !== null) return yield* new InputError({ message: problem });
  const { runInNamespaces } = yield* Effect.promise(() => import("./runner/netns-run.ts"));
  if (shape !== "kernel") return { job: {}, manifest: { netns }, run: runInNamespaces };
  const { kernelAbilities, shapeNetwork } = yield* Effect.promise(() => import("../live/netns/shaping.ts"));
  const { planNamespaces } = yield* Effect.promise(() => import("../live/netns/plan.ts"));
  const kernel = yield* attempt(kernelAbilities);
  const shaped = shapeNetwork(scenario.network, planNamespaces(scenario), kernel);
  yield* Effect.logInfo(shapingText(kernel, shaped));
  const links = Object.fromEntries(shaped.map(({ id, actor }) => [id, actor]));
  return { job: { kernel }, manifest: { netns, kernel: { ...kernel, links } }, run: runInNamespaces };
});

/** `the kernel has tbf: it shapes the rate at 4 of 6 ends of links; ...` */
function shapingText(
  { netem, tbf }: NonNullable<LiveJob["kernel"]>,
  shaped: readonly { readonly actor: "model" | "delay" | "none" }[],
): string {
  const has = [netem ? "netem" : "", tbf ? "tbf" : ""].filter((one) => one !== "").join(" and ");
  const count = (kind: "delay" | "none"): number => shaped.filter(({ actor }) => actor === kind).length;
  if (has === "") return "the kernel has neither netem nor tbf: link actors do everything, as with --shape user";
  return `the kernel has ${has}: of ${shaped.length} ends of links it shapes ${count("none")} wholly, ${count("delay")} in their rate; link actors do the rest`;
}

/** Removes what dead processes left, and says so. */
export const cleanUp: Effect.Effect<void, InputError> = Effect.gen(function* () {
  const { cleanNamespaces } = yield* Effect.promise(() => import("../live/netns/namespaces.ts"));
  const { print } = yield* Effect.promise(() => import("./output.ts"));
  const { removed, ended, living } = yield* attempt(cleanNamespaces);
  const names = (made: readonly { readonly name: string }[]): string => made.map(({ name }) => name).join(", ");
  const processes = ended === 0 ? "" : `, and ended ${ended} ${ended === 1 ? "process" : "processes"} in them`;
  yield* print(removed.length === 0 ? "nothing was left by killed runs" : `removed ${names(removed)}${processes}`);
  if (living.length > 0) yield* print(`left alone, since their runs go on: ${names(living)}`);
});

function attempt<A>(act: () => A): Effect.Effect<A, InputError> {
  return Effect.try({ try: act, catch: (cause) => new InputError({ message: (cause as Error).message }) });
}
