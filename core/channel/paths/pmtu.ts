/**
 * The largest packet a path carries: datagram packetization layer path MTU discovery (RFC 8899), begun with what the path's metadata
 * say. All sizes are whole channel packets, short header to tag.
 *
 *                    confirmed, nothing above          raise timer, or a higher ceiling
 *   disabled --> base -----------------------> complete <------------------------> searching
 *                  |  \---confirmed, more above------------------------------------->  |
 *                  |  <------------------- black hole (also from complete) ------------+
 *                  v
 *                error  (not even BASE_PLPMTU passes: MIN_PLPMTU is used, larger ones are tried again)
 *
 * A probe is a padded PATH_CHALLENGE that asks for no acknowledgement, so that its loss is no congestion (RFC 9000, 14.4); its
 * response confirms the size. Metadata are taken at their word until confirmed, and packets of that size then tell as much as a probe.
 */
import { type Bytes, type Nanos, SECOND } from "../../units.ts";
import type { Pmtu } from "./types.ts";

/** BASE_PLPMTU (RFC 8899, 5.1.2; RFC 9000, 14.1). */
export const BASE_PLPMTU: Bytes = 1_200;
/** MIN_PLPMTU: what an IPv4 host must take at least, 576, less its and UDP's headers. */
export const MIN_PLPMTU: Bytes = 548;
/** MAX_PROBES, of one size in a row. */
export const MAX_PROBES = 3;
/** PROBE_TIMER: at least this (5.1.1 asks for more than 15 s where the round trip is not known; here it is), and at least 3 probe timeouts. */
export const PROBE_TIMER: Nanos = SECOND;
/** PMTU_RAISE_TIMER. */
export const RAISE_TIMER: Nanos = 600 * SECOND;
/** The search ends where fewer bytes are left between what passes and what does not. */
const SEARCH_STEP: Bytes = 16;
/** Packets above the base lost, sent after the latest of their kind that arrived, from which on the path swallows them. */
export const BLACK_HOLE_LOSSES = 4;

/** `mtu`: what the metadata say; `ceiling`: sizes up to it are searched, at least `mtu`. */
export function createPmtu(mtu: Bytes, ceiling: Bytes): Pmtu {
  const top = Math.max(mtu, ceiling);
  return {
    phase: "disabled",
    size: mtu,
    assumed: mtu,
    ceiling: top,
    tooLarge: top + 1,
    probed: 0,
    failures: 0,
    timerAt: -1,
    due: false,
    largeAcked: -1,
    largeLost: 0,
  };
}

/** The path has been validated by a packet of `proven` bytes (0: of unknown size). Discovery begins where `probing`. */
export function startPmtu(pmtu: Pmtu, proven: Bytes, probing: boolean, now: Nanos): void {
  stop(pmtu);
  pmtu.tooLarge = pmtu.ceiling + 1;
  pmtu.largeLost = 0;
  if (!probing) {
    pmtu.phase = "disabled";
    pmtu.size = pmtu.assumed;
    return;
  }
  if (proven === 0) return confirmBase(pmtu, pmtu.assumed);
  pmtu.size = Math.min(proven, pmtu.ceiling);
  if (pmtu.size < Math.min(BASE_PLPMTU, pmtu.assumed)) fallToError(pmtu);
  else search(pmtu, now);
}

export function stopPmtu(pmtu: Pmtu): void {
  stop(pmtu);
  pmtu.phase = "disabled";
}

/** Size of the probe to send now; 0: none. */
export function probeDue(pmtu: Pmtu): Bytes {
  return pmtu.due ? pmtu.probed : 0;
}

/** The probe has left; `patience`: time from which on its loss is certain. */
export function probeSent(pmtu: Pmtu, patience: Nanos, now: Nanos): void {
  pmtu.due = false;
  pmtu.timerAt = now + Math.max(PROBE_TIMER, patience);
}

/** A packet of `bytes`, probe or not, has arrived. */
export function sizeConfirmed(pmtu: Pmtu, bytes: Bytes, now: Nanos): void {
  if (pmtu.phase === "disabled" || pmtu.probed === 0 || bytes < pmtu.probed) return;
  pmtu.size = Math.max(Math.min(bytes, pmtu.ceiling), pmtu.probed);
  search(pmtu, now);
}

