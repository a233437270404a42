/**
 * The parameters of the path policies that ship: what may stand there, its default, and what a policy makes of it. Scenario files, the
 * command line and the policies themselves read them here.
 *
 * Values come as YAML or the command line gives them: text, a number, true or false. Durations are text with a unit (`500ms`); lists are
 * text whose items stand between `+` signs (`1+2-ff00:0:210`), since commas part parameters on the command line.
 */
import { iaParts, parseIA } from "./address.ts";
import type { Nanos } from "./units.ts";

export type ParameterValue = string | number | boolean;

export interface Parameter<T> {
  /** How a message names what may stand there. */
  readonly expected: string;
  readonly description: string;
  /** The default as a file would say it; null where nothing stands for it. */
  readonly byDefault: ParameterValue | null;
  /** undefined: it is nothing of the kind. null comes in only as a default. */
  readonly read: (value: ParameterValue | null) => T | undefined;
}

type Values<P> = { readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T : never };

/** A fingerprint or a position. */
export type PathName = string | number;

/** How packets are shared out over paths. */
export type Weights = "bandwidth" | "equal" | "latency" | readonly number[];

const UNITS: ReadonlyMap<string, number> = new Map([
  ["ns", 1],
  ["us", 1e3],
  ["ms", 1e6],
  ["s", 1e9],
  ["min", 60e9],
  ["h", 3_600e9],
]);
const FINGERPRINT = /^[0-9a-f]{16}$/;
const MAX_LIST = 64;

/** A word of the command line or of a URL as the value it stands for. Sixteen digits are a fingerprint, not a number. */
export function parameterValue(text: string): ParameterValue {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
}

function duration(byDefault: string, description: string, least: Nanos = 1e6): Parameter<Nanos> {
  const expected = least === 0 ? "a duration such as 5ms" : "a duration such as 500ms, at least 1ms";
  return { expected, description, byDefault, read: (value) => readDuration(value, least) };
}

function readDuration(value: ParameterValue | null, least: Nanos): Nanos | undefined {
  const [, amount, unit = ""] = /^(\d{1,12}(?:\.\d{1,9})?)([a-z]{1,3})$/.exec(String(value)) ?? [];
  const nanos = Math.round(Number(amount) * (UNITS.get(unit) ?? Number.NaN));
  return nanos >= least && nanos <= Number.MAX_SAFE_INTEGER ? nanos : undefined;
}

function decimal(byDefault: number, least: number, most: number, description: string): Parameter<number> {
  const read = (value: ParameterValue | null): number | undefined =>
    typeof value === "number" && value >= least && value <= most ? value : undefined;
  return { expected: `a number from ${least} to ${most}`, description, byDefault, read };
}

function whole(byDefault: number, least: number, most: number, description: string): Parameter<number> {
  const { read, ...rest } = decimal(byDefault, least, most, description);
  const readWhole = (value: ParameterValue | null): number | undefined =>
    Number.isInteger(value) ? read(value) : undefined;
  return { ...rest, expected: `a whole number from ${least} to ${most}`, read: readWhole };
}

function choice<W extends string>(words: readonly [W, ...W[]], description: string): Parameter<W> {
  const read = (value: ParameterValue | null): W | undefined => words.find((word) => word === value);
  return { expected: `one of ${words.join(", ")}`, description, byDefault: words[0], read };
}

function regions(description: string): Parameter<readonly string[] | null> {
  const expected = "ISDs and ASes between + signs, such as 1+2-ff00:0:210";
  return { expected, description, byDefault: null, read: readRegions };
}

function readRegions(value: ParameterValue | null): readonly string[] | null | undefined {
  if (value === null) return null;
  const items = String(value).split("+");
  return items.length <= MAX_LIST && items.every(isRegion) ? items : undefined;
}

/** An ISD from 1 on, or an AS in SCION's own spelling, without wildcards. */
function isRegion(text: string): boolean {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text) <= 0xffff;
  const ia = parseIA(text);
  if (!ia.ok || ia.value !== text) return false;
  const { isd, as } = iaParts(ia.value);
  return isd !== 0 && as !== 0;
}

const PATH: Parameter<PathName> = {
  expected: "a path's number from 0, or its fingerprint: 16 hex digits in quotes",
  description: "Position in the order offered, or a fingerprint",
  byDefault: 0,
  read: (value) => {
    if (typeof value === "string") return FINGERPRINT.test(value) ? value : undefined;
    return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 1e9 ? value : undefined;
  },
};

const WEIGHTS: Parameter<Weights> = {
  expected: "bandwidth, equal, latency, or numbers between + signs, such as 3+1",
  description:
    "Share of each path: its bandwidth (unknown: the mean of the others), all the same, the inverse of its latency (unknown: the least " +
    "share of the others), or numbers in the order offered; paths beyond a list get packets only where no path of the list is usable",
  byDefault: "bandwidth",
  read: readWeights,
};

function readWeights(value: ParameterValue | null): Weights | undefined {
  if (value === "bandwidth" || value === "equal" || value === "latency") return value;
  const items = String(value).split("+");
  const numbers = items.map((item) => (/^\d{1,9}(\.\d{1,9})?$/.test(item) ? Number(item) : Number.NaN));
  return items.length <= MAX_LIST && numbers.every((number) => number >= 0) && numbers.some((number) => number > 0)
    ? numbers
    : undefined;
}

