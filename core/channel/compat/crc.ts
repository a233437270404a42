/** Checksums with reflected polynomials of 32 bits: CRC32C guards packets, CRC-32 makes cookies. */

/** Castagnoli (RFC 3720, 12.1; vectors in its B.4). */
const CASTAGNOLI = 0x82f6_3b78;
/** IEEE 802.3, the one of zlib. */
const IEEE = 0xedb8_8320;

const CRC32C_TABLE = tableOf(CASTAGNOLI);
const CRC32_TABLE = tableOf(IEEE);

/** CRC32C over `bytes[start, end)`, 32 bits. */
export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  return checksum(CRC32C_TABLE, bytes, start, end);
}

/** CRC-32 over `bytes[start, end)`, 32 bits. */
export function crc32(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  return checksum(CRC32_TABLE, bytes, start, end);
}

/** Signed, so that engines keep every step in 32 bits. */
function tableOf(polynomial: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value | 0;
  });
}

function checksum(table: Int32Array, bytes: Uint8Array, start: number, end: number): number {
  let value = -1;
  for (let at = start; at < end; at++) {
    value = (value >>> 8) ^ (table[(value ^ (bytes[at] as number)) & 0xff] as number);
  }
  return ~value >>> 0;
}
