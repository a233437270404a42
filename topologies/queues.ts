/** Reads the queue in front of a line: its bounds and its discipline. */
import type { LinkDirection, QueueDiscipline } from "../core/scenario.ts";
import { MILLISECOND } from "../core/units.ts";
import { shown } from "./problems.ts";
import { DSCP_NAMES, type QueueDocument } from "./scenario/link.ts";
import type { Section } from "./section.ts";
import { DURATION, SIZE } from "./units.ts";

type Bounds = Pick<LinkDirection, "queue_packets" | "queue_bytes">;

/** What a queue's text stands for; `time_ns` becomes bytes once the rate of the line is known. */
export interface QueueChange extends Partial<Bounds> {
  readonly discipline: QueueDiscipline;
  readonly time_ns?: number;
}

const DROP_TAIL: QueueDiscipline = { kind: "drop-tail" };

/** Floyd's thresholds for packets of 1500 bytes: five packets, and three times as many. */
const RED_MINIMUM = 7_500;

/** What is not named is no bound; a discipline alone leaves the bounds as they are. */
export function readQueue(queue: QueueDocument, section: Section): QueueChange {
  const drop = { discipline: DROP_TAIL, queue_packets: 0, queue_bytes: 0 };
  if (queue === "unlimited") return drop;
  if (typeof queue === "number") return { ...drop, queue_packets: queue };
  if (typeof queue === "string") {
    return queue.endsWith("B")
      ? { ...drop, queue_bytes: section.quantity(queue, SIZE, 1) ?? 0 }
      : { ...drop, time_ns: section.quantity(queue, DURATION, 1) ?? 1 };
  }
  const bounds = readBounds(queue, section);
  if (queue.discipline === undefined && Object.keys(bounds).length === 0) {
    section.mismatch("packets, bytes or time", undefined);
  }
  return { ...bounds, discipline: readDiscipline(queue, section) };
}

type QueueMapping = Exclude<QueueDocument, string | number>;

function readBounds({ packets, bytes, time }: QueueMapping, section: Section): Omit<QueueChange, "discipline"> {
  if (packets === undefined && bytes === undefined && time === undefined) return {};
  if (bytes !== undefined && time !== undefined) {
    const message = `${section.name} has both bytes and time: both bound the bytes that wait`;
    section.at("time").ofKey().problem({ message, expected: "bytes or time", found: "both" });
  }
  const queue_packets = packets === undefined || packets === "unlimited" ? 0 : packets;
  const queue_bytes = bytes === undefined ? 0 : (section.at("bytes").quantity(bytes, SIZE, 1) ?? 0);
  if (time === undefined) return { queue_packets, queue_bytes };
  return { queue_packets, queue_bytes, time_ns: section.at("time").quantity(time, DURATION, 1) ?? 1 };
}

function readDiscipline(queue: QueueMapping, section: Section): QueueDiscipline {
  switch (queue.discipline) {
    case "codel": {
      const time = (key: "target" | "interval", byDefault: number): number => {
        const text = queue[key];
        return text === undefined ? byDefault : (section.at(key).quantity(text, DURATION, 1) ?? byDefault);
      };
      const target_ns = time("target", 5 * MILLISECOND);
      const interval_ns = time("interval", 100 * MILLISECOND);
      return { kind: "codel", target_ns, interval_ns, ecn: queue.ecn ?? false };
    }
    case "red":
      return readRed(queue, section);
    case "priority":
      return { kind: "priority", bands: readBands(queue.bands, section.at("bands")) };
    default:
      return DROP_TAIL;
  }
}

function readRed(queue: Extract<QueueMapping, { discipline: "red" }>, section: Section): QueueDiscipline {
  const { minimum, maximum, max_probability = 0.1, weight = 0.002, ecn = false } = queue;
  const size = (key: string, text: string): number => section.at(key).quantity(text, SIZE, 1) ?? 0;
  const minimum_bytes = minimum === undefined ? RED_MINIMUM : size("minimum", minimum);
  const maximum_bytes = maximum === undefined ? 3 * minimum_bytes : size("maximum", maximum);
  if (maximum_bytes <= minimum_bytes && maximum !== undefined) {
    section.at("maximum").mismatch(`more than the minimum, ${minimum ?? `${RED_MINIMUM}B`}`, maximum);
  }
  if (max_probability === 0) section.at("max_probability").mismatch("a number above 0", max_probability);
  if (weight === 0) section.at("weight").mismatch("a number above 0", weight);
  return { kind: "red", minimum_bytes, maximum_bytes, max_probability, weight, ecn };
}

function readBands(bands: readonly (readonly (number | string)[])[], section: Section): readonly (readonly number[])[] {
  if (bands.length === 0) section.mismatch("at least one band", bands);
  const seen = new Set<number>();
  return bands.map((band, at) => {
    if (band.length === 0) section.at(at).mismatch("at least one DSCP", band);
    return band.map((word, place) => {
      const code = typeof word === "number" ? word : (DSCP_NAMES.get(word) ?? 0);
      if (seen.has(code)) {
        const message = `DSCP ${shown(word)} stands in two places: a packet has one band`;
        section.at(at, place).problem({ message, expected: "each DSCP once", found: shown(word) });
      }
      seen.add(code);
      return code;
    });
  });
}
