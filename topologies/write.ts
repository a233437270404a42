/** Writes a network as the YAML that `resolveTopology` reads back to the very same value. */
import { Document, isMap, isScalar, isSeq } from "yaml";
import { formatInterface } from "../core/address.ts";
import {
  type BurstLoss,
  DEFAULT_DIRECTION,
  type DelayModel,
  type InternalNetwork,
  type LinkDirection,
  type Network,
  type NetworkAs,
  type NetworkLink,
  type QueueDiscipline,
  type RateSchedule,
} from "../core/scenario.ts";
import { MILLISECOND } from "../core/units.ts";
import { formatDispatchedPorts } from "./end-hosts.ts";
import { DEFAULT_MTU } from "./model.ts";
import { formatDuration, formatRate, formatSize } from "./units.ts";

type Fields = Readonly<Record<string, unknown>>;

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
    for (const item of items) {
      if (!isMap(item)) continue;
      item.flow = true;
      quote(item.get("label", true));
    }
  }
  return document.toString({ lineWidth: 0 });
}

/** Names of several words are read fast where they stand in quotes (plain-yaml.ts). */
function quote(label: unknown): void {
  if (isScalar(label) && typeof label.value === "string" && !/^[A-Za-z][\w-]*$/.test(label.value))
    label.type = "QUOTE_DOUBLE";
}

function documentOf({ name, ases, links }: Network) {
  return { name, ases: Object.fromEntries(ases.map((as) => [as.ia, asFields(as)])), links: links.map(linkFields) };
}

function asFields({ core, mtu, label, position, internal, dispatched_ports, services, underlay }: NetworkAs): Fields {
  return {
    ...(core ? { core } : {}),
    ...(mtu === DEFAULT_MTU ? {} : { mtu }),
    ...(label === undefined ? {} : { label }),
    ...(position === undefined ? {} : { position }),
    ...(internal === undefined ? {} : { internal: internalFields(internal) }),
    ...(dispatched_ports === undefined ? {} : { dispatched_ports: formatDispatchedPorts(dispatched_ports) }),
    ...(services === undefined ? {} : { services }),
    ...(underlay === undefined ? {} : { underlay }),
  };
}

function internalFields({ latency_ns, rate_bps, pairs }: InternalNetwork): Fields {
  const of = (latency: number, rate: number): Fields => ({ latency: formatDuration(latency), rate: rateText(rate) });
  const listed = pairs.map((pair) => ({ between: [pair.a, pair.b], ...of(pair.latency_ns, pair.rate_bps) }));
  return { ...of(latency_ns, rate_bps), ...(listed.length === 0 ? {} : { pairs: listed }) };
}

function linkFields({ a, b, type, mtu, carbon_g_per_gb: carbon, cost_per_gb: cost, ab, ba }: NetworkLink): Fields {
  const back = directionFields(ba, ab);
  return {
    a: formatInterface(a.ia, a.ifId),
    b: formatInterface(b.ia, b.ifId),
    type,
    ...directionFields(ab, DEFAULT_DIRECTION),
    ...(mtu === DEFAULT_MTU ? {} : { mtu }),
    ...(carbon === undefined ? {} : { carbon }),
    ...(cost === undefined ? {} : { cost }),
    ...(Object.keys(back).length === 0 ? {} : { back }),
  };
}

/** What differs from what is read where nothing is written. */
function directionFields(direction: LinkDirection, byDefault: LinkDirection): Fields {
  const differs = (...keys: (keyof LinkDirection)[]): boolean =>
    keys.some((key) => JSON.stringify(direction[key]) !== JSON.stringify(byDefault[key]));
  const { latency_ns, delay, rate_bps, schedule, loss, burst, reorder } = direction;
  return {
    ...(differs("latency_ns") ? { latency: formatDuration(latency_ns) } : {}),
    ...(differs("delay") ? { jitter: jitterValue(delay) } : {}),
    ...(differs("rate_bps", "schedule") ? { rate: rateValue(rate_bps, schedule) } : {}),
    ...(differs("loss", "burst") ? { loss: lossValue(loss, burst) } : {}),
    ...(differs("discipline", "queue_packets", "queue_bytes") ? { queue: queueValue(direction) } : {}),
    ...(differs("reorder") ? { reorder } : {}),
  };
}

function jitterValue(delay: DelayModel): unknown {
  switch (delay.kind) {
    case "fixed":
      return "0s";
    case "uniform":
      return formatDuration(delay.width_ns);
    case "normal":
      return { model: "normal", deviation: formatDuration(delay.deviation_ns), bound: formatDuration(delay.bound_ns) };
    case "pareto": {
      const { scale_ns, shape, maximum_ns } = delay;
      return { model: "pareto", scale: formatDuration(scale_ns), shape, maximum: formatDuration(maximum_ns) };
    }
    case "recorded":
      return { model: "recorded", step: formatDuration(delay.step_ns), added: delay.added_ns.map(formatDuration) };
  }
}

function rateText(rate_bps: number): string {
  return rate_bps === 0 ? "unlimited" : formatRate(rate_bps);
}

function rateValue(rate_bps: number, schedule: RateSchedule | null): unknown {
  if (schedule === null) return rateText(rate_bps);
  const base = rateText(rate_bps);
  const { period_ns } = schedule;
  if (schedule.kind === "steps") {
    const steps = schedule.steps.map((step) => ({ at: formatDuration(step.at_ns), rate: formatRate(step.rate_bps) }));
    return { steps, ...(period_ns === 0 ? {} : { period: formatDuration(period_ns) }), base };
  }
  const trace = schedule.at_ns.map((at) => at / MILLISECOND);
  return { trace, bytes: schedule.bytes, period: formatDuration(period_ns), base };
}

function lossValue(loss: number, burst: BurstLoss | null): unknown {
  if (burst === null) return loss;
  const { good_ns, bad_ns, loss_good, loss_bad } = burst;
  const stays = { good: formatDuration(good_ns), bad: formatDuration(bad_ns) };
  return { ...stays, loss_good, loss_bad, ...(loss === 0 ? {} : { random: loss }) };
}

function queueValue({ discipline, queue_packets: packets, queue_bytes: bytes }: LinkDirection): unknown {
  if (discipline.kind !== "drop-tail") {
    return { ...disciplineFields(discipline), packets: packets === 0 ? "unlimited" : packets, ...bytesField(bytes) };
  }
  if (packets === 0 && bytes === 0) return "unlimited";
  if (bytes === 0) return packets;
  return packets === 0 ? formatSize(bytes) : { packets, ...bytesField(bytes) };
}

function bytesField(bytes: number): Fields {
  return bytes === 0 ? {} : { bytes: formatSize(bytes) };
}

function disciplineFields(discipline: Exclude<QueueDiscipline, { kind: "drop-tail" }>): Fields {
  switch (discipline.kind) {
    case "codel": {
      const { target_ns, interval_ns, ecn } = discipline;
      return { discipline: "codel", target: formatDuration(target_ns), interval: formatDuration(interval_ns), ecn };
    }
    case "red": {
      const { minimum_bytes, maximum_bytes, max_probability, weight, ecn } = discipline;
      const bounds = { minimum: formatSize(minimum_bytes), maximum: formatSize(maximum_bytes) };
      return { discipline: "red", ...bounds, max_probability, weight, ecn };
    }
    case "priority":
      return { discipline: "priority", bands: discipline.bands };
  }
}
