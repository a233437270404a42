/** Writes a network as the YAML that `resolveTopology` reads back to the very same value. */
import { Document, isMap, isSeq } from "yaml";
import { formatInterface } from "../core/address.ts";
import {
  DEFAULT_DIRECTION,
  type LinkDirection,
  type Network,
  type NetworkAs,
  type NetworkLink,
} from "../core/scenario.ts";
import { DEFAULT_MTU } from "./model.ts";
import { formatDuration, formatRate, formatSize } from "./units.ts";

/** One AS and one link a line; values that are the default are left out. */
export function networkToYaml(network: Network): string {
  const document = new Document(documentOf(network));
  for (const key of ["ases", "links"]) {
    const collection = document.get(key, true) as unknown;
    const items = isMap(collection)
      ? collection.items.map(({ value }) => value)
      : isSeq(collection)
        ? collection.items
        : [];
    for (const item of items) if (isMap(item)) item.flow = true;
  }
  return document.toString({ lineWidth: 0 });
}

/** The same document as JSON, which is YAML too. */
export function networkToJson(network: Network): string {
  return `${JSON.stringify(documentOf(network), null, 2)}\n`;
}

function documentOf({ name, ases, links }: Network) {
  return { name, ases: Object.fromEntries(ases.map((as) => [as.ia, asFields(as)])), links: links.map(linkFields) };
}

function asFields({ core, mtu, label, position }: NetworkAs): Record<string, unknown> {
  return {
    ...(core ? { core } : {}),
    ...(mtu === DEFAULT_MTU ? {} : { mtu }),
    ...(label === undefined ? {} : { label }),
    ...(position === undefined ? {} : { position }),
  };
}

function linkFields({ a, b, type, mtu, ab, ba }: NetworkLink): Record<string, unknown> {
  const back = directionFields(ba, ab);
  return {
    a: formatInterface(a.ia, a.ifId),
    b: formatInterface(b.ia, b.ifId),
    type,
    ...directionFields(ab, DEFAULT_DIRECTION),
    ...(mtu === DEFAULT_MTU ? {} : { mtu }),
    ...(Object.keys(back).length === 0 ? {} : { back }),
  };
}

/** What differs from what is read where nothing is written. */
function directionFields(direction: LinkDirection, byDefault: LinkDirection): Record<string, unknown> {
  const { latency_ns, delay, rate_bps, loss, queue_packets, queue_bytes, reorder } = direction;
  const sameQueue = queue_packets === byDefault.queue_packets && queue_bytes === byDefault.queue_bytes;
  return {
    ...(latency_ns === byDefault.latency_ns ? {} : { latency: formatDuration(latency_ns) }),
    ...(delay.kind === "uniform" ? { jitter: formatDuration(delay.width_ns) } : {}),
    ...(rate_bps === byDefault.rate_bps ? {} : { rate: rate_bps === 0 ? "unlimited" : formatRate(rate_bps) }),
    ...(loss === byDefault.loss ? {} : { loss }),
    ...(sameQueue ? {} : { queue: queueText(queue_packets, queue_bytes) }),
    ...(reorder === byDefault.reorder ? {} : { reorder }),
  };
}

function queueText(packets: number, bytes: number): unknown {
  if (packets === 0 && bytes === 0) return "unlimited";
  if (bytes === 0) return packets;
  return packets === 0 ? formatSize(bytes) : { packets, bytes: formatSize(bytes) };
}
