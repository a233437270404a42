/** The way back: paths turned round where a packet is answered. */
import type { Packet } from "../packet.ts";
import { type HopField, type InfoField, type ScionPath, scionPathOf } from "../path.ts";
import { advance, isLastOfSegment, isPeering, segIdAt, updateSegId } from "./segid.ts";

/** Where an answer goes: a path and the place on it. */
export interface ReturnWay {
  readonly path: ScionPath | null;
  readonly currInf: number;
  readonly currHf: number;
}

/** The path back: segments and hop fields in reverse, every direction flipped; segment ids stay. */
export function reversePath(path: ScionPath): ScionPath {
  const [a, b, c] = path.segLens;
  return {
    kind: "scion",
    segLens: c > 0 ? [c, b, a] : b > 0 ? [b, a, 0] : [a, 0, 0],
    infos: path.infos.map((info) => ({ ...info, consDir: !info.consDir })).reverse(),
    hops: [...path.hops].reverse(),
  };
}

/** The path with the SegIDs that stand in the packet by now. A one-hop path that has arrived is a segment of two hops. */
function presentPath(packet: Packet): ScionPath | null {
  const { path } = packet;
  if (path?.kind === "one-hop") {
    const info = { ...path.info, segId: packet.segId0 };
    return { kind: "scion", segLens: [2, 0, 0], infos: [info], hops: [path.first, path.second] };
  }
  const scion = scionPathOf(path);
  if (scion === null) return null;
  const infos = scion.infos.map((info, inf): InfoField => ({ ...info, segId: segIdAt(packet, inf) }));
  return { ...scion, infos };
}

/**
 * Turns a packet's path round where it is answered (dataplane.go `prepareSCMP`): a cross-over that was made is undone, and
 * where the answer leaves through a link (`external`) this router takes its own step on the way.
 * @returns null for the empty path: the answer stays in the AS.
 */
export function returnPath(packet: Packet, external: boolean): ReturnWay | null {
  const forth = presentPath(packet);
  if (forth === null) return null;
  const oneHop = packet.path?.kind === "one-hop";
  const path = reversePath(forth);
  const back: Packet = { ...packet, path };
  back.currHf = oneHop ? 0 : path.hops.length - 1 - packet.currHf;
  back.currInf = oneHop ? 0 : path.infos.length - 1 - packet.currInf;
  path.infos.forEach((info, inf) => setSegId(back, inf, info.segId));
  const peering = isPeering(path, path.infos[back.currInf] as InfoField, back.currHf);
  if (!peering && isLastOfSegment(path, back)) advance(path, back);
  if (external) {
    const info = path.infos[back.currInf] as InfoField;
    if (info.consDir && !peering) updateSegId(back, (path.hops[back.currHf] as HopField).mac);
    advance(path, back);
  }
  const infos = path.infos.map((info, inf): InfoField => ({ ...info, segId: segIdAt(back, inf) }));
  return { path: { ...path, infos }, currInf: back.currInf, currHf: back.currHf };
}

function setSegId(packet: Packet, inf: number, segId: number): void {
  if (inf === 0) packet.segId0 = segId;
  else if (inf === 1) packet.segId1 = segId;
  else packet.segId2 = segId;
}
