/** How packets of an association travel: ways out that a selector offers, and ways back that packets came by. Plain data. */
import type { Candidate } from "../../core/channel/paths/types.ts";
import { type Packet, PAYLOAD_HEADER_BYTES } from "../../core/packet.ts";
import { hopsOf, type PacketPath, type PathInfo } from "../../core/path.ts";
import { type ReturnWay, returnPath } from "../../core/forwarding/reverse.ts";
import type { PathsCandidates } from "../selectors/subscribers.ts";

export interface Way extends ReturnWay {
  /** What the engine calls it: a fingerprint, or the hops that a packet came by. */
  readonly key: string;
  /** Bytes of all headers before the payload. */
  readonly header: number;
  /** The path that was turned round; null for ways out. */
  readonly cameBy: PacketPath | null;
}

/** Ways back remembered; the oldest makes room. More than an association has paths. */
const MOST_WAYS = 64;

/** Key of the one candidate where the policy gives each packet its path. */
export const SELECTED = "selector";

/** The offer as candidates of the engine; `limit`: largest channel packet, whatever the paths' MTU. */
export function candidatesOf({ paths, headers, usable, eachPacket }: PathsCandidates, limit: number): Candidate[] {
  const all = paths.map((path, at): Candidate => {
    const mtu = Math.min(limit, path.mtu - (headers[at] as number) - PAYLOAD_HEADER_BYTES);
    return { key: path.fingerprint, mtu, latencyNs: path.latencyNs, usable: usable[at] === true };
  });
  if (!eachPacket || all.length === 0) return all;
  const mtu = Math.min(...all.map((one) => one.mtu));
  return [{ key: SELECTED, mtu, latencyNs: null, usable: all.some((one) => one.usable) }];
}

/** The ways out to these paths. */
export function waysOut({ paths, headers, eachPacket }: PathsCandidates): Way[] {
  if (eachPacket) return [{ key: SELECTED, path: null, currInf: 0, currHf: 0, header: 0, cameBy: null }];
  return paths.map((path: PathInfo, at): Way => {
    return {
      key: path.fingerprint,
      path: path.forwarding,
      currInf: 0,
      currHf: 0,
      header: headers[at] as number,
      cameBy: null,
    };
  });
}

/** The way back to where a packet came from, remembered by the path that it came by. */
export function wayOf(ways: Way[], packet: Packet): Way {
  const header = packet.wireLength - packet.payloadLength;
  for (const way of ways) if (way.cameBy === packet.path && way.header === header && way.cameBy !== null) return way;
  const back = returnPath(packet, false) ?? { path: null, currInf: 0, currHf: 0 };
  const way: Way = { ...back, key: hopsOf(packet.path), header, cameBy: packet.path };
  const at = ways.findIndex(({ key }) => key === way.key);
  if (at >= 0) ways[at] = way;
  else ways.push(way);
  if (ways.length > MOST_WAYS) ways.shift();
  return way;
}
