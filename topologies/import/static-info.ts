/**
 * Static info of a testbed: cities, a model of latency, rates by tier (`staticinfo.yml` of netsys-lab's IETF testbeds,
 * its `gen_staticinfo.py`). It goes with a `.topo` file and wins over the latencies and rates that stand there.
 */
import { iaParts } from "../../core/address.ts";
import { err, ok, type Result } from "../../core/result.ts";
import type { LinkType, Network, NetworkAs, NetworkLink } from "../../core/scenario.ts";
import { MILLISECOND } from "../../core/units.ts";
import { decode } from "../decode.ts";
import { greatCircleKm } from "../geography.ts";
import { type Problem, withSources } from "../problems.ts";
import { Section } from "../section.ts";
import { parseYaml } from "../yaml.ts";
import { checkText, type SourceFile } from "./source.ts";
import { StaticInfoDocument } from "./topo-schema.ts";

const MBIT = 1_000_000;
const TIERS: Readonly<Record<LinkType, "core" | "parent_child" | "peer">> = {
  core: "core",
  child: "parent_child",
  peer: "peer",
};

export function applyStaticInfo(network: Network, source: SourceFile): Result<Network, readonly Problem[]> {
  const checked = checkText(source, "static info in YAML");
  if (!checked.ok) return checked;
  const { path, text } = checked.value;
  const parsed = parseYaml(text, path);
  if (!parsed.ok) return err(withSources(parsed.error, text));
  const file = parsed.value;
  const document = decode(file, StaticInfoDocument, StaticInfoDocument);
  if (document !== undefined) checkNames(network, document, new Section(file));
  if (document === undefined || file.problemCount > 0) return err(withSources(file.problems, text));
  return ok({
    ...network,
    ases: network.ases.map((as) => placeAs(as, document)),
    links: network.links.map((link) => shapeLink(link, document)),
  });
}

function asNumber({ ia }: { readonly ia: string }): string {
  return ia.slice(ia.indexOf("-") + 1);
}

/** Every AS has its place, and what is overridden exists. */
function checkNames(network: Network, { ases, overrides }: StaticInfoDocument, section: Section): void {
  for (const as of network.ases) {
    if (Object.hasOwn(ases, asNumber(as))) continue;
    const message = `AS ${asNumber(as)} of the topology has no place here`;
    section.at("ases").problem({ message, expected: `a place for ${asNumber(as)}`, found: "none" });
  }
  const names = new Set(network.ases.map(asNumber));
  for (const key of Object.keys(ases).filter((name) => !names.has(name))) {
    const place = section.at("ases", key).ofKey();
    const didYouMean = section.closest(key, names);
    place.problem({
      message: `the topology has no AS ${key}`,
      expected: "an AS of the topology",
      found: key,
      didYouMean,
    });
  }
  const pairs = new Set(network.links.map(linkKey));
  for (const key of Object.keys(overrides ?? {}).filter((name) => !pairs.has(name))) {
    const place = section.at("overrides", key).ofKey();
    const didYouMean = section.closest(key, pairs);
    const message = `the topology has no link ${key}: expected two AS numbers, the lower first`;
    place.problem({ message, expected: "a link of the topology", found: key, didYouMean });
  }
}

/** `LOW-HIGH`, the AS numbers of both ends. */
function linkKey({ a, b }: NetworkLink): string {
  const [low, high] = iaParts(a.ia).as <= iaParts(b.ia).as ? [a, b] : [b, a];
  return `${asNumber(low)}-${asNumber(high)}`;
}

function placeAs(as: NetworkAs, { ases, intra }: StaticInfoDocument): NetworkAs {
  const place = ases[asNumber(as)];
  if (place === undefined) return as;
  const label = place.city ?? as.label;
  const inside = intra === undefined ? as.internal : insideOf(intra);
  return {
    ...as,
    ...(label === undefined ? {} : { label }),
    position: { lat: place.lat, lon: place.lon },
    ...(inside === undefined ? {} : { internal: inside }),
  };
}

function insideOf({ latency_ms, bandwidth_mbit }: NonNullable<StaticInfoDocument["intra"]>) {
  return {
    latency_ns: Math.round(latency_ms * MILLISECOND),
    rate_bps: Math.max(1, Math.round(bandwidth_mbit * MBIT)),
    pairs: [],
  };
}

function shapeLink(link: NetworkLink, document: StaticInfoDocument): NetworkLink {
  const { overrides, tiers_mbit } = document;
  const override = (Object.hasOwn(overrides ?? {}, linkKey(link)) ? overrides?.[linkKey(link)] : undefined) ?? {};
  const latency_ms = override.latency_ms ?? modelLatency(link, document);
  const mbit = override.bandwidth_mbit ?? tiers_mbit[TIERS[link.type]];
  const values = {
    latency_ns: Math.round(latency_ms * MILLISECOND),
    rate_bps: Math.max(1, Math.round(mbit * MBIT)),
  };
  return { ...link, ab: { ...link.ab, ...values }, ba: { ...link.ba, ...values } };
}

/** Great circle at the model's speed, at least the floor, rounded to the model's step. */
function modelLatency({ a, b }: NetworkLink, { ases, model }: StaticInfoDocument): number {
  const [from, to] = [ases[asNumber(a)], ases[asNumber(b)]];
  if (from === undefined || to === undefined) return model.floor_ms;
  const light = (greatCircleKm(from, to) / model.speed_km_per_s) * 1_000;
  const steps = Math.round(Math.max(light, model.floor_ms) / model.round_ms);
  return steps * model.round_ms;
}