const PROBING = {
  interval: duration("500ms", "Between two probes of one path"),
  timeout: duration("1s", "A probe not answered for so long is lost"),
};

const TRIALS = {
  ...PROBING,
  period: duration("500ms", "Length of a trial: how long a path is kept before the next choice"),
  scale: duration("50ms", "Round-trip time that halves the reward"),
  discount: decimal(0.98, 0.5, 1, "What a reward still counts for after one more trial; 1: nothing is forgotten"),
};

export const POLICY_PARAMETERS = {
  shortest: {},
  pinned: { path: PATH },
  "lowest-latency": {},
  "highest-bandwidth": {},
  "lowest-carbon": {},
  "lowest-cost": {},
  "most-disjoint": {
    k: whole(2, 1, 50, "Paths over which flows are spread"),
    by: choice(["links", "ases"], "What two paths should not share: links, or ASes other than the first and the last"),
  },
  geofence: {
    allow: regions("ISDs and ASes that a path may cross, its ends included. Without it: all"),
    deny: regions("ISDs and ASes that no path may cross, its ends included. Without it: none"),
    metric: choice(
      ["shortest", "lowest-latency", "highest-bandwidth", "lowest-carbon", "lowest-cost"],
      "What decides between the paths allowed",
    ),
  },
  "lowest-rtt": {
    ...PROBING,
    margin: duration("5ms", "A path must be better by so much to be taken", 0),
    share: decimal(0, 0, 1, "And by this share of the present round-trip time"),
  },
  "lowest-loss": {
    ...PROBING,
    margin: decimal(0.02, 0, 1, "A path must lose less by this share of all packets to be taken"),
  },
  "highest-goodput": {
    period: duration("1s", "How long a path is used before it is judged"),
    memory: duration("30s", "A path not used for so long is tried again"),
    paths: whole(4, 1, 50, "Usable paths considered, in the order offered"),
    share: decimal(0.1, 0, 10, "A path must have delivered more by this share to be taken"),
  },
  reliability: {
    ...PROBING,
    half_life: duration("90s", "Time in which a penalty falls to half"),
    failure: decimal(1, 0, 1_000, "Penalty for news that the path is down"),
    lost: decimal(0.4, 0, 1_000, "Penalty for a lost probe"),
    margin: decimal(0.5, 0, 3, "A path must score better by so much to be taken"),
  },
  "round-robin": {},
  weighted: { weights: WEIGHTS },
  random: {},
  ecmp: {
    by: choice(
      ["rendezvous", "modulo"],
      "Highest hash of flow and path (a failure moves only the flows of that path), or flow hash modulo number of paths",
    ),
  },
  "two-choices": {
    ...PROBING,
    period: duration("2s", "Between two choices"),
  },
  migration: {
    ...PROBING,
    period: duration("500ms", "Between two occasions to move"),
    probability: decimal(0.2, 0, 1, "Of moving to the best path, at each occasion"),
  },
  "epsilon-greedy": { ...TRIALS, epsilon: decimal(0.1, 0, 1, "Share of trials on a path drawn at random") },
  ucb1: { ...TRIALS, exploration: decimal(2, 0, 100, "Factor of ln(trials) under the root: 2 as in UCB1") },
  thompson: { ...TRIALS, deviation: decimal(0.5, 0, 10, "Assumed standard deviation of one reward") },
  "bgp-like": { convergence: duration("30s", "From news, bad or good, to the change of the path", 0) },
  oracle: {
    penalty: duration("1s", "What a lost packet is taken to arrive later", 0),
    margin: duration("1ms", "A packet must arrive earlier by so much for another path to be taken", 0),
  },
} as const;

export type PolicyName = keyof typeof POLICY_PARAMETERS;
export type Settings<N extends PolicyName> = Values<(typeof POLICY_PARAMETERS)[N]>;

/** Parameters with their defaults filled in. Throws an Error with one sentence where one is unknown or wrong. */
export function settingsOf<N extends PolicyName>(
  policy: N,
  params: Readonly<Record<string, ParameterValue>>,
): Settings<N> {
  const known: Readonly<Record<string, Parameter<unknown>>> = POLICY_PARAMETERS[policy];
  const names = Object.keys(known);
  const stray = Object.keys(params).find((name) => !Object.hasOwn(known, name));
  if (stray !== undefined) {
    const expected = names.length === 0 ? "it takes none" : `there are ${names.join(", ")}`;
    throw new Error(`policy ${policy} has no parameter ${JSON.stringify(stray)}: ${expected}`);
  }
  const entries = Object.entries(known).map(([name, { byDefault, expected, read }]) => {
    const given = params[name] ?? byDefault;
    const value = read(given);
    if (value !== undefined) return [name, value];
    throw new Error(`policy ${policy}: parameter ${name}: expected ${expected}, found ${JSON.stringify(given)}`);
  });
  return Object.fromEntries(entries) as Settings<N>;
}
