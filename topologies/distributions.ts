/** Reads quantities that are drawn anew each time. */
import type { Distribution } from "../core/scenario.ts";
import type { DurationDistributionDocument, SizeDistributionDocument } from "./scenario/values.ts";
import type { Section } from "./section.ts";
import { DURATION, SIZE } from "./units.ts";

type Document = DurationDistributionDocument | SizeDistributionDocument;

/** Nanoseconds, at least `minimum`. */
export function readDurations(document: DurationDistributionDocument, section: Section, minimum = 0): Distribution {
  return readDistribution(document, section, (text, place) => place.quantity(String(text), DURATION, minimum));
}

/** Bytes, at least one. */
export function readSizes(document: SizeDistributionDocument, section: Section): Distribution {
  return readDistribution(document, section, (size, place) => place.bytes(size, SIZE, 1, Number.MAX_SAFE_INTEGER));
}

type ReadValue = (value: string | number, section: Section) => number | undefined;

function readDistribution(document: Document, section: Section, read: ReadValue): Distribution {
  if (typeof document !== "object") return { kind: "fixed", value: read(document, section) ?? 1 };
  const at = (key: string, value: string | number): number => read(value, section.at(key)) ?? 1;
  switch (document.model) {
    case "uniform": {
      const [low, high] = [at("low", document.low), at("high", document.high)];
      if (high < low) section.at("high").mismatch(`at least ${document.low}, the least`, document.high);
      return { kind: "uniform", low, high };
    }
    case "exponential":
      return { kind: "exponential", mean: positive(at("mean", document.mean), section.at("mean"), document.mean) };
    case "lognormal": {
      const median = positive(at("median", document.median), section.at("median"), document.median);
      return { kind: "lognormal", median, sigma: document.sigma };
    }
    case "pareto": {
      const minimum = positive(at("minimum", document.minimum), section.at("minimum"), document.minimum);
      const maximum = document.maximum === undefined ? 0 : at("maximum", document.maximum);
      if (document.maximum !== undefined && maximum < minimum) {
        section.at("maximum").mismatch(`at least ${document.minimum}, the minimum`, document.maximum);
      }
      return { kind: "pareto", minimum, shape: document.shape, maximum };
    }
    default:
      return { kind: "empirical", table: readTable(document.table, section.at("table"), read) };
  }
}

/** Zero is no mean, median or minimum of anything. */
function positive(value: number, section: Section, found: unknown): number {
  if (value === 0) section.mismatch("more than 0", found);
  return value;
}

function readTable(
  rows: readonly (readonly [string | number, number])[],
  section: Section,
  read: ReadValue,
): readonly (readonly [number, number])[] {
  if (rows.length === 0) section.mismatch("at least one row", rows);
  const before = section.file.problemCount;
  let [value, probability] = [-1, 0];
  const table = rows.map(([text, cumulative], at): [number, number] => {
    const next = read(text, section.at(at, 0)) ?? value;
    if (next < value) section.at(at, 0).mismatch("at least the value of the row before", text);
    if (cumulative < probability) section.at(at, 1).mismatch("at least the probability of the row before", cumulative);
    [value, probability] = [next, cumulative];
    return [next, cumulative];
  });
  if (rows.length > 0 && probability !== 1 && section.file.problemCount === before) {
    section.at(rows.length - 1, 1).mismatch("1, the probability of the last row", probability);
  }
  return table;
}
