/** Reads the properties of an AS. */
import type { IA, IfId } from "../core/address.ts";
import type { InternalNetwork, InternalPair, NetworkAs, NetworkLink } from "../core/scenario.ts";
import { readDispatchedPorts, readServices } from "./end-hosts.ts";
import { readFixedRate } from "./line-rates.ts";
import { readMtu } from "./links.ts";
import { makeAs } from "./model.ts";
import type { AsDocument, InternalDocument } from "./scenario/topology.ts";
import type { Section } from "./section.ts";
import { readUnderlay } from "./underlay.ts";
import { DURATION } from "./units.ts";

export function readAs(ia: IA, document: AsDocument, section: Section): NetworkAs {
  const { core = false, mtu, label, position, internal, dispatched_ports, services, underlay } = document ?? {};
  const as = makeAs(ia, core, mtu === undefined ? undefined : readMtu(mtu, section.at("mtu")));
  return {
    ...as,
    ...(label === undefined ? {} : { label }),
    ...(position === undefined ? {} : { position }),
    ...(internal === undefined ? {} : { internal: readInternal(internal, section.at("internal")) }),
    ...(dispatched_ports === undefined ? {} : readDispatchedPorts(dispatched_ports, section.at("dispatched_ports"))),
    ...(services === undefined ? {} : { services: readServices(services, section.at("services")) }),
    ...(underlay === undefined ? {} : { underlay: readUnderlay(underlay, section.at("underlay")) }),
  };
}

function readInternal({ latency, rate, pairs = [] }: InternalDocument, section: Section): InternalNetwork {
  const latency_ns = latency === undefined ? 0 : (section.at("latency").quantity(latency, DURATION) ?? 0);
  const rate_bps = rate === undefined ? 0 : readFixedRate(rate, section.at("rate"));
  const read = pairs.map((pair, at): InternalPair => {
    const place = section.at("pairs", at);
    const [a, b] = pair.between;
    if (a === b) place.at("between").mismatch("two interfaces", `[${a}, ${b}]`);
    return {
      a,
      b,
      latency_ns: pair.latency === undefined ? latency_ns : (place.at("latency").quantity(pair.latency, DURATION) ?? 0),
      rate_bps: pair.rate === undefined ? rate_bps : readFixedRate(pair.rate, place.at("rate")),
    };
  });
  return { latency_ns, rate_bps, pairs: read };
}

/** A pair names interfaces that the AS has, and no pair stands twice. `keys` are the ASes as the file writes them. */
export function checkInternalPairs(
  documents: Readonly<Record<string, AsDocument>>,
  ases: readonly NetworkAs[],
  links: readonly NetworkLink[],
  keys: ReadonlyMap<IA, string>,
  section: Section,
): void {
  const inside = ases.filter(({ internal }) => internal !== undefined && internal.pairs.length > 0);
  if (inside.length === 0) return;
  const used = Map.groupBy(
    links.flatMap(({ a, b }) => [a, b]),
    ({ ia }) => ia,
  );
  for (const { ia, internal } of inside) {
    const key = keys.get(ia) ?? ia;
    if (documents[key] === undefined) continue;
    const known = new Set<IfId>([0, ...(used.get(ia) ?? []).map(({ ifId }) => ifId)]);
    checkPairs(ia, internal?.pairs ?? [], known, section.at(key, "internal", "pairs"));
  }
}

function checkPairs(ia: IA, pairs: readonly InternalPair[], known: ReadonlySet<IfId>, section: Section): void {
  const seen = new Set<string>();
  for (const [at, { a, b }] of pairs.entries()) {
    const place = section.at(at, "between");
    const unknown = [a, b].find((ifId) => !known.has(ifId));
    if (unknown !== undefined) {
      const message = `AS ${ia} has no interface ${unknown}: no link ends there`;
      place.problem({ message, expected: "an interface of the AS, or 0 for its hosts", found: String(unknown) });
    }
    const pair = `${Math.min(a, b)} ${Math.max(a, b)}`;
    if (seen.has(pair)) {
      const message = `the interfaces ${a} and ${b} of AS ${ia} stand here twice`;
      place.problem({ message, expected: "each pair once", found: `[${a}, ${b}]` });
    }
    seen.add(pair);
  }
}
