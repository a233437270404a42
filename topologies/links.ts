/** Reads the properties of a link, in a topology or as a scenario's override, on top of the values it has so far. */
import type { DelayModel, LinkDirection, NetworkLink } from "../core/scenario.ts";
import { SECOND } from "../core/units.ts";
import { readJitter, readLoss, readRate, uniformDelay } from "./line-rates.ts";
import { LINK_PRESETS, type LinkPreset } from "./link-presets.ts";
import { alternatives, shown } from "./problems.ts";
import { type QueueChange, readQueue } from "./queues.ts";
import { type DirectionDocument, type LinkFieldsDocument, MAX_MTU, MIN_PACKET_SIZE } from "./scenario/link.ts";
import type { Section } from "./section.ts";
import { DURATION, formatDuration, SIZE } from "./units.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface DirectionChange {
  readonly values: Partial<LinkDirection>;
  readonly queue?: QueueChange;
}

/** What a file says about links, read once and applied to as many as it is about. */
export interface LinkChange {
  readonly fields: LinkFieldsDocument;
  readonly section: Section;
  readonly preset: LinkPreset | undefined;
  readonly both: DirectionChange;
  readonly back: DirectionChange;
  readonly mtu: number | undefined;
}

/** The link with what the document says; `reversed` where the document names the link by its end b. */
export function applyLinkFields(
  link: NetworkLink,
  fields: LinkFieldsDocument,
  section: Section,
  reversed = false,
): NetworkLink {
  const before = section.file.problemCount;
  const change = readLinkFields(fields, section);
  // What could not be read would only make problems of what could.
  return section.file.problemCount > before ? link : applyLinkChange(link, change, reversed);
}

export function readLinkFields(fields: LinkFieldsDocument, section: Section): LinkChange {
  const preset = fields.preset === undefined ? undefined : readPreset(fields.preset, section.at("preset"));
  const both = readDirection(fields, section);
  const back = fields.back === undefined ? { values: {} } : readDirection(fields.back, section.at("back"));
  const mtu = fields.mtu === undefined ? undefined : readMtu(fields.mtu, section.at("mtu"));
  return { fields, section, preset, both, back, mtu };
}

/** A preset's directions are those of the link itself, whichever of its ends the file names. */
export function applyLinkChange(link: NetworkLink, change: LinkChange, reversed = false): NetworkLink {
  const { fields, section, preset, both, back, mtu } = change;
  const before = section.file.problemCount;
  const other: DirectionChange = { ...both, ...back, values: { ...both.values, ...back.values } };
  const backFields = fields.back ?? fields;
  const backSection = fields.back === undefined ? section : section.at("back");
  const apply = (direction: LinkDirection, isNamed: boolean): LinkDirection =>
    isNamed
      ? changeDirection(direction, both, fields, section)
      : changeDirection(direction, other, backFields, backSection);
  const [ab, ba] = [
    { ...link.ab, ...preset?.ab },
    { ...link.ba, ...preset?.ba },
  ];
  const named = apply(reversed ? ba : ab, true);
  // A mistake in both directions is one mistake.
  if (section.file.problemCount > before) return link;
  const returning = apply(reversed ? ab : ba, false);
  const directions = reversed ? { ab: returning, ba: named } : { ab: named, ba: returning };
  return { ...link, ...directions, mtu: mtu ?? link.mtu, ...priceOf(fields) };
}

/** What a gigabyte costs the climate and the purse, where the document says so. */
function priceOf({ carbon, cost }: LinkFieldsDocument): Pick<NetworkLink, "carbon_g_per_gb" | "cost_per_gb"> {
  return {
    ...(carbon === undefined ? {} : { carbon_g_per_gb: carbon }),
    ...(cost === undefined ? {} : { cost_per_gb: cost }),
  };
}

/** An MTU that has room for the smallest packet and fits into 16 bits. */
export function readMtu(value: number | string, section: Section): number | undefined {
  return section.bytes(value, SIZE, MIN_PACKET_SIZE, MAX_MTU);
}

