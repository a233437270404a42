/**
 * A folder of `topology.json` files, one for each AS, each with its `staticInfoConfig.json` beside it. Every interface
 * stands in the file of its own AS; the two ends of a link are brought together by `remote_interface_id`, else by the
 * underlay's addresses, else by being the only ones left between two ASes. Border routers of an AS are one node here.
 */
import { formatInterface, type IA, type IfId, MAX_IF_ID } from "../../core/address.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { DEFAULT_DIRECTION, type LinkType, type NetworkAs, type NetworkLink } from "../../core/scenario.ts";
import { decode } from "../decode.ts";
import { readDispatchedPorts } from "../end-hosts.ts";
import { DEFAULT_MTU, makeLink } from "../model.ts";
import { type Finding, type Problem, withSources } from "../problems.ts";
import { Section } from "../section.ts";
import { canonicalEndpoint } from "../underlay.ts";
import type { YamlFile } from "../yaml.ts";
import { assemble } from "./assemble.ts";
import type { Imported } from "./formats.ts";
import { parseJson } from "./json.ts";
import type { SourceFile } from "./source.ts";
import { readStaticInfo, type StaticInfo } from "./static-info-config.ts";
import { type InterfaceDocument, TopologyJsonDocument } from "./topology-json-schema.ts";

/** Most problems said in all, so that a hundred broken files stay readable. */
const MAX_FILES_WITH_PROBLEMS = 20;

const COUNTERPART: ReadonlyMap<string, string> = new Map([
  ["core", "core"],
  ["parent", "child"],
  ["child", "parent"],
  ["peer", "peer"],
]);

/** One interface, as its own AS describes it. */
interface End {
  readonly ia: IA;
  readonly ifId: IfId;
  readonly place: Section;
  readonly remoteIa: IA;
  /** 0 where the file does not say. */
  readonly remoteIfId: IfId;
  readonly linkTo: string;
  readonly mtu: number;
  readonly local: string;
  readonly remote: string;
}

interface OneAs {
  readonly as: NetworkAs;
  readonly file: YamlFile;
  readonly ends: readonly End[];
  readonly info: StaticInfo | undefined;
  /** Underlay address of its first border router; undefined where the file has none that is an address. */
  readonly internal: string | undefined;
}

/** `files` are all JSON files of the folder; those that are neither kind are passed over. */
export function importTopologyJson(files: readonly SourceFile[], title: string): Result<Imported, readonly Problem[]> {
  const problems: (readonly Problem[])[] = [];
  const configs = new Map(
    files.filter(({ path }) => baseOf(path) === "staticInfoConfig.json").map((file) => [folderOf(file.path), file]),
  );
  const topologies = distinct(files.filter(isTopology));
  if (topologies.length === 0) {
    const message = "no topology.json here: expected one JSON file with isd_as and border_routers for each AS";
    return err([
      { file: title, line: 1, column: 1, message, expected: "topology.json files", found: "none", source: "" },
    ]);
  }
  const ases = topologies.flatMap((source): OneAs[] => {
    const one = readOne(source, configs.get(folderOf(source.path)));
    if (one.ok) return [one.value];
    problems.push(one.error);
    return [];
  });
  if (problems.length > 0) return err(problems.slice(0, MAX_FILES_WITH_PROBLEMS).flat());
  return join(ases, title);
}

function baseOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

function folderOf(path: string): string {
  return path.slice(0, path.length - baseOf(path).length);
}

function isTopology({ path, text }: SourceFile): boolean {
  const name = baseOf(path);
  if (name === "staticInfoConfig.json") return false;
  return name === "topology.json" || (text.includes('"isd_as"') && text.includes('"border_routers"'));
}

/** Generators copy an AS's file into the folder of each of its servers: the same text once. */
function distinct(files: readonly SourceFile[]): readonly SourceFile[] {
  const seen = new Set<string>();
  return files.filter(({ text }) => !seen.has(text) && seen.add(text));
}

