/** Master keys of ASes, as files have them. */
import * as Schema from "effect/Schema";
import { required, text } from "./values.ts";

const Folder = Schema.Struct({
  folder: required(text("a path, relative to the scenario's file"), {
    description: "Folder that SCION's generator made: ASff00_0_110/keys/master0.key for 1-ff00:0:110, for every AS",
    example: "gen",
  }),
}).annotate({ expected: "a folder of keys: {folder: PATH}" });

const KeyFile = Schema.Struct({
  file: required(text("a path, relative to the scenario's file"), {
    description: "File that holds the key",
    example: "gen/ASff00_0_110/keys/master0.key",
  }),
}).annotate({ expected: "a file that holds the key: {file: PATH}" });

const expected = "32 hex digits or base64 in quotes, or {file: PATH}";
const Key = Schema.Union([text(expected), KeyFile]).annotate({ expected });

/** What they are read from: a folder, or one by one. */
export const Keys = Schema.Union([
  Folder,
  Schema.Record(Schema.String, Key).annotate({ expected: "a mapping from ISD-AS to its master key" }),
]).annotate({ expected: "{folder: PATH}, or a mapping from ISD-AS to its master key" });
export type KeysDocument = typeof Keys.Type;
