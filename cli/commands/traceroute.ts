/** `pathloom traceroute`: which router answers for each interface of a path, in the simulator or live. */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import type { Probe, TracerouteContext } from "../../actors/apps/traceroute.ts";
import { formatInterface } from "../../core/address.ts";
import type { PathInfo } from "../../core/path.ts";
import { SECOND } from "../../core/units.ts";
import { CheckFailed, reporting } from "../errors.ts";
import { wholeNumber } from "../flags.ts";
import { type Cell, print, printJson, table } from "../output.ts";
import { formatMs } from "../report.ts";
import { probeArguments } from "./ping.ts";

const flags = {
  ...probeArguments,
  probes: wholeNumber("probes", 1, 100).pipe(
    Flag.withDescription("Requests for each interface (default 3)"),
    Flag.withDefault(3),
  ),
};

const execute = Effect.fnUntraced(function* (input: Command.Command.Config.Infer<typeof flags>) {
  const { topology, src: from, dst: to, path, live, json, probes } = input;
  const { choosePath, formatSpec, loadProbed, runProbe } = yield* Effect.promise(() => import("../runner/probe.ts"));
  const { assemble } = yield* Effect.promise(() => import("../../actors/assemble.ts"));
  const { TRACEROUTE_ID } = yield* Effect.promise(() => import("../../actors/assemble/traceroute.ts"));
  const { scenario, policies, src, dst, paths } = yield* loadProbed(topology, from, to);
  const taken = paths[Option.isNone(path) ? 0 : yield* choosePath(paths, path.value)] as PathInfo;
  const spec = { src, dst, path: taken, probes, timeout_ns: SECOND };
  const duration_ns = (taken.interfaces.length + 2) * probes * SECOND;
  const assembly = assemble({ ...scenario, duration_ns }, { repeat: "the same command", policies, traceroute: spec });
  // The run is over with the last answer, however long the clock might go on.
  const world = yield* runProbe(assembly, duration_ns, live, () => undefined, TRACEROUTE_ID);
  const { results } = world.read<TracerouteContext>(TRACEROUTE_ID).context;
  const hops = hopsOf(taken, results);
  const head = { src: formatSpec(src), dst: formatSpec(dst), world: live ? "live" : "sim", path: taken.fingerprint };
  yield* json ? printJson({ ...head, hops }) : print(formatHops(head, hops));
  if (hops.at(-1)?.from === null) return yield* new CheckFailed();
});

interface Hop {
  /** null: the destination's host. */
  readonly interface: string | null;
  /** Who answered, `ia,host`; null: nobody. */
  readonly from: string | null;
  /** One each probe. */
  readonly rtt_ms: readonly (number | null)[];
}

function hopsOf({ interfaces }: PathInfo, results: readonly Probe[]): Hop[] {
  const byPosition = Map.groupBy(results, ({ position }) => position);
  return Array.from({ length: interfaces.length + 1 }, (_, position): Hop => {
    const probes = byPosition.get(position) ?? [];
    const answer = probes.find((probe) => probe.answer !== null)?.answer ?? null;
    const asked = interfaces[position];
    return {
      interface: asked === undefined ? null : formatInterface(asked.ia, asked.ifId),
      from: answer === null ? null : `${answer.ia},${answer.host}`,
      rtt_ms: probes.map((probe) => (probe.answer === null ? null : probe.answer.rtt / 1e6)),
    };
  });
}

function formatHops(
  { src, dst, world, path }: { src: string; dst: string; world: string; path: string },
  hops: readonly Hop[],
): string {
  const rows = hops.map((hop, position): Cell[] => [
    position,
    hop.interface ?? "host",
    hop.from ?? "*",
    hop.rtt_ms.map((rtt) => (rtt === null ? "*" : `${formatMs(rtt)} ms`)).join("  "),
  ]);
  const title = `traceroute from ${src} to ${dst} over path ${path}, ${world === "live" ? "live" : "simulated"}`;
  return `${title}\n\n${table([["hop", "interface", "answered by", "round trips"], ...rows])}`;
}

export const tracerouteCommand = Command.make("traceroute", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription(
    "Ask every router of a path for its interfaces; exit code 1 where the far host does not answer",
  ),
  Command.withExamples([
    { command: "pathloom traceroute diamond 1-ff00:0:110 1-ff00:0:120", description: "Over the best path" },
    { command: "pathloom traceroute diamond 1-ff00:0:110 1-ff00:0:120 --path 2", description: "Over the third" },
  ]),
);
