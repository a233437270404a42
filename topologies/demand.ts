/** Demand matrices: how the rate of a workload is shared by its pairs. */
import type { IA } from "../core/address.ts";
import type { Network } from "../core/scenario.ts";
import { type Names, readHost } from "./names.ts";
import { shown } from "./problems.ts";
import type { DemandDocument } from "./scenario/workload.ts";
import type { Section } from "./section.ts";
import { formatRate, parseQuantity, RATE } from "./units.ts";
import type { Pair } from "./workloads.ts";

export interface Demand {
  readonly document: DemandDocument | undefined;
  /** Of all flows together. */
  readonly rate: string | undefined;
  /** Most flows that there may be. */
  readonly room: number;
}

/** The pairs with the rate of each; those of a file, where the demand is one. Pairs without any rate are left out. */
export function readDemand(
  pairs: readonly Pair[],
  { document, rate, room }: Demand,
  section: Section,
  names: Names,
): readonly Pair[] | undefined {
  const isFile = typeof document === "object" && "file" in document;
  if (rate === undefined && !isFile) {
    const message = `${section.name} needs the rate of all flows together, which the demand shares`;
    return section.problem({ message, expected: "rate", found: "nothing" });
  }
  const total = rate === undefined ? null : section.at("rate").quantity(rate, RATE, 1);
  if (total === undefined) return undefined;
  if (isFile) {
    const read = readMatrix(document.file, section.at("demand", "file"), names, room);
    return read === undefined || total === null ? read : shared(read, (pair) => pair.rate_bps ?? 0, total, section);
  }
  const weights = document === "uniform" ? () => 1 : weightsOf(document, names, section.at("demand"));
  if (weights === undefined) return undefined;
  return shared(pairs, ({ src, dst }) => weights(src.ia) * weights(dst.ia), total ?? 0, section);
}

/** Whole bits a second, in proportion to the weights. */
function shared(
  pairs: readonly Pair[],
  weightOf: (pair: Pair) => number,
  total: number,
  section: Section,
): readonly Pair[] | undefined {
  const sum = pairs.reduce((so, pair) => so + weightOf(pair), 0);
  const rated = pairs.map((pair) => ({ ...pair, rate_bps: Math.round((total * weightOf(pair)) / sum) }));
  const none = rated.filter(({ rate_bps }) => rate_bps < 1).length;
  if (none === 0) return rated;
  const found = formatRate(total);
  const message = `${section.at("rate").name}: ${found} is too little: ${none} of the ${pairs.length} flows would have less than 1 bit/s`;
  return section.at("rate").problem({ message, expected: "a higher rate", found });
}

/** `gravity` by itself weighs an AS by the number of its links. */
function weightsOf(
  document: DemandDocument | undefined,
  { network, known }: Names,
  section: Section,
): ((ia: IA) => number) | undefined {
  if (typeof document !== "object" || !("weights" in document)) {
    const degrees = network === null ? new Map<IA, number>() : degreesOf(network);
    return (ia) => degrees.get(ia) ?? 0;
  }
  const place = section.at("weights");
  const before = section.file.problemCount;
  const weights = new Map<IA, number>();
  for (const [key, weight] of Object.entries(document.weights)) {
    const ia = place.at(key).ofKey().ia(key);
    if (ia === undefined) continue;
    if (known.size > 0 && !known.has(ia)) place.at(key).ofKey().unknownAs(ia, known);
    weights.set(ia, weight);
  }
  return section.file.problemCount > before ? undefined : (ia) => weights.get(ia) ?? 1;
}

function degreesOf({ links }: Network): ReadonlyMap<IA, number> {
  const degrees = new Map<IA, number>();
  for (const { a, b } of links) {
    for (const { ia } of [a, b]) degrees.set(ia, (degrees.get(ia) ?? 0) + 1);
  }
  return degrees;
}

/** `src,dst,rate` a line: a host with its address has its comma in double quotes. A head line may come first. */
function readMatrix(file: string, section: Section, names: Names, room: number): readonly Pair[] | undefined {
  const text = section.file.readFile(file);
  const expected = "lines src,dst,rate";
  if (!text.ok) {
    return section.problem({ message: `cannot read the demand: ${text.error}`, expected, found: file });
  }
  const pairs: Pair[] = [];
  const before = section.file.problemCount;
  for (const [at, line] of text.value.split("\n").entries()) {
    const words = cellsOf(line);
    if (words.length === 0 || (pairs.length === 0 && words[0] === "src")) continue;
    const pair = readRow(words, section.about(`${file}, line ${at + 1}`), names);
    if (section.file.problemCount > before) return undefined;
    if (pair !== undefined && pairs.push(pair) > room) {
      const message = `${file} has more than ${room} pairs, all that the scenario has room for`;
      return section.problem({ message, expected: `at most ${room} pairs`, found: "more" });
    }
  }
  if (pairs.length > 0) return pairs;
  return section.problem({ message: `${file} has no pair with a rate`, expected, found: "nothing" });
}

function cellsOf(line: string): readonly string[] {
  const text = line.trim();
  if (text === "" || text.startsWith("#")) return [];
  return (text.match(/"[^"]*"|[^,]+/g) ?? []).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
}

/** undefined also for a pair without traffic. */
function readRow(cells: readonly string[], section: Section, names: Names): Pair | undefined {
  const [from, to, rate, ...more] = cells;
  if (from === undefined || to === undefined || rate === undefined || more.length > 0) {
    const found = `${cells.length} values`;
    return section.problem({ message: `expected src,dst,rate, found ${found}`, expected: "src,dst,rate", found });
  }
  const quantity = parseQuantity(/^\d+(\.\d+)?$/.test(rate) ? `${rate}bit/s` : rate, RATE);
  if (!quantity.ok) {
    const expected = "a rate such as 10Mbit/s, or bits a second";
    return section.problem({ message: `expected ${expected}, found ${shown(rate)}`, expected, found: shown(rate) });
  }
  const [src, dst] = [readHost(from, section, names), readHost(to, section, names)];
  if (src === undefined || dst === undefined || quantity.value === 0) return undefined;
  return src.ia === dst.ia && src.host === dst.host ? undefined : { src, dst, rate_bps: quantity.value };
}