function readOne(source: SourceFile, config: SourceFile | undefined): Result<OneAs, readonly Problem[]> {
  const parsed = parseJson(source);
  if (!parsed.ok) return err(withSources(parsed.error, source.text));
  const file = parsed.value;
  const document = decode(file, TopologyJsonDocument, TopologyJsonDocument);
  const section = new Section(file);
  const ia = document === undefined ? undefined : section.at("isd_as").ia(document.isd_as);
  const ends = document === undefined || ia === undefined ? [] : readEnds(document, ia, section);
  if (document === undefined || ia === undefined || file.problemCount > 0)
    return err(withSources(file.problems, file.text));
  const info = config === undefined ? ok(undefined) : readConfig(config, new Set(ends.map(({ ifId }) => ifId)));
  if (!info.ok) return info;
  const { internal, position, label } = info.value ?? {};
  const core = document.core ?? (document.attributes ?? []).includes("core");
  const as: NetworkAs = {
    ia,
    core,
    mtu: document.mtu ?? DEFAULT_MTU,
    ...(label === undefined ? {} : { label }),
    ...(position === undefined ? {} : { position }),
    ...(internal === undefined ? {} : { internal }),
    ...portsOf(document, section),
  };
  return ok({ as, file, ends, info: info.value, internal: internalOf(document) });
}

/** The first border router's: those of an AS are one node here. Names instead of addresses are left out. */
function internalOf({ border_routers = {} }: TopologyJsonDocument): string | undefined {
  const [router] = Object.values(border_routers);
  return router?.internal_addr === undefined ? undefined : canonicalEndpoint(router.internal_addr, true);
}

/** Where the file does not say, what SCION's generator would have written. */
function portsOf({ dispatched_ports: ports }: TopologyJsonDocument, section: Section): Partial<NetworkAs> {
  // Both an empty text and a dash are none, as scionproto reads them.
  return ports === undefined ? {} : readDispatchedPorts(ports === "" ? "-" : ports, section.at("dispatched_ports"));
}

function readConfig(
  source: SourceFile,
  interfaces: ReadonlySet<IfId>,
): Result<StaticInfo | undefined, readonly Problem[]> {
  const parsed = parseJson(source);
  if (!parsed.ok) return err(withSources(parsed.error, source.text));
  const info = readStaticInfo(parsed.value, interfaces);
  return info === undefined ? err(withSources(parsed.value.problems, source.text)) : ok(info);
}

function readEnds({ border_routers = {} }: TopologyJsonDocument, ia: IA, section: Section): readonly End[] {
  const seen = new Map<IfId, string>();
  return Object.entries(border_routers).flatMap(([router, { interfaces = {} }]) =>
    Object.entries(interfaces).flatMap(([key, written]): End[] => {
      const place = section.at("border_routers", router, "interfaces", key);
      const ifId = /^\d{1,5}$/.test(key) ? Number(key) : 0;
      if (ifId === 0 || ifId > MAX_IF_ID) {
        place.ofKey().mismatch("an interface id from 1 to 65535", key);
        return [];
      }
      const other = seen.get(ifId);
      if (other !== undefined) {
        const message = `interface ${ifId} stands here twice, at ${other} and ${router}`;
        place.ofKey().problem({ message, expected: "each interface once", found: key });
      }
      seen.set(ifId, router);
      const end = readInterface(written, ia, ifId, place);
      return end === undefined ? [] : [end];
    }),
  );
}

