/** `pathloom export`: views of a recorded run that other tools read. */
import { closeSync, existsSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import { buildInfo } from "../build-info.ts";
import { InputError, reporting, RunError } from "../errors.ts";
import { guardWrite } from "../runner/line-files.ts";
import { textOf } from "../runner/failure-text.ts";

/** First bytes of every pcapng file. */
const PCAPNG_MAGIC = "0a0d0d0a";
/** Bytes collected before they are written. */
const PIECE = 1 << 20;

const flags = {
  dir: Argument.String("dir").pipe(
    Argument.withDescription("Folder of a run: from run --out DIR --record or live --record DIR"),
  ),
  format: Flag.Literals("format", ["pcapng"]).pipe(
    Flag.withDescription("pcapng: what crossed the links, for Wireshark and tshark"),
  ),
  out: Flag.String("out").pipe(
    Flag.withMetavar("file"),
    Flag.withDescription("Where to write it (default: packets.pcapng in the run's folder)"),
    Flag.optional,
  ),
};

const execute = Effect.fnUntraced(function* ({ dir, out, format }: Command.Command.Config.Infer<typeof flags>) {
  const { readRunFolder } = yield* Effect.promise(() => import("../runner/run-folder.ts"));
  const { captureOf } = yield* Effect.promise(() => import("../runner/capture.ts"));
  const { scenario, records, manifest } = yield* readRunFolder(dir);
  if (records === null) {
    const again = `${manifest.command} --record --out DIR`;
    return yield* new InputError({
      message: `${dir}: this run kept no record of its deliveries, which ${format} is made of; run it again with --record: ${again}`,
    });
  }
  const path = Option.getOrElse(out, () => join(dir, "packets.pcapng"));
  if (existsSync(path) && !isCapture(path)) {
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

function isCapture(path: string): boolean {
  const head = Buffer.alloc(4);
  try {
    const file = openSync(path, "r");
    readSync(file, head, 0, head.length, 0);
    closeSync(file);
  } catch {
    return false;
  }
  return head.toString("hex") === PCAPNG_MAGIC;
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
  Command.withDescription("Write a recorded run in a format that other tools read"),
  Command.withExamples([
    {
      command: "pathloom run examples/02-failover.yaml --out runs/one --record",
      description: "First keep a run with its record",
    },
    { command: "pathloom export runs/one --format pcapng", description: "Then look at its packets in Wireshark" },
  ]),
);
