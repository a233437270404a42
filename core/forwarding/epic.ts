/**
 * EPIC-HP (scionproto `pkg/experimental/epic`, `processEPIC`): beside its SCION path a packet carries two validation fields
 * that bind it to its sender, length and time; the last two routers of the path check one each. What fails is dropped.
 */
import { hostType, writeHost } from "../address.ts";
import { cbcMac } from "../crypto/cmac.ts";
import { type HopMacs, hopAuthenticator, macPrefix } from "../hop-mac.ts";
import type { Packet } from "../packet.ts";
import { type EpicPath, type HopField, type InfoField, infIndexForHf } from "../path.ts";
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from "../units.ts";
import { get32, put16, put32 } from "../wire/bytes.ts";
import { addressEnd } from "../wire/header.ts";
import { pathLength } from "../wire/path.ts";
import { putIA } from "../wire/texts.ts";
import type { Disposition, Router } from "./router.ts";
import { isPeering, segIdAt } from "./segid.ts";

const BAD_EPIC: Disposition = { kind: "drop", reason: "bad_epic" };

/** Resolution of a packet's timestamp. */
const TICK: Nanos = 21 * MICROSECOND;
/** A packet lives two seconds; clocks may differ by one. */
const LIFETIME: Nanos = 2_000 * MILLISECOND;
const SKEW: Nanos = 1_000 * MILLISECOND;

/** Forwards the SCION path within and then, where this is one of the last two hops, checks the validation field. */
export function forwardEpic(
  router: Router,
  path: EpicPath,
  packet: Packet,
  now: Nanos,
  forwardInner: () => Disposition,
): Disposition {
  const left = path.scion.hops.length - 1 - packet.currHf;
  const disposition = forwardInner();
  if (left > 1 || !(disposition.kind === "forward" || disposition.kind === "deliver" || disposition.kind === "service"))
    return disposition;
  const first = path.scion.infos[0] as InfoField;
  if (!isTimely(path, first, router.epochS, now)) return BAD_EPIC;
  if (router.macs === null) return disposition;
  const expected = left === 0 ? path.lhvf : path.phvf;
  return validationOf(router.macs, path, packet, disposition.kind === "forward") === expected ? disposition : BAD_EPIC;
}

function isTimely(path: EpicPath, first: InfoField, epochS: number, now: Nanos): boolean {
  const sent = (first.timestamp - epochS) * SECOND + (path.timestamp + 1) * TICK;
  return sent >= now - LIFETIME - SKEW && sent <= now + SKEW;
}

/** `hasLeft`: the packet's pointers and SegID have been moved past this router, whose hop is the one before. */
function validationOf(macs: HopMacs, path: EpicPath, packet: Packet, hasLeft: boolean): number {
  const hf = packet.currHf - (hasLeft ? 1 : 0);
  const { scion } = path;
  const hop = scion.hops[hf] as HopField;
  const inf = infIndexForHf(scion, hf);
  const info = scion.infos[inf] as InfoField;
  const segId = segIdAt(packet, inf);
  const chained = hasLeft && info.consDir && !isPeering(scion, info, hf);
  const before = chained ? segId ^ macPrefix(hop.mac) : segId;
  return hopValidation(hopAuthenticator(macs, before, info.timestamp, hop), path, packet);
}

/** A hop's validation field (HVF): the first four bytes of a CBC-MAC under the hop authenticator. */
export function hopValidation(authenticator: Uint8Array, path: EpicPath, packet: Packet): number {
  return get32(cbcMac(authenticator, validationInput(path, packet)), 0);
}

/** flags | timestamp of the first segment | packet id | source AS and host | payload length, zero-padded to whole blocks. */
export function validationInput(path: EpicPath, packet: Packet): Uint8Array {
  const bytes = new Uint8Array(48);
  bytes[0] = hostType(packet.srcHost) & 0b11;
  put32(bytes, 1, (path.scion.infos[0] as InfoField).timestamp);
  put32(bytes, 5, path.timestamp);
  put32(bytes, 9, path.counter);
  putIA(bytes, 13, packet.srcIa);
  const end = 21 + writeHost(packet.srcHost, bytes, 21);
  put16(bytes, end, packet.wireLength - addressEnd(packet.dstHost, packet.srcHost) - pathLength(path));
  return bytes.subarray(0, 16 * Math.ceil((end + 2) / 16));
}