function readInterface(written: InterfaceDocument, ia: IA, ifId: IfId, place: Section): End | undefined {
  const remoteIa = place.at("isd_as").ia(written.isd_as);
  const linkTo = written.link_to.toLowerCase();
  if (!COUNTERPART.has(linkTo)) {
    const expected = "core, parent, child or peer";
    return place.at("link_to").mismatch(expected, written.link_to, place.closest(linkTo, COUNTERPART.keys()));
  }
  if (remoteIa === undefined) return undefined;
  const { local, public: before, remote = "" } = written.underlay ?? {};
  return {
    ia,
    ifId,
    place,
    remoteIa,
    remoteIfId: written.remote_interface_id ?? 0,
    linkTo,
    mtu: written.mtu ?? DEFAULT_MTU,
    local: local ?? before ?? "",
    remote,
  };
}

function join(ases: readonly OneAs[], title: string): Result<Imported, readonly Problem[]> {
  const ends = ases.flatMap((one) => one.ends);
  const pairs = pairUp(ends, new Set(ases.map(({ as }) => as.ia)));
  const infos = new Map(ases.map(({ as, info }) => [as.ia, info]));
  const origins: End[] = [];
  const links = pairs.flatMap(([one, other]): NetworkLink[] => {
    const link = joinEnds(one, other, infos);
    if (link !== undefined) origins.push(one);
    return link === undefined ? [] : [link];
  });
  const said = (): readonly Problem[] =>
    ases.flatMap(({ file }) => withSources(file.problems, file.text)).slice(0, MAX_FILES_WITH_PROBLEMS * 100);
  if (ases.some(({ file }) => file.problemCount > 0)) return err(said());
  const addresses = addressesOf(pairs);
  const network = assemble(
    { name: title, ases: ases.map((one) => withUnderlay(one, addresses)), links },
    {
      ofAs: (at, finding) => ases[at]?.file.atValue(["isd_as"], finding),
      ofLink: (at, _end, finding) => origins[at]?.place.problem(finding),
    },
  );
  if (network === undefined) return err(said());
  const indirect = ases.reduce((sum, { info }) => sum + (info?.indirect ?? 0), 0);
  const warnings = indirect === 0 ? [] : [`${indirect} interfaces are not direct links (LinkType): left out`];
  return ok({ network, format: "topology-json", warnings });
}

/** Underlay address of each interface: what its own AS says, else what the neighbour does. */
function addressesOf(pairs: readonly (readonly [End, End])[]): ReadonlyMap<string, string> {
  const all = pairs.flatMap(([one, other]) =>
    [
      [one, other],
      [other, one],
    ].flatMap(([end, far]): [string, string][] => {
      const { ia, ifId, local } = end as End;
      const address = canonicalEndpoint(local, true) ?? canonicalEndpoint((far as End).remote, true);
      return address === undefined ? [] : [[formatInterface(ia, ifId), address]];
    }),
  );
  return new Map(all);
}

function withUnderlay({ as, ends, internal }: OneAs, addresses: ReadonlyMap<string, string>): NetworkAs {
  const known = ends.flatMap(({ ia, ifId }): [string, string][] => {
    const address = addresses.get(formatInterface(ia, ifId));
    return address === undefined ? [] : [[String(ifId), address]];
  });
  if (known.length === 0 && internal === undefined) return as;
  const interfaces = known.length === 0 ? {} : { interfaces: Object.fromEntries(known) };
  return { ...as, underlay: { ...(internal === undefined ? {} : { internal }), ...interfaces } };
}

