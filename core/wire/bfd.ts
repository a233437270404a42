/** BFD control packets (RFC 5880, section 4.1): the mandatory section; an authentication section is payload. */
import type { BfdControl } from "../packet.ts";
import { err, ok, type Result } from "../result.ts";
import { fault, get32, put32, type WireError } from "./bytes.ts";

export const BFD_BYTES = 24;

const VERSION = 1;

const FLAG = {
  poll: 0x20,
  final: 0x10,
  controlPlaneIndependent: 0x08,
  authenticationPresent: 0x04,
  demand: 0x02,
  multipoint: 0x01,
} as const;

/** Refused: a version other than 1, a length that is not that of all that follows the SCION headers. */
export function decodeBfd(bytes: Uint8Array, start: number, end: number): Result<BfdControl, WireError> {
  const present = end - start;
  if (present < BFD_BYTES) return err(fault("bfd", start, `expected ${BFD_BYTES} bytes of header, found ${present}`));
  const [first, flags] = [bytes[start] as number, bytes[start + 1] as number];
  if (first >>> 5 !== VERSION) return err(fault("bfd", start, `version ${first >>> 5}, expected ${VERSION}`));
  const length = bytes[start + 3] as number;
  if (length !== present) return err(fault("bfd", start + 3, `length says ${length} bytes, the packet has ${present}`));
  return ok({
    kind: "bfd",
    diagnostic: first & 0x1f,
    state: flags >>> 6,
    poll: (flags & FLAG.poll) !== 0,
    final: (flags & FLAG.final) !== 0,
    controlPlaneIndependent: (flags & FLAG.controlPlaneIndependent) !== 0,
    authenticationPresent: (flags & FLAG.authenticationPresent) !== 0,
    demand: (flags & FLAG.demand) !== 0,
    multipoint: (flags & FLAG.multipoint) !== 0,
    detectMult: bytes[start + 2] as number,
    myDiscriminator: get32(bytes, start + 4),
    yourDiscriminator: get32(bytes, start + 8),
    desiredMinTx: get32(bytes, start + 12),
    requiredMinRx: get32(bytes, start + 16),
    requiredMinEchoRx: get32(bytes, start + 20),
  });
}

/** Writes the mandatory section; `length` counts what follows it too. Answers where that begins. */
export function encodeBfd(bfd: BfdControl, length: number, bytes: Uint8Array, offset: number): number {
  if (length > 0xff) throw new RangeError(`a BFD packet of ${length} bytes: at most 255 are allowed`);
  bytes[offset] = (VERSION << 5) | bfd.diagnostic;
  bytes[offset + 1] =
    (bfd.state << 6) |
    (bfd.poll ? FLAG.poll : 0) |
    (bfd.final ? FLAG.final : 0) |
    (bfd.controlPlaneIndependent ? FLAG.controlPlaneIndependent : 0) |
    (bfd.authenticationPresent ? FLAG.authenticationPresent : 0) |
    (bfd.demand ? FLAG.demand : 0) |
    (bfd.multipoint ? FLAG.multipoint : 0);
  bytes[offset + 2] = bfd.detectMult;
  bytes[offset + 3] = length;
  put32(bytes, offset + 4, bfd.myDiscriminator);
  put32(bytes, offset + 8, bfd.yourDiscriminator);
  put32(bytes, offset + 12, bfd.desiredMinTx);
  put32(bytes, offset + 16, bfd.requiredMinRx);
  put32(bytes, offset + 20, bfd.requiredMinEchoRx);
  return offset + BFD_BYTES;
}
