/**
 * AS-relationship lists, `A|B|relation`, read line by line. Two kinds are told apart:
 * - CAIDA's (serial-1 and serial-2, publicdata.caida.org/datasets/as-relationships): each link once, `-1` A is a
 *   provider of B, `0` peers; a fourth field names the source;
 * - lists with each link twice, once from either end. Any `1` marks such a list. What `1` says of A differs between
 *   them and can be read off a list that is long enough: providers with many customers are common, customers with many
 *   providers are not.
 */
import { MAX_BGP_AS } from "../../core/address.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { type Problem, shown, withSources } from "../problems.ts";
import { buildInternet } from "./as-rel-network.ts";
import type { Imported } from "./formats.ts";
import type { ImportOptions } from "./options.ts";
import { checkText, type SourceFile, TextFile } from "./source.ts";

/** Fewer links tell nothing about what `1` means. */
const ENOUGH_LINKS = 100;
/** How much larger the largest number of customers must be under one reading than under the other. */
const PLAIN = 2;

const EXPECTED = "A|B|relation with relation -1, 0 or 1";

/** A relationship between two AS numbers: `up` is the provider of `down`, or the two are peers. */
export interface Relationship {
  readonly up: number;
  readonly down: number;
  readonly peers: boolean;
}

/** One line. */
interface Entry {
  readonly a: number;
  readonly b: number;
  readonly relation: number;
  readonly offset: number;
}

export function importAsRel(
  source: SourceFile,
  title: string,
  options: ImportOptions,
): Result<Imported, readonly Problem[]> {
  const checked = checkText(source, "a list of AS relationships");
  if (!checked.ok) return checked;
  const file = new TextFile(checked.value);
  const entries = readEntries(file);
  const warnings: string[] = [];
  const links = linksOf(entries, file, options, warnings);
  if (file.problemCount === 0 && links.length === 0) {
    file.add(0, { message: "the list has no relationships", expected: EXPECTED, found: "none" });
  }
  const failed = (): Result<Imported, readonly Problem[]> => err(withSources(file.problems, file.text));
  if (file.problemCount > 0) return failed();
  const network = buildInternet(links, title, options, warnings, (finding) => file.add(0, finding));
  return network === undefined ? failed() : ok({ network, format: "as-rel", warnings });
}

function readEntries(file: TextFile): readonly Entry[] {
  const { text } = file;
  const entries: Entry[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end).trim();
    if (line !== "" && !line.startsWith("#")) readEntry(line, start, file, entries);
    start = end + 1;
  }
  return entries;
}

function readEntry(line: string, offset: number, file: TextFile, entries: Entry[]): void {
  const fields = line.split("|", 6);
  const [a, b, relation] = fields.map((field) => (/^-?\d{1,15}$/.test(field) ? Number(field) : Number.NaN));
  const whole = fields.length >= 3 && fields.length <= 5;
  if (!whole || a === undefined || b === undefined || relation === undefined || [a, b, relation].some(Number.isNaN)) {
    file.add(offset, { message: `expected ${EXPECTED}, found ${shown(line)}`, expected: EXPECTED, found: shown(line) });
  } else if (!isAs(a) || !isAs(b)) {
    const [expected, found] = [`an AS number from 1 to ${MAX_BGP_AS}`, String(isAs(a) ? b : a)];
    file.add(offset, { message: `expected ${expected}, found ${found}`, expected, found });
  } else if (relation !== -1 && relation !== 0 && relation !== 1) {
    const found = shown(fields[2] ?? "");
    file.add(offset, { message: `expected a relation of -1, 0 or 1, found ${found}`, expected: "-1, 0 or 1", found });
  } else if (a === b) {
    const message = `AS ${a} has a relationship with itself`;
    file.add(offset, { message, expected: "two ASes", found: String(a) });
  } else {
    entries.push({ a, b, relation, offset });
  }
}

function isAs(number: number): boolean {
  return number >= 1 && number <= MAX_BGP_AS;
}

/** Each link once, in the order of the list. */
function linksOf(
  entries: readonly Entry[],
  file: TextFile,
  { first }: ImportOptions,
  warnings: string[],
): readonly Relationship[] {
  const twice = entries.some(({ relation }) => relation === 1);
  const says = twice ? (first ?? meaningOf(entries)) : "customer";
  if (twice) warnings.push(`each link stands twice, and A|B|1 says that A is a ${says} of B`);
  const providerSign = says === "provider" ? 1 : -1;
  const links = new Map<string, Relationship>();
  const lines = new Map<string, number>();
  for (const { a, b, relation, offset } of entries) {
    const [up, down] = relation === 0 || relation === providerSign ? [a, b] : [b, a];
    const link = { up, down, peers: relation === 0 };
    const key = a < b ? `${a}|${b}` : `${b}|${a}`;
    const before = links.get(key);
    lines.set(key, (lines.get(key) ?? 0) + 1);
    if (before === undefined) links.set(key, link);
    else checkAgain(before, link, offset, twice, file);
  }
  const once = [...lines.values()].filter((count) => count === 1).length;
  if (twice && once > 0) warnings.push(`${once} links stand from one end only`);
  return [...links.values()];
}

function checkAgain(before: Relationship, link: Relationship, offset: number, twice: boolean, file: TextFile): void {
  const name = `${link.up}|${link.down}`;
  const same = before.peers === link.peers && (link.peers || before.up === link.up);
  if (!same) {
    const message = `the link ${name} stands here with another relation than before`;
    file.add(offset, { message, expected: "one relation for each link", found: name });
  } else if (!twice && before.up === link.up) {
    file.add(offset, { message: `the link ${name} stands here twice`, expected: "each link once", found: name });
  }
}

/** The reading of `A|B|1` under which one AS has plainly more customers than any has under the other. */
function meaningOf(entries: readonly Entry[]): "customer" | "provider" {
  const firsts = new Map<number, number>();
  const seconds = new Map<number, number>();
  for (const { a, b, relation } of entries) {
    if (relation !== 1) continue;
    firsts.set(a, (firsts.get(a) ?? 0) + 1);
    seconds.set(b, (seconds.get(b) ?? 0) + 1);
  }
  const most = (counts: ReadonlyMap<number, number>): number =>
    [...counts.values()].reduce((best, count) => Math.max(best, count), 0);
  return entries.length >= 2 * ENOUGH_LINKS && most(firsts) >= PLAIN * most(seconds) ? "provider" : "customer";
}
