/**
 * scionproto's `.topo` files, read and written (tools/topology/topo.py, topology/README.md). Border routers of an AS
 * are one node here. Interface ids that a file leaves out are drawn at random by scionproto's generator; here they are
 * the lowest free ones, in the order of the file. An id that stands in the file belongs to its own link, wherever that
 * comes. Servers, certificates and underlays have no meaning here.
 */
import { formatInterface, type IA, type IfId, MAX_IF_ID } from "../../core/address.ts";
import { err, ok, type Result } from "../../core/result.ts";
import type { LinkDirection, LinkEnd, LinkType, Network, NetworkAs, NetworkLink } from "../../core/scenario.ts";
import { DEFAULT_DIRECTION } from "../../core/scenario.ts";
import { MILLISECOND } from "../../core/units.ts";
import { decode } from "../decode.ts";
import { DEFAULT_MTU, makeLink } from "../model.ts";
import { type Problem, withSources } from "../problems.ts";
import { Section } from "../section.ts";
import { parseYaml, type YamlFile } from "../yaml.ts";
import { assemble } from "./assemble.ts";
import type { Imported } from "./formats.ts";
import { checkText, type SourceFile } from "./source.ts";
import { applyStaticInfo } from "./static-info.ts";
import { TopoDocument, type TopoLink } from "./topo-schema.ts";

const MBIT = 1_000_000;
/** A `bw` up to here is in Mbit/s, a larger one in bit/s (see `rateOf`). */
const MAX_MBIT = 1_000_000;

const LINK_TYPES: ReadonlyMap<string, LinkType> = new Map([
  ["CORE", "core"],
  ["CHILD", "child"],
  ["PEER", "peer"],
]);

/** An end as a file writes it: `ISD-AS[-BR][#IF]`. */
interface WrittenEnd {
  readonly ia: IA;
  /** 0 where none is given. */
  readonly ifId: IfId;
}

export function importTopo(
  source: SourceFile,
  title: string,
  staticInfo: SourceFile | null,
): Result<Imported, readonly Problem[]> {
  const checked = checkText(source, "a SCION topology");
  if (!checked.ok) return checked;
  const { path, text } = checked.value;
  const parsed = parseYaml(text, path);
  if (!parsed.ok) return err(withSources(parsed.error, text));
  const file = parsed.value;
  const document = decode(file, TopoDocument, TopoDocument);
  const network = document === undefined ? undefined : readNetwork(document, file, title);
  if (document === undefined || network === undefined) return err(withSources(file.problems, text));
  const warnings = lossWarnings(document);
  if (staticInfo === null) return ok({ network, format: "topo", warnings });
  const placed = applyStaticInfo(network, staticInfo);
  return placed.ok ? ok({ network: placed.value, format: "topo", warnings }) : placed;
}

function lossWarnings({ ASes }: TopoDocument): readonly string[] {
  const lossy = Object.values(ASes).filter((as) => (as?.drop ?? 0) > 0).length;
  return lossy === 0 ? [] : [`the loss within ${lossy} ASes (drop) is left out: only links lose packets here`];
}

function readNetwork(document: TopoDocument, file: YamlFile, title: string): Network | undefined {
  const section = new Section(file);
  const keys = Object.keys(document.ASes);
  if (keys.length === 0) {
    return section
      .at("ASes")
      .problem({ message: "the topology has no ASes", expected: "at least one AS", found: "none" });
  }
  const places = placesOf(document, section);
  const ases = keys.flatMap((key) => readAs(key, document, section, places));
  const written = (document.links ?? []).map((link, at) => readEnds(link, section.at("links", at)));
  const ends = giveIds(written, section.at("links"));
  const links = (document.links ?? []).flatMap((link, at): NetworkLink[] => {
    const both = ends[at];
    const place = section.at("links", at);
    const type = LINK_TYPES.get(link.linkAtoB.toUpperCase());
    if (type === undefined) {
      const found = section.closest(link.linkAtoB.toUpperCase(), LINK_TYPES.keys());
      place.at("linkAtoB").mismatch("CORE, CHILD or PEER", link.linkAtoB, found);
    }
    if (both === undefined || type === undefined) return [];
    return [makeLink(both.a, type, both.b, linkOptions(link))];
  });
  if (file.problemCount > 0) return undefined;
  return assemble(
    { name: title, ases, links },
    {
      ofAs: (at, finding) =>
        section
          .at("ASes", keys[at] ?? "")
          .ofKey()
          .problem(finding),
      ofLink: (at, end, finding) => section.at("links", at, ...(end === null ? [] : [end])).problem(finding),
    },
  );
}

interface RouterPlace {
  readonly label: string | undefined;
  readonly position: { readonly lat: number; readonly lon: number } | undefined;
}

