/** Networks of a few ASes, each made to show one thing. */
import type { Network, NetworkLink } from "../../core/scenario.ts";
import type { IA } from "../../core/address.ts";
import { MILLISECOND } from "../../core/units.ts";
import { iaOf } from "../generate/numbering.ts";
import { type LinkOptions, makeAs, makeEnd, makeLink, makeNetwork } from "../model.ts";
import { preset, type Preset, whole } from "./parameters.ts";

const MBIT = 1_000_000;

export const SMALL: readonly (readonly [string, Preset])[] = [
  ["tiny", preset("a core AS, 1-ff00:0:110, and two children, 111 and 112", {}, tiny)],
  ["diamond", preset("three disjoint ways from 1-ff00:0:110 to 120: short, fast and wide", {}, diamond)],
  [
    "parallel",
    preset("two core ASes, parallel links of unlike rates", { links: whole(1, 64, 4, "number of links") }, parallel),
  ],
];

function coreLink(from: IA, fromIf: number, to: IA, toIf: number, options: LinkOptions = {}): NetworkLink {
  return makeLink(makeEnd(from, fromIf), "core", makeEnd(to, toIf), options);
}

function tiny(): Network {
  const [core, left, right] = [iaOf(0x110), iaOf(0x111), iaOf(0x112)];
  return makeNetwork(
    "tiny",
    [makeAs(core, true), makeAs(left, false), makeAs(right, false)],
    [makeLink(makeEnd(core, 1), "child", makeEnd(left, 41)), makeLink(makeEnd(core, 2), "child", makeEnd(right, 1))],
  );
}

/**
 * The ways differ so that policies part: `shortest` takes the one over 130 (2 links, 40 ms), `lowest-latency` the one
 * over 140 and 141 (3 links, 15 ms), and the one over 150 is slow and has the highest rate.
 */
function diamond(): Network {
  const [source, destination] = [iaOf(0x110), iaOf(0x120)];
  const short = { latency_ns: 20 * MILLISECOND, rate_bps: 50 * MBIT };
  const fast = { latency_ns: 5 * MILLISECOND, rate_bps: 20 * MBIT };
  const wide = { latency_ns: 30 * MILLISECOND, rate_bps: 100 * MBIT };
  return makeNetwork(
    "diamond",
    [0x110, 0x120, 0x130, 0x140, 0x141, 0x150].map((group) => makeAs(iaOf(group), true)),
    [
      coreLink(source, 1, iaOf(0x130), 1, short),
      coreLink(iaOf(0x130), 2, destination, 1, short),
      coreLink(source, 2, iaOf(0x140), 1, fast),
      coreLink(iaOf(0x140), 2, iaOf(0x141), 1, fast),
      coreLink(iaOf(0x141), 2, destination, 2, fast),
      coreLink(source, 3, iaOf(0x150), 1, wide),
      coreLink(iaOf(0x150), 2, destination, 3, wide),
    ],
  );
}

/** Link n joins the interfaces n of both ASes; rates are 8, 16, 32, 64, 8, 16 ... Mbit/s. */
function parallel({ links }: { readonly links: number }): Network {
  const [left, right] = [iaOf(0x110), iaOf(0x120)];
  const rates = [8, 16, 32, 64];
  return makeNetwork(
    `parallel-${links}`,
    [makeAs(left, true), makeAs(right, true)],
    Array.from({ length: links }, (_, at) =>
      coreLink(left, at + 1, right, at + 1, { rate_bps: (rates[at % rates.length] ?? 0) * MBIT }),
    ),
  );
}
