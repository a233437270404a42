/** summary.json of a comparison, read back and checked: everything that the page draws is there and of its kind. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import type { Comparison } from "../../core/comparison.ts";
import { buildInfo } from "../build-info.ts";
import { FileError, guardRead } from "./line-files.ts";

const SUMMARY = "summary.json";

const { Array: List, Finite, NullOr, String: Text, Struct } = Schema;
const Interval = NullOr(Schema.Tuple([Finite, Finite]));
const AdoptionName = Schema.Literals(["one", "all"]);
const Numbers = List(Finite);
const Measured = Struct({
  mean: NullOr(Finite),
  median: NullOr(Finite),
  ci95: Interval,
  n: Finite,
  values: List(NullOr(Finite)),
});
const Measures = Schema.Record(Text, Measured);

const Curves = Struct({
  bin_ns: Finite.check(Schema.isGreaterThan(0)),
  sent: Numbers,
  delivered: Numbers,
  latency: List(Schema.Tuple([Finite, Finite])),
  paths: List(
    Struct({ pair: NullOr(Text), position: Finite, fingerprint: NullOr(Text), label: Text, packets: Numbers }),
  ),
  links: List(Struct({ id: Text, load: Numbers })),
  drops: Schema.Record(Text, Finite),
});

const Outcome = Struct({
  policy: Text,
  adoption: AdoptionName,
  metrics: Measures,
  phases: Schema.Record(Text, Measures),
  curves: Curves,
  digests: List(Text),
});

const Difference = Struct({
  a: Text,
  b: Text,
  adoption: AdoptionName,
  phase: Text,
  metric: Text,
  n: Finite,
  mean_difference: NullOr(Finite),
  ci95: Interval,
  p: NullOr(Finite),
  p_holm: NullOr(Finite),
  effect_size: NullOr(Finite),
  distinguishable: Schema.Boolean,
});

const Drawn = Struct({
  name: Text,
  ases: List(Struct({ ia: Text, label: NullOr(Text), core: Schema.Boolean })),
  links: List(
    Struct({
      a: Text,
      b: Text,
      type: Schema.Literals(["core", "child", "peer"]),
      rate_bps: Finite,
      latency_ms: Finite,
      directions: Schema.Tuple([Text, Text]),
    }),
  ),
});

const Summary = Struct({
  scenario: Text,
  file: Text,
  seed: Finite,
  replications: Finite,
  adoptions: List(AdoptionName),
  baseline: NullOr(Text),
  warmup_s: Finite,
  duration_s: Finite,
  phases: List(Struct({ name: Text, from_ns: Finite, to_ns: Finite })),
  faults: List(Struct({ id: Text, effect: Text, targets: List(Text), from_s: Finite, to_s: NullOr(Finite) })),
  network: Drawn,
  pairs: List(Struct({ pair: Text, flows: List(Text), paths: Finite })),
  metrics: List(
    Struct({
      name: Text,
      label: Text,
      description: Text,
      unit: Schema.Literals(["share", "bit/s", "ms", "s", "1/min", "B", "index"]),
      better: Schema.Literals(["higher", "lower"]),
      summary: Schema.Literals(["mean", "quantile"]),
    }),
  ),
  policies: List(Outcome),
  paired: List(Difference),
  stopping: Struct({
    precision: NullOr(Finite),
    limit: Finite,
    reached: Schema.Boolean,
    half_widths: Numbers,
    wall_s: NullOr(Finite),
  }),
  digest: Text,
  repeat: Text,
  manifest: Schema.Record(Text, Schema.Unknown),
  notes: List(Text),
});

/** The comparison kept in the folder `dir`. Throws a `FileError` that says what is wrong, where, and what to do. */
export function readComparison(dir: string): Comparison {
  const expected = "expected the folder of a comparison (pathloom compare SCENARIO --out DIR)";
  if (!existsSync(dir)) throw new FileError(`${dir}: no such folder; ${expected}`);
  const path = join(dir, SUMMARY);
  if (!existsSync(path)) throw new FileError(`${dir} has no ${SUMMARY}; ${expected}`);
  const json = parsed(
    path,
    guardRead(path, () => readFileSync(path, "utf8")),
  );
  if (!isRecord(json) || !Array.isArray(json["policies"])) {
    throw new FileError(`${path} is the summary of ${isRun(json) ? "a single run" : "something else"}; ${expected}`);
  }
  const decoded = Schema.decodeUnknownResult(Summary)(json);
  if (Result.isFailure(decoded)) throw new FileError(damageText(path, json, decoded.failure.message));
  // Names of metrics may be others than ours, from another version: what is drawn is what the file lists.
  return decoded.success as unknown as Comparison;
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError(`${path}: not valid JSON: the file is damaged; make it again with pathloom compare --out`, {
      cause,
    });
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isRun(value: unknown): boolean {
  return isRecord(value) && Array.isArray(value["flows"]) && "events" in value;
}

function damageText(path: string, json: Readonly<Record<string, unknown>>, problem: string): string {
  const { version } = buildInfo();
  const manifest = json["manifest"];
  const made = isRecord(manifest) ? manifest["pathloom"] : undefined;
  const where = problem
    .split("\n")
    .map((line) => line.trim())
    .slice(0, 2)
    .join(" ");
  return typeof made === "string" && made !== version
    ? `${path}: made by Pathloom ${made}, and this is ${version}: ${where}; use that version, or compare again`
    : `${path}: the file is damaged: ${where}; make it again with pathloom compare --out`;
}