/** What is known of an AS's border routers: the first one in the file that has it speaks for the AS. */
function placesOf({ borderRouterProperties = {} }: TopoDocument, section: Section): ReadonlyMap<IA, RouterPlace> {
  const places = new Map<IA, RouterPlace>();
  for (const [key, { geo, note }] of Object.entries(borderRouterProperties)) {
    const end = readEnd(key, section.at("borderRouterProperties", key).ofKey());
    if (end === undefined) continue;
    const { ia } = end;
    const before = places.get(ia);
    const position = geo === undefined ? undefined : { lat: geo.latitude, lon: geo.longitude };
    places.set(ia, { label: before?.label ?? note, position: before?.position ?? position });
  }
  return places;
}

function readAs(
  key: string,
  { ASes }: TopoDocument,
  section: Section,
  places: ReadonlyMap<IA, RouterPlace>,
): NetworkAs[] {
  const ia = section.at("ASes", key).ofKey().ia(key);
  if (ia === undefined) return [];
  const fields = ASes[key] ?? {};
  const { label, position } = places.get(ia) ?? {};
  const name = fields.note ?? label;
  const hasInside = fields.latency !== undefined || fields.bw !== undefined;
  return [
    {
      ia,
      core: fields.core ?? false,
      mtu: fields.mtu ?? fields.MTU ?? DEFAULT_MTU,
      ...(name === undefined ? {} : { label: name }),
      ...(position === undefined ? {} : { position }),
      ...(hasInside
        ? { internal: { latency_ns: nanosOf(fields.latency ?? 0), rate_bps: rateOf(fields.bw) ?? 0, pairs: [] } }
        : {}),
    },
  ];
}

function linkOptions({ mtu, bw, latency, drop }: TopoLink): Partial<LinkDirection> & { mtu?: number } {
  const rate = rateOf(bw);
  return {
    ...(mtu === undefined ? {} : { mtu }),
    ...(rate === undefined ? {} : { rate_bps: rate }),
    ...(latency === undefined ? {} : { latency_ns: nanosOf(latency) }),
    ...(drop === undefined ? {} : { loss: drop }),
  };
}

function nanosOf(milliseconds: number): number {
  return Math.round(milliseconds * MILLISECOND);
}

/**
 * scionproto's README says bit/s, which nobody writes: its own files and the testbeds' have 100, 500 or 1000 and mean
 * Mbit/s (the IETF 126 testbed gives its links, `bw: 100`, 100 Mbit/s). So up to a million it is Mbit/s, and bit/s
 * above.
 */
function rateOf(bw: number | undefined): number | undefined {
  if (bw === undefined) return undefined;
  return Math.max(1, Math.round(bw <= MAX_MBIT ? bw * MBIT : bw));
}

function readEnds(link: TopoLink, section: Section): { a: WrittenEnd; b: WrittenEnd } | undefined {
  const a = readEnd(link.a, section.at("a"));
  const b = readEnd(link.b, section.at("b"));
  return a === undefined || b === undefined ? undefined : { a, b };
}

