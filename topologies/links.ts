/** Reads the properties of a link, in a topology or as a scenario's override, on top of the values it has so far. */
import { type DelayModel, type LinkDirection, type NetworkLink } from "../core/scenario.ts";
import { type DirectionDocument, type LinkFieldsDocument, MAX_MTU, MIN_PACKET_SIZE } from "./schema.ts";
import type { Section } from "./section.ts";
import { DURATION, formatDuration, parseShare, RATE, SIZE } from "./units.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The link with what the document says; `reversed` where the document names the link by its end b. */
export function applyLinkFields(
  link: NetworkLink,
  fields: LinkFieldsDocument,
  section: Section,
  reversed = false,
): NetworkLink {
  const before = section.file.problemCount;
  const both = readDirection(fields, section);
  const back = fields.back === undefined ? {} : readDirection(fields.back, section.at("back"));
  const mtu = fields.mtu === undefined ? undefined : readMtu(fields.mtu, section.at("mtu"));
  const [ab, ba] = [
    { ...link.ab, ...both },
    { ...link.ba, ...both },
  ];
  const changed = reversed ? { ab: { ...ab, ...back }, ba } : { ab, ba: { ...ba, ...back } };
  const [named, other] = reversed ? [changed.ba, changed.ab] : [changed.ab, changed.ba];
  // A latency that could not be read would only make a second problem of the jitter.
  if (section.file.problemCount === before && jitterFits(named, fields, section)) {
    jitterFits(other, fields.back ?? fields, fields.back === undefined ? section : section.at("back"));
  }
  return { ...link, ...changed, mtu: mtu ?? link.mtu };
}

/** An MTU that has room for the smallest packet and fits into 16 bits. */
export function readMtu(value: number | string, section: Section): number | undefined {
  return section.bytes(value, SIZE, MIN_PACKET_SIZE, MAX_MTU);
}

function readDirection(fields: DirectionDocument, section: Section): Partial<LinkDirection> {
  const read: Partial<Mutable<LinkDirection>> = {};
  const { latency, jitter, rate, loss, queue, reorder } = fields;
  if (latency !== undefined) read.latency_ns = section.at("latency").quantity(latency, DURATION) ?? 0;
  if (jitter !== undefined) read.delay = uniform(section.at("jitter").quantity(jitter, DURATION) ?? 0);
  if (rate !== undefined) read.rate_bps = rate === "unlimited" ? 0 : (section.at("rate").quantity(rate, RATE, 1) ?? 0);
  if (loss !== undefined) read.loss = readShare(loss, section.at("loss"));
  if (queue !== undefined) Object.assign(read, readQueue(queue, section.at("queue")));
  if (reorder !== undefined) read.reorder = reorder;
  return read;
}

function readShare(value: number | string, section: Section): number {
  if (typeof value === "number") return value;
  const share = parseShare(value);
  if (share.ok) return share.value;
  section.mismatch(share.error.expected, value);
  return 0;
}

type QueueBounds = Pick<LinkDirection, "queue_packets" | "queue_bytes">;

/** A bound that is not named is none. */
function readQueue(queue: NonNullable<DirectionDocument["queue"]>, section: Section): QueueBounds {
  if (queue === "unlimited") return { queue_packets: 0, queue_bytes: 0 };
  if (typeof queue === "number") return { queue_packets: queue, queue_bytes: 0 };
  if (typeof queue === "string") return { queue_packets: 0, queue_bytes: section.quantity(queue, SIZE, 1) ?? 0 };
  const bytes = queue.bytes === undefined ? 0 : section.at("bytes").quantity(queue.bytes, SIZE, 1);
  if (queue.packets === undefined && queue.bytes === undefined) section.mismatch("packets, bytes or both", undefined);
  return { queue_packets: queue.packets ?? 0, queue_bytes: bytes ?? 0 };
}

function uniform(width_ns: number): DelayModel {
  return width_ns === 0 ? { kind: "fixed" } : { kind: "uniform", width_ns };
}

function jitterFits({ latency_ns, delay }: LinkDirection, fields: DirectionDocument, section: Section): boolean {
  const jitter_ns = delay.kind === "uniform" ? delay.width_ns : 0;
  if (jitter_ns <= latency_ns) return true;
  const place = fields.jitter === undefined && fields.latency !== undefined ? "latency" : "jitter";
  const found = formatDuration(jitter_ns);
  const expected = `a jitter of at most the latency, ${formatDuration(latency_ns)}`;
  section.at(place).problem({ message: `${section.name}: expected ${expected}, found ${found}`, expected, found });
  return false;
}