/** The probe or raise timer has run out. */
export function pmtuTimeout(pmtu: Pmtu, now: Nanos): void {
  if (pmtu.timerAt < 0 || pmtu.timerAt > now) return;
  pmtu.timerAt = -1;
  if (pmtu.phase === "complete") {
    pmtu.tooLarge = pmtu.ceiling + 1;
    search(pmtu, now);
    return;
  }
  pmtu.failures++;
  if (pmtu.failures < MAX_PROBES) {
    pmtu.due = true;
    return;
  }
  if (pmtu.phase === "searching" || pmtu.phase === "error") {
    pmtu.tooLarge = Math.max(pmtu.probed, pmtu.size + 1);
    if (pmtu.phase === "error") return fallToError(pmtu);
    return search(pmtu, now);
  }
  if (pmtu.probed > BASE_PLPMTU) {
    pmtu.tooLarge = pmtu.probed;
    return confirmBase(pmtu, BASE_PLPMTU);
  }
  fallToError(pmtu);
}

/** The packet `number` of `bytes` has been acknowledged. */
export function largeAcked(pmtu: Pmtu, number: number, bytes: Bytes, now: Nanos): void {
  if (bytes <= BASE_PLPMTU) return;
  if (number > pmtu.largeAcked) {
    pmtu.largeAcked = number;
    pmtu.largeLost = 0;
  }
  if (pmtu.phase === "base") sizeConfirmed(pmtu, bytes, now);
}

/**
 * The packet `number` of `bytes` is lost; answers whether the path swallows packets of its size (RFC 8899, 4.3). Only those count
 * that were sent after the latest large one that arrived: a queue that overflows lets others of their size through.
 */
export function largeLost(pmtu: Pmtu, number: number, bytes: Bytes): boolean {
  if (pmtu.phase === "disabled" || pmtu.size <= BASE_PLPMTU) return false;
  if (bytes <= BASE_PLPMTU || bytes > pmtu.size || number < pmtu.largeAcked) return false;
  pmtu.largeLost++;
  if (pmtu.largeLost < BLACK_HOLE_LOSSES) return false;
  pmtu.tooLarge = pmtu.size;
  confirmBase(pmtu, BASE_PLPMTU);
  return true;
}

/** "Packet too big" from a router, which proves nothing but may be tried: nothing larger than `mtu` is sent until probes say otherwise (4.6). */
export function packetTooBig(pmtu: Pmtu, mtu: Bytes, now: Nanos): boolean {
  if (pmtu.phase === "disabled" || mtu >= pmtu.size || mtu < MIN_PLPMTU) return false;
  pmtu.tooLarge = mtu + 1;
  if (mtu < BASE_PLPMTU) {
    fallToError(pmtu);
    return true;
  }
  pmtu.size = BASE_PLPMTU;
  search(pmtu, now);
  return true;
}

function stop(pmtu: Pmtu): void {
  pmtu.probed = 0;
  pmtu.failures = 0;
  pmtu.timerAt = -1;
  pmtu.due = false;
}

function probe(pmtu: Pmtu, size: Bytes): void {
  stop(pmtu);
  pmtu.probed = size;
  pmtu.due = true;
}

function confirmBase(pmtu: Pmtu, size: Bytes): void {
  pmtu.phase = "base";
  pmtu.size = size;
  pmtu.largeLost = 0;
  probe(pmtu, size);
}

function fallToError(pmtu: Pmtu): void {
  pmtu.phase = "error";
  pmtu.size = Math.min(MIN_PLPMTU, pmtu.assumed);
  pmtu.tooLarge = Math.min(pmtu.tooLarge, BASE_PLPMTU);
  probe(pmtu, Math.floor((pmtu.size + pmtu.tooLarge) / 2));
}

/** Tries the ceiling first, which is most often right, then halves. */
function search(pmtu: Pmtu, now: Nanos): void {
  stop(pmtu);
  const least = pmtu.size;
  if (pmtu.tooLarge - least <= (pmtu.tooLarge > pmtu.ceiling ? 1 : SEARCH_STEP)) {
    pmtu.phase = "complete";
    if (pmtu.size < pmtu.ceiling) pmtu.timerAt = now + RAISE_TIMER;
    return;
  }
  pmtu.phase = "searching";
  probe(pmtu, pmtu.tooLarge > pmtu.ceiling ? pmtu.ceiling : Math.floor((least + pmtu.tooLarge) / 2));
}
