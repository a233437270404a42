/**
 * The values that scenario and topology files are made of, as Effect schemas. What a shape cannot say (does this AS exist?)
 * is checked where it is read.
 *
 * `expected` on a schema is how a message names it; `description`, `default` and `examples` are what an editor and the
 * documentation show.
 */
import * as Schema from "effect/Schema";
import { DURATION, type QuantityKind, RATE, SIZE } from "../units.ts";

/** Key of the annotation that says which kind of quantity a text is. */
export const QUANTITY = "quantity";
/** Key of the annotation that lists the words an editor offers for a text. */
export const WORDS = "words";

/** What documentation and editors say about a key. Default and example are values as they stand in a file. */
export interface About {
  readonly description: string;
  /** Left out where it is no constant: then the description says what it is. */
  readonly default?: unknown;
  readonly example?: unknown;
}

function annotations({ description, example, ...rest }: About) {
  return { description, ...rest, ...(example === undefined ? {} : { examples: [example] }) };
}

/** A key that must be given. */
export function required<S extends Schema.Top>(schema: S, about: About): S["Rebuild"] {
  return schema.annotate(annotations(about));
}

/** A key that may be left out. */
export function optional<S extends Schema.Top>(schema: S, about: About): Schema.optionalKey<S["Rebuild"]> {
  return Schema.optionalKey(required(schema, about));
}

export function text(expected: string, words: readonly string[] = []) {
  return Schema.String.annotate({ expected, ...(words.length === 0 ? {} : { [WORDS]: words }) });
}

function quantity(kind: QuantityKind) {
  const units = [...kind.units.keys()].join("|");
  const pattern = new RegExp(`^\\d{1,24}(\\.\\d{1,24})?(${units})$`, "u");
  return Schema.String.check(Schema.isPattern(pattern, { expected: kind.expected, [QUANTITY]: kind }));
}

export const Duration = quantity(DURATION);
export const RateText = quantity(RATE);
export const SizeText = quantity(SIZE);

export function wholeNumber(minimum: number, maximum: number) {
  const expected = `a whole number from ${minimum} to ${maximum}`;
  return Schema.Int.annotate({ expected }).check(Schema.isBetween({ minimum, maximum }, { expected }));
}

export function decimal(minimum: number, maximum: number) {
  const expected = `a number from ${minimum} to ${maximum}`;
  return Schema.Finite.annotate({ expected }).check(Schema.isBetween({ minimum, maximum }, { expected }));
}

/** Greater than zero, so that shapes and deviations mean something. */
export const Positive = Schema.Finite.annotate({ expected: "a number above 0" }).check(
  Schema.isGreaterThan(0, { expected: "a number above 0" }),
);

export const Switch = Schema.Boolean.annotate({ expected: "true or false" });

export const Share = Schema.Union([
  Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
  Schema.String.check(Schema.isPattern(/^\d{1,24}(\.\d{1,24})?%?$/u)),
]).annotate({ expected: "a share between 0 and 1, or a percentage such as 5%" });
export type ShareDocument = typeof Share.Type;

/** A size in bytes, as a text with its unit or a plain number. */
export function sizeOrBytes(expected: string = SIZE.expected) {
  return Schema.Union([Schema.Int.check(Schema.isGreaterThan(0)), SizeText]).annotate({ expected, [QUANTITY]: SIZE });
}

/** Files that hold lists of values are read by the caller. */
export const FilePath = text("a path, relative to the scenario's file");

function distribution<Q extends Schema.Top>(value: Q, unit: string, one: unknown, two: unknown) {
  const of = (kind: string) => ({ expected: `a ${kind} distribution: {model: ${kind}, ...}` });
  const uniform = Schema.Struct({
    model: required(Schema.Literal("uniform"), { description: "Evenly between two values" }),
    low: required(value, { description: `Least ${unit}`, example: one }),
    high: required(value, { description: `Greatest ${unit}`, example: two }),
  }).annotate(of("uniform"));
  const exponential = Schema.Struct({
    model: required(Schema.Literal("exponential"), { description: "Without memory" }),
    mean: required(value, { description: `Mean ${unit}`, example: one }),
  }).annotate(of("exponential"));
  const lognormal = Schema.Struct({
    model: required(Schema.Literal("lognormal"), { description: "The logarithm is normal" }),
    median: required(value, { description: `Median ${unit}`, example: one }),
    sigma: required(Positive, { description: "Standard deviation of the natural logarithm", example: 1.2 }),
  }).annotate(of("lognormal"));
  const pareto = Schema.Struct({
    model: required(Schema.Literal("pareto"), { description: "Heavy tail: P(X > x) = (minimum / x)^shape" }),
    minimum: required(value, { description: `Least ${unit}`, example: one }),
    shape: required(Positive, { description: "Exponent of the tail", example: 1.2 }),
    maximum: optional(value, { description: "Draws above are cut off at it. Default: no limit", example: two }),
  }).annotate(of("pareto"));
  const row = Schema.Tuple([value, decimal(0, 1)]).annotate({ expected: `a row [${unit}, cumulative probability]` });
  const empirical = Schema.Struct({
    model: required(Schema.Literal("empirical"), { description: "A table, linear between its rows" }),
    table: required(Schema.Array(row).annotate({ expected: "a list of rows [value, cumulative probability]" }), {
      description: "Rows [value, cumulative probability], both ascending, the last probability 1",
      example: [
        [one, 0.5],
        [two, 1],
      ],
    }),
  }).annotate(of("empirical"));
  return Schema.Union([value, uniform, exponential, lognormal, pareto, empirical]).annotate({
    expected: `a ${unit} such as ${String(one)}, or a distribution: {model: exponential, mean: ${String(one)}}`,
  });
}

export const DurationDistribution = distribution(Duration, "duration", "200ms", "2s");
export const SizeDistribution = distribution(sizeOrBytes(), "size", "10kB", "1MB");
export type DurationDistributionDocument = typeof DurationDistribution.Type;
export type SizeDistributionDocument = typeof SizeDistribution.Type;
