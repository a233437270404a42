/**
 * A network shaped like the Internet, with ISDs. Three tiers, all of them parameters:
 *
 * - Each ISD has a place on the globe, its ASes lie around it, and the same number of ASes but one.
 * - Tier 1 are the core ASes. Within an ISD they are all joined to each other. Each ISD but the first is joined to the
 *   nearest one before it by two links between different core ASes, and any other two ISDs by one link with
 *   probability 0.3.
 * - Tier 2 have providers in tier 1, tier 3 have providers in tier 2 (in tier 1, where their ISD has no tier 2), all in
 *   their own ISD, chosen with a probability proportional to 1 + the customers they have so far. The number of
 *   providers is the mean rounded down, or one more with a probability that meets the mean.
 * - Each tier 2 AS asks three others of its ISD and one of any ISD for peering, and has it with the given probability.
 *
 * Latencies are those of fibre along the great circle, rates go by tier, queues hold 50 ms.
 */
import type { IA } from "../../core/address.ts";
import { RandomStream } from "../../core/rng.ts";
import type { LinkType, Network } from "../../core/scenario.ts";
import { fibreDelay, greatCircleKm, type Position } from "../geography.ts";
import { withQueueTime } from "../model.ts";
import { MAX_ASES, preset, type PresetConflict, real, SEED, whole } from "../presets/parameters.ts";
import { numberedIa, Wiring } from "./numbering.ts";

const GBIT = 1_000_000_000;
const RATES = { core: 100 * GBIT, tier2: 10 * GBIT, tier3: GBIT, peer: 10 * GBIT };
const QUEUE_MS = 50;

/** Share of the pairs of ISDs not joined already that have a link. */
const ISD_LINK_SHARE = 0.3;

/** How many a tier 2 AS asks for peering in its own ISD, and in any. */
const PEERS_ASKED = { own: 3, any: 1 };

/** Half the width in degrees of the area around an ISD's centre. */
const ISD_SPREAD = 8;

interface Shape {
  readonly ases: number;
  readonly isds: number;
  readonly cores: number;
  readonly tier2: number;
  readonly providers: number;
  readonly peering: number;
  readonly seed: number;
}

export const INTERNET = preset(
  "three tiers in several ISDs, multihomed, with peering; latencies by distance",
  {
    ases: whole(1, MAX_ASES, 100, "number of ASes"),
    isds: whole(1, 100, 3, "number of ISDs"),
    cores: whole(1, 20, 3, "core ASes in each ISD"),
    tier2: real(0, 1, 0.15, "share of the non-core ASes that are in the second tier"),
    providers: real(1, 4, 1.6, "mean number of providers of a non-core AS"),
    peering: real(0, 1, 0.1, "probability that a tier 2 AS has a peering it asks for"),
    seed: SEED,
  },
  (shape) => new Internet(shape).build(),
  ({ ases, isds, cores }): PresetConflict | null =>
    isds * cores <= ases
      ? null
      : { parameter: "ases", expected: `at least the ${isds * cores} core ASes of ${isds} ISDs with ${cores} each` },
);

interface PlacedAs {
  readonly ia: IA;
  readonly position: Position;
}

interface Isd {
  readonly centre: Position;
  readonly core: readonly PlacedAs[];
  readonly tier2: readonly PlacedAs[];
  readonly tier3: readonly PlacedAs[];
}

class Internet {
  readonly #shape: Shape;
  readonly #wiring = new Wiring();
  readonly #linked = new Set<string>();

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  build(): Network {
    const isds = this.#layOut();
    this.#joinCores(isds);
    this.#joinCustomers(isds);
    this.#joinPeers(isds);
    return this.#wiring.network(`internet-${this.#shape.ases}`);
  }

  #stream(purpose: string): RandomStream {
    return new RandomStream(this.#shape.seed, "topology/internet", purpose);
  }

