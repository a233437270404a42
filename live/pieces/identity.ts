/** Who a piece is: the machine it runs on, its instance, and the key it shares with the others. */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { canonicalJson } from "../../core/canonical.ts";
import type { Scenario } from "../../core/scenario.ts";
import { NONE } from "./message.ts";

/** 16 hex digits, never those of nobody. */
export function randomId(): string {
  const id = randomBytes(8).toString("hex");
  return id === NONE ? randomId() : id;
}

/**
 * Processes for which this is equal read one monotonic clock: one boot of one kernel, and one namespace of time. `NONE` where
 * the system does not tell.
 */
export function machineId(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8");
    return shortHash(`${boot}\n${timeNamespace()}`);
  } catch {
    return NONE;
  }
}

function timeNamespace(): string {
  try {
    return readFileSync("/proc/self/timens_offsets", "utf8");
  } catch {
    // A kernel without namespaces of time.
    return "";
  }
}

/** The key that vouches for what pieces tell each other, from what their forwarding keys follow from. `secret` null: the seed. */
export function pieceKey(scenario: Pick<Scenario, "seed" | "keys">, secret: string | null): Uint8Array {
  const source = secret ?? `seed ${scenario.seed}`;
  return sha256(`pathloom pieces\0${source}\0${canonicalJson(scenario.keys ?? {})}`);
}

/** Tells whether two pieces have the same key, and nothing else about it. */
export function keyIdOf(key: Uint8Array): string {
  return sha256(Buffer.concat([Buffer.from("pathloom key identifier\0"), key]))
    .toString("hex")
    .slice(0, 16);
}

function shortHash(text: string): string {
  return sha256(text).toString("hex").slice(0, 16);
}

function sha256(data: string | Uint8Array): Buffer {
  return createHash("sha256").update(data).digest();
}