function readPreset(name: string, section: Section): LinkPreset | undefined {
  const preset = LINK_PRESETS.get(name);
  if (preset !== undefined) return preset;
  const expected = alternatives([...LINK_PRESETS.keys()]);
  const didYouMean = section.closest(name, LINK_PRESETS.keys());
  const message = `unknown link preset ${shown(name)}: expected ${expected}`;
  return section.problem({ message, expected, found: shown(name), didYouMean });
}

function readDirection(fields: DirectionDocument, section: Section): DirectionChange {
  const read: Partial<Mutable<LinkDirection>> = {};
  const { latency, jitter, rate, loss, queue, reorder } = fields;
  if (latency !== undefined) read.latency_ns = section.at("latency").quantity(latency, DURATION) ?? 0;
  if (jitter !== undefined) read.delay = readJitter(jitter, section.at("jitter"));
  if (rate !== undefined) Object.assign(read, readRate(rate, section.at("rate")));
  if (loss !== undefined) Object.assign(read, readLoss(loss, section.at("loss")));
  if (reorder !== undefined) read.reorder = reorder;
  return { values: read, ...(queue === undefined ? {} : { queue: readQueue(queue, section.at("queue")) }) };
}

function changeDirection(
  direction: LinkDirection,
  { values, queue }: DirectionChange,
  fields: DirectionDocument,
  section: Section,
): LinkDirection {
  const changed = { ...direction, ...values };
  const queued = queue === undefined ? changed : { ...changed, ...queueOf(changed, queue, section) };
  const isAsked = values.delay !== undefined;
  if (isAsked) checkDelay(queued, fields, section);
  return { ...queued, delay: boundedDelay(queued) };
}

function queueOf(
  { rate_bps, queue_packets, queue_bytes }: LinkDirection,
  { time_ns, ...queue }: QueueChange,
  section: Section,
): Pick<LinkDirection, "discipline" | "queue_packets" | "queue_bytes"> {
  const bounds = { queue_packets, queue_bytes, ...queue };
  if (time_ns === undefined) return bounds;
  if (rate_bps === 0)
    section.at("queue").mismatch("a queue in packets or bytes, since the rate is unlimited", "a time");
  return { ...bounds, queue_bytes: Math.max(1, Math.round((time_ns * rate_bps) / (8 * SECOND))) };
}

/** A variation that the document itself asks for is at most the latency. */
function checkDelay({ latency_ns, delay }: LinkDirection, fields: DirectionDocument, section: Section): void {
  const jitter_ns = widthOf(delay);
  if (jitter_ns <= latency_ns) return;
  const place = fields.jitter === undefined && fields.latency !== undefined ? "latency" : "jitter";
  const found = formatDuration(jitter_ns);
  const expected = `a jitter of at most the latency, ${formatDuration(latency_ns)}`;
  section.at(place).problem({ message: `${section.name}: expected ${expected}, found ${found}`, expected, found });
}

/**
 * No variation may bring a packet's delay below zero. One that is asked for without a bound, and one that was there before the
 * latency became shorter (a preset's, an earlier entry's), is cut off at the latency.
 */
function boundedDelay({ latency_ns, delay }: LinkDirection): DelayModel {
  if (delay.kind === "uniform") return uniformDelay(Math.min(delay.width_ns, latency_ns));
  if (delay.kind !== "normal") return delay;
  const wanted_ns = delay.bound_ns === 0 ? 4 * delay.deviation_ns : delay.bound_ns;
  const bound_ns = Math.min(wanted_ns, latency_ns);
  return bound_ns === 0 ? { kind: "fixed" } : { ...delay, bound_ns };
}

function widthOf(delay: LinkDirection["delay"]): number {
  if (delay.kind === "uniform") return delay.width_ns;
  return delay.kind === "normal" ? delay.bound_ns : 0;
}
