/** A recorded run as a capture: every packet once for each link it crossed, at the instant of its arrival behind it. */
import { bytesOfHex } from "../../actors/record.ts";
import { directionsOf, nodeId } from "../../actors/assemble/plan.ts";
import { formatInterface } from "../../core/address.ts";
import type { Scenario } from "../../core/scenario.ts";
import type { PlaceRecord } from "../../sim/replay.ts";
import { decodePacket } from "../../core/wire/codec.ts";
import { enhancedPacket, interfaceDescription, sectionHeader } from "./pcapng.ts";
import { formatAddress, MAX_UNDERLAY_PAYLOAD, underlayAddress, underlayFrame } from "./underlay-frame.ts";

/** One direction of a link, by the interface it leads to. */
interface Channel {
  /** Number of its interface block. */
  readonly at: number;
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly receiver: string;
}

interface Arrival {
  readonly now: number;
  readonly channel: Channel;
  readonly bytes: Uint8Array;
}

export interface Capture {
  /** Blocks of the file, in order. */
  readonly blocks: Iterable<Uint8Array>;
  readonly packets: number;
  /** Packets too long for IPv4 and UDP: left out. */
  readonly tooLong: number;
}

/** Places of `records` are the ASes of the scenario, in their order. */
export function captureOf(scenario: Scenario, records: readonly (PlaceRecord | null)[], application: string): Capture {
  const channels = channelsOf(scenario);
  const arrivals = records.flatMap((record) => (record === null ? [] : arrivalsAt(record, channels)));
  const fitting = arrivals.filter(({ bytes }) => bytes.length <= MAX_UNDERLAY_PAYLOAD);
  // Stable: arrivals of one instant stand in the order of their places, and of one place as they came.
  fitting.sort((one, other) => one.now - other.now);
  return {
    blocks: blocksOf(scenario, [...channels.values()], fitting, application),
    packets: fitting.length,
    tooLong: arrivals.length - fitting.length,
  };
}

function channelsOf({ network }: Scenario): Map<string, Channel> {
  const channels = new Map<string, Channel>();
  network.links.forEach((link, index) => {
    directionsOf(link).forEach(({ id, to }, direction) => {
      const ends = [underlayAddress(index, "a"), underlayAddress(index, "b")] as const;
      const [from, there] = direction === 0 ? ends : [ends[1], ends[0]];
      const receiver = nodeId(to.ia);
      channels.set(formatInterface(to.ia, to.ifId), { at: channels.size, id, from, to: there, receiver });
    });
  });
  return channels;
}

function arrivalsAt({ header, entries }: PlaceRecord, channels: ReadonlyMap<string, Channel>): Arrival[] {
  return entries.flatMap((entry): Arrival[] => {
    if (entry[0] !== "p") return [];
    const [, now, , ifId, hex] = entry;
    const channel = channels.get(formatInterface(header.place, ifId));
    const bytes = bytesOfHex(hex);
    return channel === undefined || bytes === null ? [] : [{ now, channel, bytes }];
  });
}

function* blocksOf(
  { epoch_s }: Scenario,
  channels: readonly Channel[],
  arrivals: readonly Arrival[],
  application: string,
): Generator<Uint8Array> {
  yield sectionHeader(application);
  for (const { id, from, to } of channels) {
    yield interfaceDescription(id, `${formatAddress(from)} to ${formatAddress(to)}`);
  }
  const epoch = BigInt(epoch_s) * 1_000_000_000n;
  for (const { now, channel, bytes } of arrivals) {
    const frame = underlayFrame(bytes, channel.from, channel.to);
    yield enhancedPacket(channel.at, epoch + BigInt(now), frame, commentOf(bytes, channel));
  }
}

function commentOf(bytes: Uint8Array, { receiver }: Channel): string {
  const decoded = decodePacket(bytes);
  if (!decoded.ok) return `to ${receiver}; no SCION packet: ${decoded.error.reason}`;
  const { flow, number, l4 } = decoded.value;
  return `${flow < 0 ? l4.kind : `flow ${flow}, packet ${number}, ${l4.kind}`}; to ${receiver}`;
}
