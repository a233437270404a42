/**
 * Links of the usual access technologies, by name. Each value is a published measurement that `source` names, or says that it is an
 * assumption; docs/presets.md has the table. They are examples of a technology, not the best or the newest of it.
 *
 * `ab` is the direction from the provider to the customer (for a child link, from parent to child).
 */
import type { DelayModel, LinkDirection } from "../core/scenario.ts";
import { MICROSECOND, MILLISECOND, SECOND } from "../core/units.ts";
import { withQueueTime } from "./model.ts";

export interface LinkPreset {
  readonly description: string;
  readonly source: string;
  /** Down: from a to b, towards the customer. */
  readonly ab: Partial<LinkDirection>;
  /** Up: from b to a. */
  readonly ba: Partial<LinkDirection>;
}

const MBIT = 1_000_000;

function jitter(deviation_ns: number, bound_ns: number): DelayModel {
  return { kind: "normal", deviation_ns, bound_ns };
}

const fibre: Partial<LinkDirection> = {
  latency_ns: 2 * MILLISECOND,
  delay: jitter(100 * MICROSECOND, 500 * MICROSECOND),
  ...withQueueTime(1_000 * MBIT, 10),
};

const dsl: Partial<LinkDirection> = { latency_ns: 10 * MILLISECOND, delay: jitter(MILLISECOND, 4 * MILLISECOND) };

const lte: Partial<LinkDirection> = {
  latency_ns: 26_500 * MICROSECOND,
  delay: jitter(5 * MILLISECOND, 15 * MILLISECOND),
};

/** Half the scale of the round trip's distribution in each direction. */
const wifi: Partial<LinkDirection> = {
  latency_ns: MILLISECOND,
  delay: { kind: "pareto", scale_ns: 27 * MILLISECOND, shape: 2.2, maximum_ns: 125 * MILLISECOND },
  burst: { good_ns: 10 * SECOND, bad_ns: 20 * MILLISECOND, loss_good: 0, loss_bad: 0.5 },
  ...withQueueTime(50 * MBIT, 100),
};

const satellite: Partial<LinkDirection> = {
  latency_ns: 300 * MILLISECOND,
  delay: jitter(10 * MILLISECOND, 30 * MILLISECOND),
};

const leo: Partial<LinkDirection> = {
  latency_ns: 22 * MILLISECOND,
  delay: jitter(10_500 * MICROSECOND, 12 * MILLISECOND),
  burst: { good_ns: 15 * SECOND, bad_ns: 100 * MILLISECOND, loss_good: 0, loss_bad: 0.5 },
};

/** The link presets by name; what a preset does not say keeps its default. */
export const LINK_PRESETS: ReadonlyMap<string, LinkPreset> = new Map([
  [
    "fibre",
    {
      description: "fibre to the home: 1 Gbit/s both ways, 2 ms",
      source:
        "latency: half of the 9 ms round trip to a test server of a fibre provider, shared evenly with the network behind it (Ookla, USA, second quarter of 2019); rate, jitter and queue are assumptions",
      ab: fibre,
      ba: fibre,
    },
  ],
  [
    "dsl",
    {
      description: "ADSL2+: 7 Mbit/s down, 1 Mbit/s up, 10 ms, deep queue upward",
      source:
        "rate down: mean of lines sold as up to 20 or 24 Mbit/s (Ofcom, November 2011); rate up: the order of ITU-T G.992.5's limit without its annexes; interleaving as the cause of last-mile latency: Bajpai, Eravuchira and Schönwälder, CCR 47(5), 2017; its 10 ms, jitter and queues are assumptions",
      ab: { ...dsl, ...withQueueTime(7 * MBIT, 100) },
      ba: { ...dsl, ...withQueueTime(MBIT, 300) },
    },
  ],
  [
    "lte",
    {
      description: "4G: 14.7 Mbit/s down, 13.6 Mbit/s up, 26.5 ms, deep queues",
      source:
        "rates and the round trip of 53.1 ms: means of four operators in five towns (Ofcom, fourth quarter of 2014); even split of the latency, jitter and queues are assumptions; no loss because the radio link repeats what it loses",
      ab: { ...lte, ...withQueueTime(14_700_000, 500) },
      ba: { ...lte, ...withQueueTime(13_600_000, 500) },
    },
  ],
  [
    "wifi",
    {
      description: "a busy campus Wi-Fi: 50 Mbit/s, long-tailed delay, short bursts of loss",
      source:
        "delay: round trip over the Wi-Fi hop above 20 ms for half and above 100 ms for a tenth of the packets, 250 ms at most (Pei and others, WiFi can be the weakest link of round trip network latency in the wild, INFOCOM 2016), a Lomax distribution through both points, half its scale each way; bursty loss: 802.11g packet-loss behavior at high sustained bit rates in the home; its figures, rate and queue are assumptions",
      ab: wifi,
      ba: wifi,
    },
  ],
  [
    "satellite",
    {
      description: "geostationary satellite: 19.3 Mbit/s down, 2.54 Mbit/s up, 300 ms",
      source:
        "rates: medians of HughesNet (Ookla, third quarter of 2021); latency: half of a least round trip of about 600 ms (Michel and others, A First Look at Starlink Performance, IMC 2022), of which 240 to 279 ms are propagation (RFC 2488, section 2); jitter and queues are assumptions",
      ab: { ...satellite, ...withQueueTime(19_300_000, 200) },
      ba: { ...satellite, ...withQueueTime(2_540_000, 200) },
    },
  ],
  [
    "leo",
    {
      description: "low-orbit satellites: 87.25 Mbit/s down, 13.54 Mbit/s up, 22 ms, loss at handovers",
      source:
        "rates and the round trip of 44 ms: medians of Starlink (Ookla, third quarter of 2021); spread: quartiles 40 and 60 ms, least 20 ms (Michel and others, IMC 2022); a new path each 15 s (Mohan and others, arXiv 2310.09242), up to half of the packets lost around it (Kassem and others, A Browser-side View of Starlink Connectivity, IMC 2022); the 100 ms of such a loss and the queues are assumptions",
      ab: { ...leo, ...withQueueTime(87_250_000, 100) },
      ba: { ...leo, ...withQueueTime(13_540_000, 100) },
    },
  ],
]);
