/** `pathloom packet`: SCION packets between bytes and JSON. */
import { existsSync, readFileSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import type { WireError } from "../../core/wire/codec.ts";
import { CheckFailed, InputError, reporting, RunError } from "../errors.ts";
import { jsonFlag } from "../flags.ts";
import { print, printJson } from "../output.ts";
import { eachLine } from "../runner/stdin-lines.ts";

const stdinFlag = (what: string) => Flag.Boolean("stdin").pipe(Flag.withDescription(what), Flag.withDefault(false));

const decodeFlags = {
  input: Argument.String("hex|file").pipe(
    Argument.withDescription("The packet as hex digits, or a file of its bytes or of hex digits"),
    Argument.optional,
  ),
  json: jsonFlag,
  stdin: stdinFlag("Read one packet in hex a line, print one JSON object a line"),
  key: Flag.String("key").pipe(
    Flag.withMetavar("hex"),
    Flag.withDescription("AES key of the packet authenticator, 32 hex digits: say whether it is right"),
    Flag.optional,
  ),
};

const runDecode = Effect.fnUntraced(function* ({
  input,
  json,
  stdin,
  key: keyText,
}: Command.Command.Config.Infer<typeof decodeFlags>) {
  const { decodePacket } = yield* Effect.promise(() => import("../../core/wire/codec.ts"));
  const { packetAsJson } = yield* Effect.promise(() => import("../runner/packet-json.ts"));
  const key = Option.isNone(keyText) ? null : yield* keyOf(keyText.value);
  const jsonOf = (bytes: Uint8Array): unknown => {
    const decoded = decodePacket(bytes);
    return decoded.ok ? packetAsJson(decoded.value, bytes, key) : { error: decoded.error };
  };
  yield* oneOf("decode", input, stdin);
  if (Option.isNone(input)) {
    const failed = yield* eachLine((line) => {
      const bytes = bytesOfText(line);
      const answer = bytes instanceof Uint8Array ? jsonOf(bytes) : { error: bytes };
      return { text: JSON.stringify(answer), ok: !hasError(answer) };
    });
    if (failed > 0) return yield* new CheckFailed();
    return;
  }
  const bytes = yield* readPacket(input.value);
  const decoded = decodePacket(bytes);
  if (json) {
    yield* printJson(jsonOf(bytes));
    if (!decoded.ok) return yield* new CheckFailed();
    return;
  }
  if (!decoded.ok) {
    const { layer, offset, reason } = decoded.error;
    return yield* new RunError({ message: `no SCION packet: ${layer}, byte ${offset}: ${reason}` });
  }
  const { formatPacket } = yield* Effect.promise(() => import("../runner/packet-text.ts"));
  yield* print(formatPacket(decoded.value, bytes, key));
});

const keyOf = Effect.fnUntraced(function* (text: string) {
  if (/^[0-9a-fA-F]{32}$/.test(text)) return new Uint8Array(Buffer.from(text, "hex"));
  return yield* new InputError({ message: `--key ${text}: expected 32 hex digits` });
});

function hasError(answer: unknown): boolean {
  return typeof answer === "object" && answer !== null && "error" in answer;
}

const encodeFlags = {
  file: Argument.String("file").pipe(
    Argument.withDescription("A packet as packet decode --json prints it"),
    Argument.optional,
  ),
  stdin: stdinFlag("Read one JSON object a line, print one packet in hex a line"),
};

const runEncode = Effect.fnUntraced(function* ({ file, stdin }: Command.Command.Config.Infer<typeof encodeFlags>) {
  const { bytesOfJson } = yield* Effect.promise(() => import("../runner/packet-json.ts"));
  const encode = (text: string): { readonly hex: string } | { readonly wrong: string } => {
    const value = parseJson(text);
    if (value === undefined) return { wrong: "this is no JSON" };
    const bytes = bytesOfJson(value);
    return bytes.ok ? { hex: Buffer.from(bytes.value).toString("hex") } : { wrong: bytes.error };
  };
  yield* oneOf("encode", file, stdin);
  if (Option.isSome(file)) {
    const answer = encode((yield* readFile(file.value)).toString("utf8"));
    if ("wrong" in answer) return yield* new InputError({ message: `${file.value}: ${answer.wrong}` });
    yield* print(answer.hex);
    return;
  }
  const mistakes: string[] = [];
  const failed = yield* eachLine((line, number) => {
    const answer = encode(line);
    if ("hex" in answer) return { text: answer.hex, ok: true };
    if (mistakes.length < 10) mistakes.push(`line ${number}: ${answer.wrong}`);
    return { text: "", ok: false };
  });
  if (failed === 0) return;
  const more = failed > mistakes.length ? `\nand ${failed - mistakes.length} lines more` : "";
  return yield* new InputError({ message: `${mistakes.join("\n")}${more}\nAn empty line stands for each.` });
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function oneOf(name: string, input: Option.Option<string>, stdin: boolean): Effect.Effect<void, InputError> {
  if (Option.isSome(input) !== stdin) return Effect.void;
  const message = stdin
    ? `packet ${name}: give a packet or --stdin, not both`
    : `packet ${name}: expected a packet, or --stdin; see pathloom packet ${name} --help`;
  return Effect.fail(new InputError({ message }));
}

/** Bytes of hex digits; spaces and colons between them do not count. */
function bytesOfText(text: string): Uint8Array | WireError | { layer: "hex"; offset: number; reason: string } {
  const digits = text.replaceAll(/[\s:]/g, "");
  const wrong = digits.search(/[^0-9a-fA-F]/);
  if (wrong >= 0)
    return { layer: "hex", offset: wrong >> 1, reason: `${JSON.stringify(digits[wrong])} is no hex digit` };
  if (digits.length % 2 !== 0) return { layer: "hex", offset: digits.length >> 1, reason: "a hex digit is missing" };
  return new Uint8Array(Buffer.from(digits, "hex"));
}

/** What was given on the command line: a file where there is one of that name, hex digits otherwise. */
const readPacket = Effect.fnUntraced(function* (input: string) {
  if (existsSync(input)) {
    const content = yield* readFile(input);
    const text = content.toString("latin1");
    if (!/^[\s:0-9a-fA-F]+$/.test(text)) return new Uint8Array(content);
    const bytes = bytesOfText(text);
    return bytes instanceof Uint8Array ? bytes : yield* notHex(input, bytes);
  }
  const bytes = bytesOfText(input);
  return bytes instanceof Uint8Array ? bytes : yield* notHex("the argument", bytes);
});

function notHex(name: string, { offset, reason }: { offset: number; reason: string }): InputError {
  const message = `${name}: expected a file that exists or hex digits; byte ${offset}: ${reason}`;
  return new InputError({ message });
}

function readFile(path: string): Effect.Effect<Buffer, InputError> {
  return Effect.try({
    try: () => readFileSync(path),
    catch: (cause) =>
      new InputError({
        message: `${path}: ${READ_REASONS[(cause as NodeJS.ErrnoException).code ?? ""] ?? String(cause)}`,
      }),
  });
}

const READ_REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EISDIR: "this is a folder; expected a file",
  ENOENT: "no such file",
};

const decodeCommand = Command.make("decode", decodeFlags, (input) => reporting(runDecode(input))).pipe(
  Command.withDescription("Show a packet's layers, or print them as JSON"),
  Command.withExamples([
    { command: "pathloom packet decode packet.bin", description: "The bytes of a file, layer by layer" },
    {
      command: "pathloom packet decode --stdin < packets.hex > packets.ndjson",
      description: "Thousands in one process",
    },
  ]),
);

const encodeCommand = Command.make("encode", encodeFlags, (input) => reporting(runEncode(input))).pipe(
  Command.withDescription("Make a packet of its JSON: the inverse of decode, byte for byte; checksums are computed"),
  Command.withExamples([
    { command: "pathloom packet encode packet.json", description: "One packet, as hex digits" },
    { command: "pathloom packet encode --stdin < packets.ndjson", description: "One a line" },
  ]),
);

export const packetCommand = Command.make("packet").pipe(
  Command.withDescription("Turn SCION packets into JSON and back"),
  Command.withSubcommands([decodeCommand, encodeCommand]),
);
