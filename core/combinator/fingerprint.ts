/** The name of a path (scionproto `pkg/snet/path.go`, `Fingerprint`): SHA-256 over ISD-AS u64 and interface u64 of each interface, travelling order. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { iaParts } from "../address.ts";
import type { PathInterface } from "../path.ts";
import { put16, put48, put64 } from "../wire/bytes.ts";

const INTERFACE_BYTES = 16;

/** As much of the hash as `scion showpaths` prints. */
const SHOWN_BYTES = 8;

/** The first 16 hex digits of SCION's fingerprint. */
export function fingerprintOf(interfaces: readonly PathInterface[]): string {
  const bytes = new Uint8Array(INTERFACE_BYTES * interfaces.length);
  interfaces.forEach(({ ia, ifId }, at) => {
    const { isd, as } = iaParts(ia);
    put16(bytes, INTERFACE_BYTES * at, isd);
    put48(bytes, INTERFACE_BYTES * at + 2, as);
    put64(bytes, INTERFACE_BYTES * at + 8, ifId);
  });
  return bytesToHex(sha256(bytes).subarray(0, SHOWN_BYTES));
}