  #layOut(): readonly Isd[] {
    const { ases, isds, cores, tier2 } = this.#shape;
    const stream = this.#stream("positions");
    let index = 0;
    return Array.from({ length: isds }, (_, at): Isd => {
      const centre = { lat: 100 * stream.uniform() - 40, lon: 360 * stream.uniform() - 180 };
      const place = (core: boolean): PlacedAs => {
        const as = { ia: numberedIa(index, at + 1), position: scatter(centre, stream) };
        this.#wiring.add(as.ia, core, { position: as.position });
        index++;
        return as;
      };
      const others = Math.floor(ases / isds) + (at < ases % isds ? 1 : 0) - cores;
      const second = Math.min(others, tier2 > 0 ? Math.max(1, Math.round(others * tier2)) : 0);
      return {
        centre,
        core: Array.from({ length: cores }, () => place(true)),
        tier2: Array.from({ length: second }, () => place(false)),
        tier3: Array.from({ length: others - second }, () => place(false)),
      };
    });
  }

  #joinCores(isds: readonly Isd[]): void {
    const stream = this.#stream("isds");
    for (const [at, isd] of isds.entries()) {
      for (const [later, as] of isd.core.entries()) {
        for (const earlier of isd.core.slice(0, later)) this.#join(earlier, "core", as, RATES.core);
      }
      const before = isds.slice(0, at);
      const nearest = before.toSorted(
        (left, right) => greatCircleKm(left.centre, isd.centre) - greatCircleKm(right.centre, isd.centre),
      )[0];
      for (const other of before) {
        const links = other === nearest ? Math.min(2, isd.core.length) : stream.uniform() < ISD_LINK_SHARE ? 1 : 0;
        const [from, to] = [stream.below(other.core.length), stream.below(isd.core.length)];
        for (let link = 0; link < links; link++) {
          const [one, two] = [
            other.core.at((from + link) % other.core.length),
            isd.core.at((to + link) % isd.core.length),
          ];
          if (one !== undefined && two !== undefined) this.#join(one, "core", two, RATES.core);
        }
      }
    }
  }

  #joinCustomers(isds: readonly Isd[]): void {
    const stream = this.#stream("providers");
    for (const { core, tier2, tier3 } of isds) {
      this.#attach(tier2, core, RATES.tier2, stream);
      this.#attach(tier3, tier2.length > 0 ? tier2 : core, RATES.tier3, stream);
    }
  }

  #attach(customers: readonly PlacedAs[], providers: readonly PlacedAs[], rate: number, stream: RandomStream): void {
    const mean = this.#shape.providers;
    /** Every provider once, and once more for each of its customers. */
    const tickets = [...providers];
    for (const customer of customers) {
      const wanted = Math.floor(mean) + (stream.uniform() < mean - Math.floor(mean) ? 1 : 0);
      const chosen = new Set<PlacedAs>();
      while (chosen.size < Math.min(wanted, providers.length)) {
        const provider = tickets[stream.below(tickets.length)];
        if (provider !== undefined) chosen.add(provider);
      }
      for (const provider of chosen) this.#join(provider, "child", customer, rate);
      tickets.push(...chosen);
    }
  }

  #joinPeers(isds: readonly Isd[]): void {
    const stream = this.#stream("peering");
    const everyone = isds.flatMap(({ tier2 }) => tier2);
    for (const { tier2 } of isds) {
      for (const asking of tier2) {
        this.#askForPeering(asking, tier2, PEERS_ASKED.own, stream);
        this.#askForPeering(asking, everyone, PEERS_ASKED.any, stream);
      }
    }
  }

  #askForPeering(asking: PlacedAs, others: readonly PlacedAs[], times: number, stream: RandomStream): void {
    for (let time = 0; time < times; time++) {
      const other = others[stream.below(others.length)];
      const wanted = stream.uniform() < this.#shape.peering;
      if (!wanted || other === undefined || other === asking) continue;
      const pair = asking.ia < other.ia ? `${asking.ia} ${other.ia}` : `${other.ia} ${asking.ia}`;
      if (this.#linked.has(pair)) continue;
      this.#linked.add(pair);
      this.#join(asking, "peer", other, RATES.peer);
    }
  }

  #join(a: PlacedAs, type: LinkType, b: PlacedAs, rate: number): void {
    const latency_ns = fibreDelay(a.position, b.position);
    this.#wiring.link(a.ia, type, b.ia, { latency_ns, ...withQueueTime(rate, QUEUE_MS) });
  }
}

/** Densest at the centre, to 0.001 degrees. */
function scatter({ lat, lon }: Position, stream: RandomStream): Position {
  const offset = (): number => (stream.uniform() + stream.uniform() - 1) * ISD_SPREAD;
  const rounded = (degrees: number): number => Math.round(degrees * 1_000) / 1_000;
  const east = lon + offset();
  const wrapped = east >= 180 ? east - 360 : east < -180 ? east + 360 : east;
  return { lat: rounded(lat + offset()), lon: rounded(wrapped) };
}