/** Each link as its two ends; an end without a counterpart is a problem. */
function pairUp(ends: readonly End[], ases: ReadonlySet<IA>): readonly (readonly [End, End])[] {
  const open = new Map(ends.map((end) => [formatInterface(end.ia, end.ifId), end]));
  const pairs: (readonly [End, End])[] = [];
  const take = (one: End, other: End): void => {
    pairs.push([one, other]);
    for (const { ia, ifId } of [one, other]) open.delete(formatInterface(ia, ifId));
  };
  for (const one of ends.filter(({ remoteIfId }) => remoteIfId > 0)) {
    const other = open.get(formatInterface(one.remoteIa, one.remoteIfId));
    if (!open.has(formatInterface(one.ia, one.ifId))) continue;
    if (other !== undefined && other !== one) take(one, other);
  }
  const byAddresses = new Map([...open.values()].map((end) => [`${end.ia} ${end.local} ${end.remote}`, end]));
  for (const one of open.values()) {
    const other = byAddresses.get(`${one.remoteIa} ${one.remote} ${one.local}`);
    if (one.remote === "" || one.local === "" || other === undefined || other === one) continue;
    if (isOpen(open, one) && isOpen(open, other) && other.remoteIa === one.ia) take(one, other);
  }
  const between = Map.groupBy(open.values(), ({ ia, remoteIa }) => `${ia} ${remoteIa}`);
  for (const one of open.values()) {
    const others = between.get(`${one.remoteIa} ${one.ia}`) ?? [];
    const [other] = others;
    const only = others.length === 1 && between.get(`${one.ia} ${one.remoteIa}`)?.length === 1;
    if (only && other !== undefined && other !== one && isOpen(open, one) && isOpen(open, other)) take(one, other);
  }
  for (const end of open.values()) end.place.problem(withoutCounterpart(end, ases));
  return pairs;
}

function isOpen(open: ReadonlyMap<string, End>, { ia, ifId }: End): boolean {
  return open.has(formatInterface(ia, ifId));
}

function withoutCounterpart({ ia, ifId, remoteIa }: End, ases: ReadonlySet<IA>): Finding {
  const name = formatInterface(ia, ifId);
  return ases.has(remoteIa)
    ? {
        message: `interface ${name} leads to ${remoteIa}, where no interface leads back`,
        expected: "an interface of the neighbour with these addresses, or remote_interface_id",
        found: name,
      }
    : {
        message: `interface ${name} leads to ${remoteIa}, which has no topology.json here`,
        expected: "a topology.json for each AS",
        found: remoteIa,
      };
}

/** The parent is end `a`; between equals the end read first. */
function joinEnds(one: End, other: End, infos: ReadonlyMap<IA, StaticInfo | undefined>): NetworkLink | undefined {
  if (!agree(one, other)) return undefined;
  const [a, b] = one.linkTo === "parent" ? [other, one] : [one, other];
  const type: LinkType = one.linkTo === "core" || one.linkTo === "peer" ? one.linkTo : "child";
  const known = (metric: "latency" | "rate"): number[] =>
    [a, b].flatMap(({ ia, ifId }) => infos.get(ia)?.[metric].get(ifId) ?? []);
  const [latencies, rates] = [known("latency"), known("rate")];
  return makeLink(
    { ia: a.ia, ifId: a.ifId },
    type,
    { ia: b.ia, ifId: b.ifId },
    {
      mtu: a.mtu,
      latency_ns: latencies.length === 0 ? DEFAULT_DIRECTION.latency_ns : Math.max(...latencies),
      rate_bps: rates.length === 0 ? DEFAULT_DIRECTION.rate_bps : Math.min(...rates),
    },
  );
}

function agree(one: End, other: End): boolean {
  const names = `${formatInterface(one.ia, one.ifId)} and ${formatInterface(other.ia, other.ifId)}`;
  const disagree = (what: string, key: string, here: string, there: string): false => {
    const message = `the ends of a link disagree on ${what}: ${names} say ${here} and ${there}`;
    one.place.at(key).problem({ message, expected: there, found: here });
    return false;
  };
  if (other.remoteIa !== one.ia || one.remoteIa !== other.ia)
    return disagree("the neighbour", "isd_as", one.remoteIa, other.remoteIa);
  const back = other.remoteIfId;
  if (back > 0 && back !== one.ifId)
    return disagree("the interface", "remote_interface_id", String(one.ifId), String(back));
  if (COUNTERPART.get(one.linkTo) !== other.linkTo) return disagree("the type", "link_to", one.linkTo, other.linkTo);
  return one.mtu === other.mtu || disagree("the MTU", "mtu", String(one.mtu), String(other.mtu));
}
