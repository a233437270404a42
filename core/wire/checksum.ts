/**
 * The checksum of UDP and SCMP in SCION: one's complement over a pseudo header and the upper layer
 * (draft-dekater-scion-dataplane, "Pseudo Header for Upper-Layer Checksum").
 */
import { get16 } from "./bytes.ts";

/** Adds `bytes[start, end)` to a running sum as 16-bit words; a last odd byte counts as a word's upper half. */
export function sumWords(sum: number, bytes: Uint8Array, start: number, end: number): number {
  let total = sum;
  let i = start;
  for (; i + 1 < end; i += 2) total += get16(bytes, i);
  return i < end ? total + ((bytes[i] as number) << 8) : total;
}

/**
 * Sum over the pseudo header: the address header (its order on the wire is the pseudo header's order), the upper
 * layer's length in 32 bits, three zero bytes and the protocol number.
 */
export function pseudoHeaderSum(
  bytes: Uint8Array,
  addressStart: number,
  addressEnd: number,
  upperLength: number,
  protocol: number,
): number {
  const length = (upperLength >>> 16) + (upperLength & 0xffff);
  return sumWords(length + protocol, bytes, addressStart, addressEnd);
}

/** Folds a running sum into the checksum. A zero result stays zero: unlike UDP over IP, SCION does not send 0xffff for it. */
export function checksumOf(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000);
  return ~folded & 0xffff;
}
