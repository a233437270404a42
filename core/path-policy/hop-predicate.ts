/**
 * Hop predicates, the words of the path policy language: `ISD`, `ISD-AS`, `ISD-AS#IF` and `ISD-AS#IN,OUT`, where 0 stands for any
 * number (scionproto, "Path Policy Language Design", section "Hop Predicate").
 */
import { formatIA, type IfId, iaParts, MAX_BGP_AS, MAX_IF_ID, MAX_ISD, parseIA } from "../address.ts";
import type { PathInterface } from "../path.ts";
import { ok } from "../result.ts";
import { type Cursor, isDigit, type Parsed } from "./syntax.ts";

export interface HopPredicate {
  /** 0: any. */
  readonly isd: number;
  /** 0: any. */
  readonly as: number;
  /** None: any. One: the packet enters or leaves by it. Two: it enters by the first and leaves by the second, 0 for any. */
  readonly ifIds: readonly [] | readonly [IfId] | readonly [IfId, IfId];
}

/** One AS of a path. The first has no ingress and the last no egress: 0. */
export interface Hop {
  readonly isd: number;
  readonly as: number;
  readonly ingress: IfId;
  readonly egress: IfId;
}

/** The ASes of a path by its interfaces in travelling order; none for a path within one AS. */
export function hopsOf(interfaces: readonly PathInterface[]): readonly Hop[] {
  const hops: Hop[] = [];
  for (let at = -1; at < interfaces.length; at += 2) {
    const [into, out] = [interfaces[at], interfaces[at + 1]];
    const ia = (into ?? out)?.ia;
    if (ia !== undefined) hops.push({ ...iaParts(ia), ingress: into?.ifId ?? 0, egress: out?.ifId ?? 0 });
  }
  return hops;
}

/** Where a predicate stands: what may follow it, and whether interfaces of any AS can be meant. */
export interface Place {
  /** A sequence takes `0-0#2`, the interface 2 of any AS; access control lists do not. */
  readonly interfaceOfAnyAs: boolean;
  /** A comma with no digit behind it ends the predicate. */
  readonly endsAtComma: boolean;
}

const AN_ISD = `an ISD number from 0 to ${MAX_ISD}`;
const AN_AS = `an AS number, decimal up to ${MAX_BGP_AS} or three hex groups such as ff00:0:110`;
const AN_INTERFACE = `an interface id from 0 to ${MAX_IF_ID}`;

/** Reads one predicate; the cursor then stands behind it. */
export function readHopPredicate(cursor: Cursor, place: Place): Parsed<HopPredicate> {
  const isd = readNumber(cursor, AN_ISD, MAX_ISD);
  if (!isd.ok) return isd;
  if (cursor.next === "#") return cursor.wrong('"-" and an AS number: interfaces belong to an AS');
  if (!cursor.take("-")) return ok({ isd: isd.value, as: 0, ifIds: [] });
  const start = cursor.at;
  const read = parseIA(`0-${cursor.run(isOfAs)}`);
  if (!read.ok) return cursor.wrong(AN_AS, start);
  const { as } = iaParts(read.value);
  if (!cursor.take("#")) return ok({ isd: isd.value, as, ifIds: [] });
  const interfaces = cursor.at;
  const ifIds = readInterfaces(cursor, place);
  if (!ifIds.ok) return ifIds;
  if (as === 0 && ifIds.value.length > 0 && !place.interfaceOfAnyAs)
    return cursor.wrong("interface 0 behind AS 0: other interfaces belong to one AS", interfaces);
  return ok({ isd: isd.value, as, ifIds: ifIds.value });
}

function readInterfaces(cursor: Cursor, { endsAtComma }: Place): Parsed<HopPredicate["ifIds"]> {
  const first = readNumber(cursor, AN_INTERFACE, MAX_IF_ID);
  if (!first.ok) return first;
  const isPair = cursor.next === "," && !(endsAtComma && !isDigit(cursor.text.charAt(cursor.at + 1)));
  if (!isPair) return ok(first.value === 0 ? [] : [first.value]);
  cursor.at++;
  const second = readNumber(cursor, `${AN_INTERFACE} by which packets leave`, MAX_IF_ID);
  if (!second.ok) return second;
  return ok(first.value === 0 && second.value === 0 ? [] : [first.value, second.value]);
}

/** Leading zeros are refused: scionproto reads `01` as two hops in a sequence and as one elsewhere. */
function readNumber(cursor: Cursor, expected: string, most: number): Parsed<number> {
  const start = cursor.at;
  const digits = cursor.run(isDigit);
  if (digits.length > 1 && digits.startsWith("0")) return cursor.wrong(`${expected}, without leading zeros`, start);
  const value = Number(digits);
  return digits === "" || value > most ? cursor.wrong(expected, start) : ok(value);
}

function isOfAs(character: string): boolean {
  return /[0-9a-fA-F:]/.test(character);
}

/** The shortest text of a predicate. */
export function formatHopPredicate({ isd, as, ifIds }: HopPredicate): string {
  if (ifIds.length > 0) return `${formatIA(isd, as)}#${ifIds.join(",")}`;
  return as === 0 ? String(isd) : formatIA(isd, as);
}

/** Whether one AS of a path is meant, with both its interfaces: what sequences ask. */
export function matchesHop({ isd, as, ifIds }: HopPredicate, hop: Hop): boolean {
  if ((isd !== 0 && isd !== hop.isd) || (as !== 0 && as !== hop.as)) return false;
  const [first = 0, second] = ifIds;
  if (second === undefined) return first === 0 || first === hop.ingress || first === hop.egress;
  return (first === 0 || first === hop.ingress) && (second === 0 || second === hop.egress);
}

/** Whether one interface of an AS is meant, looked at by itself: what access control lists ask. */
export function matchesInterface({ isd, as, ifIds }: HopPredicate, hop: Hop, isIngress: boolean): boolean {
  if ((isd !== 0 && isd !== hop.isd) || (as !== 0 && as !== hop.as)) return false;
  const [first = 0, second = first] = ifIds;
  const wanted = isIngress ? first : second;
  return wanted === 0 || wanted === (isIngress ? hop.ingress : hop.egress);
}

export function matchesAll({ isd, as, ifIds }: HopPredicate): boolean {
  return isd === 0 && as === 0 && ifIds.length === 0;
}
