/**
 * `staticInfoConfig.json`, what an AS says about its links and its inside (scionproto
 * control/beaconing/staticinfo_config.go). Values between two interfaces may stand under either or both of them: the
 * larger latency and the smaller bandwidth hold, as scionproto makes them symmetric. 0 and nothing mean: unknown.
 */
import type { IfId } from "../../core/address.ts";
import type { InternalNetwork, InternalPair } from "../../core/scenario.ts";
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from "../../core/units.ts";
import { decode } from "../decode.ts";
import type { Position } from "../geography.ts";
import { Section } from "../section.ts";
import type { YamlFile } from "../yaml.ts";
import { isPosition } from "./positions.ts";
import { StaticInfoConfigDocument } from "./topology-json-schema.ts";

/** What an AS says, by interface id. */
export interface StaticInfo {
  readonly latency: ReadonlyMap<IfId, Nanos>;
  /** Bits a second. */
  readonly rate: ReadonlyMap<IfId, number>;
  readonly internal: InternalNetwork | undefined;
  /** Of the interface with the lowest id that has one. */
  readonly position: Position | undefined;
  readonly label: string | undefined;
  /** Links said to cross networks of others, which says nothing more here. */
  readonly indirect: number;
}

const UNITS: ReadonlyMap<string, Nanos> = new Map([
  ["ns", 1],
  ["us", MICROSECOND],
  ["µs", MICROSECOND],
  ["ms", MILLISECOND],
  ["s", SECOND],
  ["m", 60 * SECOND],
  ["h", 3_600 * SECOND],
]);

const KBIT = 1_000;
/** A pair of interfaces is one entry, whichever of them names the other. */
const PAIR = 65_536;
/** Longest label taken from a note or an address. */
const MAX_LABEL = 200;

export function readStaticInfo(file: YamlFile, interfaces: ReadonlySet<IfId>): StaticInfo | undefined {
  const document = decode(file, StaticInfoConfigDocument, StaticInfoConfigDocument);
  if (document === undefined) return undefined;
  const reader = new Reader(new Section(file), interfaces);
  const latency = reader.inter(document.Latency, "Latency", nanosOf);
  const rate = reader.inter(document.Bandwidth, "Bandwidth", bitsOf);
  const latencies = reader.intra(document.Latency, "Latency", nanosOf, Math.max);
  const rates = reader.intra(document.Bandwidth, "Bandwidth", bitsOf, Math.min);
  const geo = reader.geo(document.Geo);
  const label = geo?.address ?? document.Note;
  return file.problemCount > 0
    ? undefined
    : {
        latency,
        rate,
        internal: internalOf(latencies, rates),
        position: geo?.position,
        label: label?.slice(0, MAX_LABEL),
        indirect: Object.values(document.LinkType ?? {}).filter((type) => type.toLowerCase() !== "direct").length,
      };
}

type Metrics<T> = Readonly<Record<string, { readonly Inter?: T; readonly Intra?: Readonly<Record<string, T>> | null }>>;
type Kind = "Latency" | "Bandwidth";

class Reader {
  readonly #section: Section;
  readonly #interfaces: ReadonlySet<IfId>;

  constructor(section: Section, interfaces: ReadonlySet<IfId>) {
    this.#section = section;
    this.#interfaces = interfaces;
  }

  inter<T>(metrics: Metrics<T> | null | undefined, kind: Kind, valueOf: (value: T) => number): Map<IfId, number> {
    const values = new Map<IfId, number>();
    for (const [key, { Inter }] of Object.entries(metrics ?? {})) {
      const id = this.#interface(key, this.#section.at(kind, key));
      const value = Inter === undefined ? 0 : valueOf(Inter);
      if (id > 0 && value > 0) values.set(id, value);
    }
    return values;
  }

  intra<T>(
    metrics: Metrics<T> | null | undefined,
    kind: Kind,
    valueOf: (value: T) => number,
    pick: (one: number, other: number) => number,
  ): Map<number, number> {
    const values = new Map<number, number>();
    for (const [key, { Intra }] of Object.entries(metrics ?? {})) {
      const from = Number(key);
      for (const [other, written] of Object.entries(Intra ?? {})) {
        const to = this.#interface(other, this.#section.at(kind, key, "Intra", other));
        if (from === 0 || to === 0 || from === to) continue;
        const value = valueOf(written);
        const pair = Math.min(from, to) * PAIR + Math.max(from, to);
        values.set(pair, pick(value, values.get(pair) ?? value));
      }
    }
    return values;
  }

  geo(geo: StaticInfoConfigDocument["Geo"]): { position: Position; address: string | undefined } | undefined {
    const places = Object.entries(geo ?? {}).flatMap(([key, { Latitude, Longitude, Address }]) => {
      const position = { lat: Latitude, lon: Longitude };
      const place = this.#section.at("Geo", key);
      if (!isPosition(position)) place.mismatch("degrees north, -90 to 90, and east, -180 to 180", undefined);
      return [{ id: this.#interface(key, place), position, address: Address }];
    });
    return places.filter(({ id }) => id > 0).toSorted((left, right) => left.id - right.id)[0];
  }

  /** 0 where this is no interface; that of id 0 is passed over, as scionproto does. */
  #interface(key: string, place: Section): IfId {
    if (/^0*$/.test(key)) return 0;
    const id = /^\d{1,5}$/.test(key) ? Number(key) : -1;
    if (this.#interfaces.has(id)) return id;
    const didYouMean = place.closest(key, [...this.#interfaces].map(String));
    const message = `the AS has no interface ${key}`;
    place.ofKey().problem({ message, expected: "an interface of its topology.json", found: key, didYouMean });
    return 0;
  }
}

function nanosOf(text: string): Nanos {
  const [, number = "0", unit = ""] = /^([\d.]+)(\D+)$/.exec(text) ?? [];
  return Math.round(Number(number) * (UNITS.get(unit) ?? 0));
}

function bitsOf(kbps: number): number {
  return kbps * KBIT;
}

function internalOf(
  latencies: ReadonlyMap<number, number>,
  rates: ReadonlyMap<number, number>,
): InternalNetwork | undefined {
  const named = [...new Set([...latencies.keys(), ...rates.keys()])].toSorted((left, right) => left - right);
  const pairs = named.map(
    (pair): InternalPair => ({
      a: Math.floor(pair / PAIR),
      b: pair % PAIR,
      latency_ns: latencies.get(pair) ?? 0,
      rate_bps: rates.get(pair) ?? 0,
    }),
  );
  return pairs.length === 0 ? undefined : { latency_ns: 0, rate_bps: 0, pairs };
}
