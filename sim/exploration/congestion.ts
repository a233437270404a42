/** What the sending sides of reliable flows say of each path: windows, bytes in flight, round trips, losses. Read from contexts. */
import { associationId, listenerId } from "../../actors/assemble/channels.ts";
import type { AssociationContext } from "../../actors/channel/association.ts";
import type { ListenerContext } from "../../actors/channel/listener.ts";
import type { BulkContext } from "../../actors/apps/bulk.ts";
import type { FileTransferContext } from "../../actors/apps/file-transfer.ts";
import type { ResponderContext } from "../../actors/apps/responder.ts";
import type { SelectorContext } from "../../actors/selectors/selector.ts";
import type { World } from "../../actors/world.ts";
import type { PathState } from "../../core/channel/paths/types.ts";
import { type ChannelFlow, type FlowSpec, isOverChannels } from "../../core/scenario.ts";
import type { Sender } from "../../core/transport/sender.ts";
import { MILLISECOND } from "../../core/units.ts";

/** Bytes, milliseconds (NaN: no sample yet), packets since the counter began. */
export interface PathReading {
  readonly fingerprint: string;
  /** Tells apart counters that begin at zero. */
  readonly counter: unknown;
  readonly cwnd: number;
  readonly inflight: number;
  readonly srtt: number;
  readonly lost: number;
}

const NOTHING: readonly PathReading[] = [];

/**
 * Of flows over channels each path of the side that sends the data; of reliable streams without channels, which know no paths, all is
 * attributed to the path in use, and packets sent again stand for losses. Empty for other flows, and before there is anything.
 */
export function pathReadings(world: World, flow: FlowSpec): readonly PathReading[] {
  if (isOverChannels(flow)) return channelReadings(world, flow);
  switch (flow.app) {
    case "bulk": {
      const bulk = contextOf<BulkContext>(world, `app/${flow.id}`);
      return bulk === null ? NOTHING : streamReading(world, flow, [bulk.outgoing.sender], 0);
    }
    case "file-transfer": {
      const files = contextOf<FileTransferContext>(world, `app/${flow.id}`);
      if (files === null) return NOTHING;
      const open = [...files.transfers.values()].map(({ sender }) => sender);
      return streamReading(world, flow, open, files.totals.retransmitted);
    }
    case "request-response": {
      const responder = contextOf<ResponderContext>(world, `app/${flow.id}/sink`);
      if (responder === null) return NOTHING;
      const open = [...responder.answering.values()].flatMap(({ response }) =>
        response === null ? [] : response.sender,
      );
      return streamReading(world, flow, open, responder.totals.retransmitted);
    }
    default:
      return NOTHING;
  }
}

/** Window and bytes of all connections together; the round trip of the one that began last. */
function streamReading(world: World, flow: FlowSpec, open: readonly Sender[], ended: number): readonly PathReading[] {
  const selector = contextOf<SelectorContext>(world, `selector/${flow.id}`);
  const path = selector?.paths[selector.lastPath];
  if (path === undefined) return NOTHING;
  let [cwnd, inflight, lost] = [0, 0, ended];
  for (const { counts, flyingBytes, reno } of open) {
    cwnd += reno.window;
    inflight += flyingBytes;
    lost += counts.retransmitted;
  }
  const rtt = open.at(-1)?.rtt;
  const srtt = rtt === undefined || rtt.firstSampleAt < 0 ? Number.NaN : rtt.smoothed / MILLISECOND;
  const idle = open.length === 0;
  return [
    {
      fingerprint: path.fingerprint,
      counter: "all",
      cwnd: idle ? Number.NaN : cwnd,
      inflight: idle ? Number.NaN : inflight,
      srtt,
      lost,
    },
  ];
}

function channelReadings(world: World, flow: ChannelFlow): readonly PathReading[] {
  const source = contextOf<AssociationContext>(world, associationId(flow.id));
  if (source === null || source.association.phase === "closed") return NOTHING;
  const { list } = source.association.paths;
  if (flow.app !== "request-response") return list.filter(isInUse).map((path) => pathReading(path, path.key));
  // The answering side knows its ways by hops; both sides number paths alike.
  const keys = new Map(list.map(({ id, key }) => [id, key]));
  return answeringPaths(world, flow).flatMap((path) => {
    const key = keys.get(path.id);
    return key === undefined ? [] : [pathReading(path, key)];
  });
}

function answeringPaths(world: World, flow: ChannelFlow): readonly PathState[] {
  const listener = contextOf<ListenerContext>(world, listenerId(flow.id));
  for (const index of listener?.byId.values() ?? []) {
    const context = world.cells[index]?.state.context as AssociationContext | null | undefined;
    if (context !== null && context !== undefined) return context.association.paths.list.filter(isInUse);
  }
  return [];
}

function isInUse({ state }: PathState): boolean {
  return state !== "abandoned";
}

function pathReading({ recovery }: PathState, fingerprint: string): PathReading {
  const { controller, counts, flyingBytes, rtt } = recovery;
  return {
    fingerprint,
    counter: counts,
    cwnd: Math.floor(controller.window),
    inflight: flyingBytes,
    srtt: rtt.firstSampleAt < 0 ? Number.NaN : rtt.smoothed / MILLISECOND,
    lost: counts.lost,
  };
}

function contextOf<C>(world: World, id: string): C | null {
  const index = world.indexOf(id);
  return index === undefined ? null : ((world.cells[index]?.state.context as C | undefined) ?? null);
}
