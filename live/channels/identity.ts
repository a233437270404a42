/** Keys of identity in files, so that a program is the same one tomorrow. */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createKeyPair, KEY_BYTES, type KeyPair } from "../../core/channel/crypto/primitives.ts";
import { NODE_PRIMITIVES } from "../channel-primitives.ts";
import { ChannelFailure } from "./failure.ts";

const HEAD = "pathloom-x25519";

/** The key pair in a file; where there is no such file, a fresh one, which is written to it for its owner's eyes only. */
export function loadIdentity(file: string): KeyPair {
  try {
    return createKeyPair(parse(file, readFileSync(file, "utf8")), NODE_PRIMITIVES);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const secret = new Uint8Array(randomBytes(KEY_BYTES));
  writeFileSync(file, `${HEAD} ${Buffer.from(secret).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  return createKeyPair(secret, NODE_PRIMITIVES);
}

function parse(file: string, text: string): Uint8Array {
  const [head, hex = "", ...more] = text.trim().split(/\s+/);
  if (head !== HEAD || !/^[0-9a-f]{64}$/.test(hex) || more.length > 0) {
    throw new ChannelFailure(
      "identity",
      `${file}: expected "${HEAD}" and 64 hex digits; name another file to get a fresh key.`,
    );
  }
  return new Uint8Array(Buffer.from(hex, "hex"));
}
