/**
 * The checksum of UDP and SCMP in SCION: one's complement over a pseudo header and the upper layer
 * (draft-dekater-scion-dataplane, "Pseudo Header for Upper-Layer Checksum").
 */

/**
 * Adds `bytes[start, end)` to a running sum as 16-bit words; a last odd byte counts as a word's upper half. Of long
 * ones, two words are read at a time, since this loop is most of what a packet with a long payload costs.
 */
export function sumWords(sum: number, bytes: Uint8Array, start: number, end: number): number {
  return end - start < LONG ? sumShort(sum, bytes, start, end) : sumLong(sum, bytes, start, end);
}

/** From here on a view over the bytes is worth its making. */
const LONG = 512;

/** Upper and lower halves are summed apart, eight bytes a turn: whole numbers of 31 bits, which engines add fastest. */
function sumShort(sum: number, bytes: Uint8Array, start: number, end: number): number {
  let upper = 0;
  let lower = 0;
  let i = start;
  for (; i + 7 < end; i += 8) {
    upper += (bytes[i] as number) + (bytes[i + 2] as number) + (bytes[i + 4] as number) + (bytes[i + 6] as number);
    lower += (bytes[i + 1] as number) + (bytes[i + 3] as number) + (bytes[i + 5] as number) + (bytes[i + 7] as number);
  }
  for (; i + 1 < end; i += 2) {
    upper += bytes[i] as number;
    lower += bytes[i + 1] as number;
  }
  if (i < end) upper += bytes[i] as number;
  return sum + (upper << 8) + lower;
}

function sumLong(sum: number, bytes: Uint8Array, start: number, end: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let total = sum;
  let i = start;
  for (; i + 3 < end; i += 4) {
    const pair = view.getUint32(i);
    total += (pair >>> 16) + (pair & 0xffff);
  }
  if (i + 1 < end) {
    total += view.getUint16(i);
    i += 2;
  }
  return i < end ? total + (view.getUint8(i) << 8) : total;
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
