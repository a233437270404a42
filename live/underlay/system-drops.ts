/**
 * Datagrams that the system dropped before this process read them, since the socket's buffer was full: the last column of Linux's
 * /proc/net/udp (proc(5)). Elsewhere nothing is known of them.
 */
import { readFileSync } from "node:fs";
import { hostBytes } from "../../core/address.ts";
import type { Endpoint } from "../../core/endpoint.ts";

const TABLES = ["/proc/self/net/udp", "/proc/self/net/udp6"];

/** By socket address as the system writes it; empty where there is no such table. */
export function readSystemDrops(): ReadonlyMap<string, number> {
  const drops = new Map<string, number>();
  for (const path of TABLES) {
    for (const line of linesOf(path)) {
      const fields = line.trim().split(/\s+/);
      const count = Number(fields.at(-1));
      if (fields[1] !== undefined && count > 0) drops.set(fields[1], count);
    }
  }
  return drops;
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, "latin1").split("\n").slice(1);
  } catch {
    return [];
  }
}

/** `0100107F:7594`: words of four bytes in the machine's order, which is little-endian, and the port. */
export function systemName({ address, port }: Endpoint): string {
  const { bytes } = hostBytes(address);
  const word = (at: number): string => hex(Array.from(bytes.subarray(at, at + 4)).toReversed());
  const words = Array.from({ length: bytes.length / 4 }, (_, at) => word(4 * at));
  return `${words.join("")}:${hex([port >> 8, port & 0xff])}`;
}

function hex(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join("");
}
