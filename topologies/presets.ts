/** Networks that come with Pathloom, by name. */
import { formatIA, type IA } from "../core/address.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { Network, NetworkLink } from "../core/scenario.ts";
import { MILLISECOND } from "../core/units.ts";
import { type LinkOptions, makeAs, makeEnd, makeLink, makeNetwork } from "./model.ts";
import { alternatives, type Finding } from "./problems.ts";
import { closest } from "./suggest.ts";

/** A parameter of a preset: a whole number. */
export interface PresetParameter {
  readonly minimum: number;
  readonly maximum: number;
  readonly default: number;
  readonly description: string;
}

export type PresetParameters = Readonly<Record<string, PresetParameter>>;

interface Preset {
  readonly description: string;
  readonly parameters: PresetParameters;
  readonly build: (values: Readonly<Record<string, number>>) => Network;
}

const MBIT = 1_000_000;

/** `1-ff00:0:110`; presets count their ASes from there. */
const FIRST_AS = 0xff00_0000_0110;

/** A core segment has room for 63 hop fields. */
const MAX_LINE = 63;

const preset = (description: string, parameters: PresetParameters, build: Preset["build"]): Preset => ({
  description,
  parameters,
  build,
});

const parameter = (minimum: number, maximum: number, byDefault: number, description: string): PresetParameter => ({
  minimum,
  maximum,
  default: byDefault,
  description,
});

/** The presets by name, with their parameters. */
export const PRESETS: ReadonlyMap<string, Preset> = new Map([
  ["tiny", preset("a core AS, 1-ff00:0:110, and two children, 111 and 112", {}, tiny)],
  ["diamond", preset("three disjoint ways from 1-ff00:0:110 to 120: short, fast and wide", {}, diamond)],
  ["line", preset("core ASes in a row", { length: parameter(2, MAX_LINE, 3, "number of ASes") }, line)],
  [
    "grid",
    preset(
      "core ASes in rows and columns",
      { rows: parameter(1, 100, 3, "number of rows"), columns: parameter(1, 100, 3, "number of columns") },
      grid,
    ),
  ],
  [
    "parallel",
    preset(
      "two core ASes, parallel links of unlike rates",
      { links: parameter(1, 64, 4, "number of links") },
      parallel,
    ),
  ],
]);

/** A finding about a preset; `parameter` names the parameter at fault, null means the preset's name. */
export interface PresetFinding extends Finding {
  readonly parameter: string | null;
}

/** The network of a preset; parameters left out take their defaults. */
export function buildPreset(
  name: string,
  values: Readonly<Record<string, number>> = {},
): Result<Network, readonly PresetFinding[]> {
  const found = PRESETS.get(name);
  if (found === undefined) return err([unknownPreset(name)]);
  const findings = Object.entries(values).flatMap(([key, value]) => checkParameter(name, found.parameters, key, value));
  if (findings.length > 0) return err(findings);
  const defaults = Object.entries(found.parameters).map(([key, { default: value }]) => [key, value]);
  return ok(found.build({ ...Object.fromEntries(defaults), ...values }));
}

function unknownPreset(name: string): PresetFinding {
  const expected = alternatives([...PRESETS.keys()]);
  return {
    parameter: null,
    message: `unknown preset ${JSON.stringify(name)}: expected ${expected}`,
    expected,
    found: JSON.stringify(name),
    didYouMean: closest(name, PRESETS.keys()),
  };
}

function checkParameter(name: string, known: PresetParameters, key: string, value: number): readonly PresetFinding[] {
  const limits = Object.hasOwn(known, key) ? known[key] : undefined;
  const found = JSON.stringify(key);
  if (limits === undefined) {
    const names = Object.keys(known);
    const expected = names.length === 0 ? "no parameters" : alternatives(names);
    const message = `preset ${name} has no parameter ${found}: expected ${expected}`;
    return [{ parameter: key, message, expected, found, didYouMean: closest(key, names) }];
  }
  if (Number.isInteger(value) && value >= limits.minimum && value <= limits.maximum) return [];
  const expected = `a whole number from ${limits.minimum} to ${limits.maximum}`;
  return [{ parameter: key, message: `${key}: expected ${expected}, found ${value}`, expected, found: `${value}` }];
}

function numberedIa(index: number): IA {
  return formatIA(1, FIRST_AS + index);
}

/** An AS of ISD 1 by the last group of its number, as written: `as(0x110)` is `1-ff00:0:110`. */
function as(group: number): IA {
  return formatIA(1, 0xff00_0000_0000 + group);
}

function coreLink(from: IA, fromIf: number, to: IA, toIf: number, options: LinkOptions = {}): NetworkLink {
  return makeLink(makeEnd(from, fromIf), "core", makeEnd(to, toIf), options);
}

function tiny(): Network {
  const [core, left, right] = [as(0x110), as(0x111), as(0x112)];
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
  const [source, destination] = [as(0x110), as(0x120)];
  const short = { latency_ns: 20 * MILLISECOND, rate_bps: 50 * MBIT };
  const fast = { latency_ns: 5 * MILLISECOND, rate_bps: 20 * MBIT };
  const wide = { latency_ns: 30 * MILLISECOND, rate_bps: 100 * MBIT };
  return makeNetwork(
    "diamond",
    [0x110, 0x120, 0x130, 0x140, 0x141, 0x150].map((group) => makeAs(as(group), true)),
    [
      coreLink(source, 1, as(0x130), 1, short),
      coreLink(as(0x130), 2, destination, 1, short),
      coreLink(source, 2, as(0x140), 1, fast),
      coreLink(as(0x140), 2, as(0x141), 1, fast),
      coreLink(as(0x141), 2, destination, 2, fast),
      coreLink(source, 3, as(0x150), 1, wide),
      coreLink(as(0x150), 2, destination, 3, wide),
    ],
  );
}

/** Interface 1 leads back, 2 onward. */
function line({ length = 0 }: Readonly<Record<string, number>>): Network {
  const ases = Array.from({ length }, (_, at) => makeAs(numberedIa(at), true));
  const links = ases.slice(1).map((_, at) => coreLink(numberedIa(at), 2, numberedIa(at + 1), 1));
  return makeNetwork(`line-${length}`, ases, links);
}

/** Interface 1 leads to the right, 2 to the left, 3 down, 4 up. ASes are numbered row by row. */
function grid({ rows = 0, columns = 0 }: Readonly<Record<string, number>>): Network {
  const ases = Array.from({ length: rows * columns }, (_, at) => makeAs(numberedIa(at), true));
  const links = ases.flatMap(({ ia }, at): NetworkLink[] => {
    const right = (at + 1) % columns === 0 ? [] : [coreLink(ia, 1, numberedIa(at + 1), 2)];
    const down = at + columns >= ases.length ? [] : [coreLink(ia, 3, numberedIa(at + columns), 4)];
    return [...right, ...down];
  });
  return makeNetwork(`grid-${rows}x${columns}`, ases, links);
}

/** Link n joins the interfaces n of both ASes; rates are 8, 16, 32, 64, 8, 16 ... Mbit/s. */
function parallel({ links = 0 }: Readonly<Record<string, number>>): Network {
  const [left, right] = [as(0x110), as(0x120)];
  const rates = [8, 16, 32, 64];
  return makeNetwork(
    `parallel-${links}`,
    [makeAs(left, true), makeAs(right, true)],
    Array.from({ length: links }, (_, at) =>
      coreLink(left, at + 1, right, at + 1, { rate_bps: (rates[at % rates.length] ?? 0) * MBIT }),
    ),
  );
}