function readEnd(text: string, section: Section): WrittenEnd | undefined {
  const [, isd = "", as = "", , id] = /^([^-#]*)-([^-#]*)(-[^-#]+)?(?:#(.*))?$/.exec(text) ?? [];
  if (isd === "" && as === "") return section.mismatch('an end such as "1-ff00:0:110-A#1", ISD-AS[-BR][#IF]', text);
  if (id !== undefined) return section.interface(`${isd}-${as}#${id}`);
  const ia = section.ia(`${isd}-${as}`);
  return ia === undefined ? undefined : { ia, ifId: 0 };
}

/** The ids that stand in the file, then the lowest free ones. */
function giveIds(
  written: readonly ({ a: WrittenEnd; b: WrittenEnd } | undefined)[],
  section: Section,
): readonly ({ a: LinkEnd; b: LinkEnd } | undefined)[] {
  const taken = new Set<string>();
  for (const ends of written) {
    for (const { ia, ifId } of ends === undefined ? [] : [ends.a, ends.b]) taken.add(formatInterface(ia, ifId));
  }
  const next = new Map<IA, IfId>();
  const complete = ({ ia, ifId }: WrittenEnd, place: Section): LinkEnd => {
    if (ifId > 0) return { ia, ifId };
    let free = next.get(ia) ?? 1;
    while (taken.has(formatInterface(ia, free))) free++;
    if (free > MAX_IF_ID)
      place.problem({ message: `AS ${ia} has no interface id left`, expected: "65535 links", found: ia });
    next.set(ia, free + 1);
    return { ia, ifId: free };
  };
  return written.map((ends, at) =>
    ends === undefined
      ? undefined
      : { a: complete(ends.a, section.at(at, "a")), b: complete(ends.b, section.at(at, "b")) },
  );
}

/** The text of a `.topo` file, and in words what such a file cannot say. */
export function networkToTopo(network: Network): { readonly text: string; readonly lost: readonly string[] } {
  const issuers = issuersOf(network);
  const ases = network.ases.map((as) => `  "${as.ia}": {${asFields(as, issuers).join(", ")}}`);
  const links = network.links.map(
    ({ a, b, type, mtu, ab }) =>
      `  - {${[
        `a: "${formatInterface(a.ia, a.ifId)}"`,
        `b: "${formatInterface(b.ia, b.ifId)}"`,
        `linkAtoB: ${type.toUpperCase()}`,
        ...(mtu === DEFAULT_MTU ? [] : [`mtu: ${mtu}`]),
        ...(ab.rate_bps === DEFAULT_DIRECTION.rate_bps || ab.rate_bps === 0 ? [] : [`bw: ${bandwidth(ab.rate_bps)}`]),
        ...(ab.latency_ns === DEFAULT_DIRECTION.latency_ns ? [] : [`latency: ${ab.latency_ns / MILLISECOND}`]),
        ...(ab.loss === 0 ? [] : [`drop: ${ab.loss}`]),
      ].join(", ")}}`,
  );
  const routers = network.ases.flatMap(({ ia, position }) =>
    position === undefined ? [] : [`  "${ia}": {geo: {latitude: ${position.lat}, longitude: ${position.lon}}}`],
  );
  const places = routers.length === 0 ? [] : ["borderRouterProperties:", ...routers];
  const list = links.length === 0 ? ["links: []"] : ["links:", ...links];
  return {
    text: ["--- # " + oneLine(network.name), "ASes:", ...ases, ...list, ...places, ""].join("\n"),
    lost: lossesOf(network),
  };
}

function oneLine(name: string): string {
  return name.replaceAll(/\p{Cc}+/gu, " ");
}

/** The first core AS of each ISD issues its certificates, as scionproto's generator needs. */
function issuersOf({ ases }: Network): ReadonlyMap<string, IA> {
  const issuers = new Map<string, IA>();
  for (const { ia, core } of ases) {
    const isd = ia.slice(0, ia.indexOf("-"));
    if (core && !issuers.has(isd)) issuers.set(isd, ia);
  }
  return issuers;
}

function asFields({ ia, core, mtu, label, internal }: NetworkAs, issuers: ReadonlyMap<string, IA>): string[] {
  const issuer = issuers.get(ia.slice(0, ia.indexOf("-")));
  const issuing = core
    ? "core: true, voting: true, authoritative: true, issuing: true"
    : `cert_issuer: "${issuer ?? ia}"`;
  return [
    issuing,
    ...(mtu === DEFAULT_MTU ? [] : [`mtu: ${mtu}`]),
    ...(internal === undefined ? [] : [`latency: ${internal.latency_ns / MILLISECOND}`]),
    ...(internal === undefined || internal.rate_bps === 0 ? [] : [`bw: ${bandwidth(internal.rate_bps)}`]),
    ...(label === undefined ? [] : [`note: ${JSON.stringify(label)}`]),
  ];
}

/** In Mbit/s where `rateOf` reads it so. */
function bandwidth(rate_bps: number): number {
  return rate_bps / MBIT <= MAX_MBIT ? rate_bps / MBIT : rate_bps;
}

function lossesOf({ ases, links }: Network): readonly string[] {
  const count = (what: string, number: number): string[] => (number === 0 ? [] : [`${what} (${number})`]);
  const plain = (direction: LinkDirection): LinkDirection => {
    const { latency_ns, loss, rate_bps } = direction;
    return { ...DEFAULT_DIRECTION, latency_ns, loss, rate_bps: rate_bps === 0 ? DEFAULT_DIRECTION.rate_bps : rate_bps };
  };
  const differs = (one: LinkDirection, other: LinkDirection): boolean => JSON.stringify(one) !== JSON.stringify(other);
  return [
    ...count("values of the way back", links.filter(({ ab, ba }) => differs(ab, ba)).length),
    ...count("rates without limit", links.filter(({ ab }) => ab.rate_bps === 0).length),
    ...count(
      "queues, delays, schedules and bursts of loss",
      links.filter(({ ab }) => differs(plain(ab), { ...plain(ab), ...ab, rate_bps: plain(ab).rate_bps })).length,
    ),
    ...count(
      "values between two interfaces of an AS",
      ases.filter(({ internal }) => (internal?.pairs.length ?? 0) > 0).length,
    ),
    ...count("dispatched ports", ases.filter(({ dispatched_ports }) => dispatched_ports !== undefined).length),
    ...count("services", ases.filter(({ services }) => services !== undefined).length),
  ];
}
