/** `pathloom topology show`: the ASes and links of a topology. */
import * as Effect from "effect/Effect";
import * as Command from "effect/cli/Command";
import { formatInterface } from "../../../core/address.ts";
import type { LinkDirection, Network, NetworkAs, NetworkLink } from "../../../core/scenario.ts";
import { reporting } from "../../errors.ts";
import { jsonFlag, topologyArgument } from "../../flags.ts";
import { importFlags, importRequest } from "./import-flags.ts";
import { type Cell, counted, paint, print, printJson, table } from "../../output.ts";

const flags = { topology: topologyArgument, ...importFlags, json: jsonFlag };

const execute = Effect.fnUntraced(function* ({ topology, json, ...given }: Command.Command.Config.Infer<typeof flags>) {
  const { loadTopology } = yield* Effect.promise(() => import("../../runner/load-topology.ts"));
  const { network, warnings } = yield* loadTopology(topology, importRequest(given));
  for (const warning of warnings) yield* Effect.logWarning(warning);
  yield* json ? printJson(networkAsJson(network)) : print(formatNetwork(network));
});

/** One direction; `bandwidth_bps` null: no limit, `queue_packets` and `queue_bytes` likewise. */
function directionAsJson(direction: LinkDirection) {
  return {
    bandwidth_bps: direction.rate_bps === 0 ? null : direction.rate_bps,
    latency_ms: direction.latency_ns / 1e6,
    jitter_ms: jitterMs(direction),
    loss: direction.loss,
    queue_packets: direction.queue_packets === 0 ? null : direction.queue_packets,
    queue_bytes: direction.queue_bytes === 0 ? null : direction.queue_bytes,
    reorder: direction.reorder,
  };
}

function jitterMs({ delay }: LinkDirection): number {
  return delay.kind === "uniform" ? delay.width_ns / 1e6 : 0;
}

function linkAsJson({ a, b, type, mtu, ab, ba }: NetworkLink) {
  const [there, back] = [directionAsJson(ab), directionAsJson(ba)];
  const same = JSON.stringify(there) === JSON.stringify(back);
  const ends = { a: formatInterface(a.ia, a.ifId), b: formatInterface(b.ia, b.ifId), type, mtu };
  return same ? { ...ends, ...there } : { ...ends, ...there, back };
}

function asAsJson({ ia, core, mtu, label, position, internal }: NetworkAs) {
  const inside = ({ latency_ns, rate_bps }: { latency_ns: number; rate_bps: number }) => ({
    latency_ms: latency_ns / 1e6,
    bandwidth_bps: rate_bps === 0 ? null : rate_bps,
  });
  const pairs = (internal?.pairs ?? []).map(({ a, b, ...values }) => ({ a, b, ...inside(values) }));
  return {
    ia,
    core,
    mtu,
    ...(label === undefined ? {} : { label }),
    ...(position === undefined ? {} : { position }),
    ...(internal === undefined ? {} : { internal: { ...inside(internal), pairs } }),
  };
}

function networkAsJson({ name, ases, links }: Network) {
  return { name, ases: ases.map(asAsJson), links: links.map(linkAsJson) };
}

function formatNetwork(network: Network): string {
  const { name, ases, links } = network;
  const head = `${paint("bold", name)}: ${counted(ases.length, "AS", "ASes")}, ${counted(links.length, "link")}`;
  const named = ases.some(({ label }) => label !== undefined);
  const asRows = ases.map(({ ia, core, mtu, label }): Cell[] => [
    ia,
    core ? "core" : "",
    mtu,
    ...(named ? [label ?? ""] : []),
  ]);
  const linkRows = links.flatMap((link): Cell[][] => {
    const { a, b, type, mtu, ab, ba } = link;
    const row = linkRow(formatInterface(a.ia, a.ifId), formatInterface(b.ia, b.ifId), type, mtu, ab);
    return "back" in linkAsJson(link) ? [row, linkRow("", "back", "", mtu, ba)] : [row];
  });
  const linkHead = ["a", "b", "type", "mtu", "rate Mbit/s", "latency ms", "jitter ms", "loss %", "queue"];
  const parts = [head, table([["AS", "", "mtu", ...(named ? ["name"] : [])], ...asRows])];
  return [...parts, ...(links.length === 0 ? [] : [table([linkHead, ...linkRows])])].join("\n\n");
}

function linkRow(a: string, b: string, type: string, mtu: number, direction: LinkDirection): Cell[] {
  const { rate_bps, latency_ns, loss, queue_packets, queue_bytes } = direction;
  const bounds = [
    ...(queue_packets > 0 ? [`${queue_packets} packets`] : []),
    ...(queue_bytes > 0 ? [`${queue_bytes} B`] : []),
  ];
  const rate = rate_bps === 0 ? "unlimited" : String(rate_bps / 1e6);
  const queue = bounds.length === 0 ? "unlimited" : bounds.join(", ");
  return [a, b, type, mtu, rate, latency_ns / 1e6, jitterMs(direction), Number((loss * 100).toFixed(6)), queue];
}

export const showCommand = Command.make("show", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription("Show the ASes and links of a topology"),
  Command.withExamples([
    { command: "pathloom topology show diamond", description: "A preset" },
    {
      command: "pathloom topology show grid:rows=2,columns=3 --json",
      description: "A preset with parameters, as JSON",
    },
  ]),
);
