/** `pathloom export`: views of a kept run that other tools read. */
import { closeSync, existsSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import type { Scenario } from "../../core/scenario.ts";
import type { ExportFilter } from "../../sim/exports/exporter.ts";
import { parseSize } from "../../topologies/units.ts";
import { buildInfo } from "../build-info.ts";
import { InputError, reporting, RunError } from "../errors.ts";
import { durationOf } from "../flags.ts";
import { EVENT_FORMATS, type EventFormat } from "../runner/export-formats.ts";
import { guardWrite } from "../runner/line-files.ts";
import { textOf } from "../runner/failure-text.ts";

/** First bytes of every pcapng file. */
const PCAPNG_MAGIC = "\x0a\x0d\x0d\x0a";
/** Bytes collected before they are written. */
const PIECE = 1 << 20;
/** What viewers still open. */
const LIMIT = 1_000_000_000;

/** Flows that a message names at most. */
const MOST_NAMED = 10;

const FORMATS = [...EVENT_FORMATS, "pcapng"] as const;

const flags = {
  dir: Argument.String("dir").pipe(
    Argument.withDescription(
      "Folder of a run: from run --out DIR or live --record DIR (pcapng: run --out DIR --record)",
    ),
  ),
  format: Flag.Literals("format", FORMATS).pipe(
    Flag.withDescription(
      "qlog: what transports did, for qvis; perfetto: everything in time, for ui.perfetto.dev; csv: every step as a row; pcapng: what crossed the links, for Wireshark",
    ),
  ),
  out: Flag.String("out").pipe(
    Flag.withMetavar("path"),
    Flag.withDescription(
      "Where to write it: a folder for qlog, else a file (default, in the run's folder: qlog, perfetto.json, events.csv, packets.pcapng)",
    ),
    Flag.optional,
  ),
  flow: Flag.String("flow").pipe(
    Flag.withMetavar("id"),
    Flag.withDescription("This flow only; may stand several times (not for pcapng)"),
    Flag.atLeast(0),
  ),
  from: durationOf("from", 0).pipe(
    Flag.withDescription("Nothing before this time of the run (not for pcapng)"),
    Flag.optional,
  ),
  to: durationOf("to", 0).pipe(
    Flag.withDescription("Nothing after this time of the run (not for pcapng)"),
    Flag.optional,
  ),
  limit: Flag.String("limit").pipe(
    Flag.withMetavar("size"),
    Flag.filterMap(
      (text) => {
        const parsed = parseSize(text);
        return parsed.ok && parsed.value > 0 ? Option.some(parsed.value) : Option.none();
      },
      () => "a size above 0 such as 200MB or 4GiB",
    ),
    Flag.withDescription("Most that is written; beyond it nothing is (default 1GB; not for pcapng)"),
    Flag.optional,
  ),
};
type Input = Command.Command.Config.Infer<typeof flags>;

const execute = Effect.fnUntraced(function* (input: Input) {
  yield* input.format === "pcapng" ? exportPackets(input) : exportEvents(input, input.format);
});

const exportPackets = Effect.fnUntraced(function* ({ dir, out, format, flow, from, to, limit }: Input) {
  const chosen = {
    flow: flow.length > 0,
    from: from._tag === "Some",
    to: to._tag === "Some",
    limit: limit._tag === "Some",
  };
  const stray = Object.entries(chosen).find(([, isGiven]) => isGiven)?.[0];
  if (stray !== undefined)
    return yield* new InputError({ message: `--${stray} is not for pcapng, which holds every packet` });
  const { readRunFolder } = yield* Effect.promise(() => import("../runner/run-folder.ts"));
  const { captureOf } = yield* Effect.promise(() => import("../runner/capture.ts"));
  const { beginsWith } = yield* Effect.promise(() => import("../runner/export-files.ts"));
  const { scenario, records, manifest } = yield* readRunFolder(dir);
  if (records === null) {
    const again = `${manifest.command} --record --out DIR`;
    return yield* new InputError({
      message: `${dir}: this run kept no record of its deliveries, which ${format} is made of; run it again with --record: ${again}`,
    });
  }
  const path = Option.getOrElse(out, () => join(dir, "packets.pcapng"));
  if (existsSync(path) && !beginsWith(path, PCAPNG_MAGIC)) {
    return yield* new InputError({ message: `${path} exists already and is no capture; choose another name` });
  }
  const { blocks, packets, tooLong } = captureOf(scenario, records, `pathloom ${buildInfo().version}`);
  yield* Effect.try({
    try: () => guardWrite(path, () => writeBlocks(path, blocks)),
    catch: (cause) => new RunError(textOf(cause)),
  });
  if (tooLong > 0) yield* Effect.logWarning(`${tooLong} packets too long for IPv4 and UDP were left out`);
  yield* Effect.logInfo(`${packets} packets in ${path}`);
});

/** What is made while the run is gone through once more. */
const exportEvents = Effect.fnUntraced(function* (input: Input, format: EventFormat) {
  const { dir } = input;
  const { readRunFolder } = yield* Effect.promise(() => import("../runner/run-folder.ts"));
  const { findPolicies } = yield* Effect.promise(() => import("../runner/kept-policies.ts"));
  const { exportRun } = yield* Effect.promise(() => import("../runner/export-run.ts"));
  const run = yield* readRunFolder(dir, false);
  const filter = yield* filterOf(input, run.scenario);
  const policies = yield* findPolicies(dir, run.manifest);
  const limit = Option.getOrElse(input.limit, () => LIMIT);
  const out = Option.getOrNull(input.out);
  const { verdict, written, path } = yield* exportRun({ dir, run, policies, filter, format, out, limit });
  yield* Effect.logInfo(verdict);
  yield* Effect.logInfo(`${written} events in ${path}`);
});

function filterOf({ flow, from, to }: Input, scenario: Scenario): Effect.Effect<ExportFilter, InputError> {
  const known = scenario.flows.map(({ id }) => id);
  const stranger = flow.find((id) => !known.includes(id));
  if (stranger !== undefined) {
    const some = known.slice(0, MOST_NAMED).join(", ");
    const more = known.length > MOST_NAMED ? ` and ${known.length - MOST_NAMED} more` : "";
    return Effect.fail(
      new InputError({ message: `--flow ${stranger}: the run has no such flow; it has ${some}${more}` }),
    );
  }
  const ends = { from: Option.getOrNull(from)?.ns ?? 0, to: Option.getOrNull(to)?.ns ?? scenario.duration_ns };
  if (ends.from < ends.to) return Effect.succeed({ ...ends, flows: flow.length === 0 ? null : new Set(flow) });
  const [first, last] = [ends.from, ends.to].map((time) => `${time / 1e9} s`);
  return Effect.fail(
    new InputError({
      message: `nothing lies from ${first} to ${last} of this run, which lasts ${scenario.duration_ns / 1e9} s`,
    }),
  );
}

function writeBlocks(path: string, blocks: Iterable<Uint8Array>): void {
  const file = openSync(path, "w");
  try {
    let pieces: Uint8Array[] = [];
    let length = 0;
    for (const block of blocks) {
      pieces.push(block);
      length += block.length;
      if (length < PIECE) continue;
      writeAll(file, Buffer.concat(pieces));
      pieces = [];
      length = 0;
    }
    writeAll(file, Buffer.concat(pieces));
  } finally {
    closeSync(file);
  }
}

function writeAll(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

export const exportCommand = Command.make("export", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription("Write a kept run in a format that other tools read: qlog, perfetto, csv or pcapng"),
  Command.withExamples([
    {
      command: "pathloom run examples/02-failover.yaml --out runs/one --record",
      description: "First keep a run, for packets with its record",
    },
    {
      command: "pathloom export runs/one --format perfetto --from 1s --to 2s",
      description: "Then look at a second of it in ui.perfetto.dev",
    },
    { command: "pathloom export runs/one --format pcapng", description: "Or at its packets in Wireshark" },
  ]),
);
