/** Windows, packets in flight and round trips: of associations, and of reliable streams without channels. */
import type { Outgoing } from "../../actors/apps/connection.ts";
import type { AssociationContext } from "../../actors/channel/association.ts";
import type { Cell } from "../../actors/world.ts";
import { measured } from "../../core/channel/paths/measured.ts";
import type { ControllerState } from "../../core/channel/recovery/controller.ts";
import type { Channel } from "../../core/channel/streams/channels.ts";
import type { ChannelPathView, TransportFace } from "../../core/exploration.ts";

/** Channels and connections shown. */
const MOST_SHOWN = 200;

export function associationFace(cell: Cell): TransportFace {
  const { association } = cell.state.context as AssociationContext;
  const { channels, paths } = association;
  const reports = new Map(measured(paths).map((report) => [report.id, report]));
  return {
    kind: "transport",
    protocol: "channel",
    state: association.phase,
    controller: [...new Set(paths.list.map(({ recovery }) => recovery.controller.kind))].join(", "),
    paths: paths.list.map(({ id, key, recovery, state }): ChannelPathView => {
      const { controller, counts, flyingBytes } = recovery;
      return {
        path: key,
        state,
        cwnd: Math.floor(controller.window),
        ssthresh: thresholdOf(controller),
        inFlight: flyingBytes,
        srtt_ms: millisecondsOf(reports.get(id)?.srtt ?? null),
        lost: Math.max(0, counts.lost - counts.spurious),
        sent: counts.sent,
      };
    }),
    channels: [...channels.byId.values()].slice(0, MOST_SHOWN).map(channelView),
  };
}

function channelView({ id, phase, receive, send }: Channel): TransportFace["channels"][number] {
  const credit = Math.max(0, send.limit - send.sent);
  return { id, state: phase, sent: send.sent, received: receive.highest, credit };
}

/** One path, or one line for each connection where there are several; null: the application has none. */
export function streamFace(cell: Cell): TransportFace | null {
  const senders = outgoingOf(cell.state.context);
  if (senders === null) return null;
  return {
    kind: "transport",
    protocol: "stream",
    state: String(cell.state.value),
    controller: "newreno",
    paths: senders.slice(0, MOST_SHOWN).map(({ sender }): ChannelPathView => {
      const { connection, counts, done, flyingBytes, lost, reno, rtt } = sender;
      return {
        path: `connection ${connection}`,
        state: done ? "done" : lost.length > 0 ? "repairing" : "open",
        cwnd: Math.floor(reno.window),
        ssthresh: thresholdOf(reno),
        inFlight: flyingBytes,
        srtt_ms: millisecondsOf(rtt.firstSampleAt >= 0 ? rtt.smoothed : null),
        lost: counts.retransmitted,
        sent: counts.sent,
      };
    }),
    channels: [],
  };
}

/** What reliable applications send with: bulk, files, requests, responses. */
interface Sends {
  readonly outgoing?: Outgoing;
  readonly transfers?: ReadonlyMap<number, Outgoing>;
  readonly exchange?: { readonly request?: Outgoing } | null;
  readonly answering?: ReadonlyMap<number, { readonly response?: Outgoing | null }>;
}

function outgoingOf(context: unknown): readonly Outgoing[] | null {
  const { answering, exchange, outgoing, transfers } = context as Sends;
  const found = [
    ...(outgoing === undefined ? [] : [outgoing]),
    ...(transfers instanceof Map ? transfers.values() : []),
    ...(exchange?.request === undefined ? [] : [exchange.request]),
    ...(answering instanceof Map ? [...answering.values()].flatMap(({ response }) => response ?? []) : []),
  ].filter((one) => (one as Partial<Outgoing>).sender !== undefined);
  const isReliable = "outgoing" in Object(context) || transfers instanceof Map || answering instanceof Map;
  return found.length > 0 || isReliable ? found : null;
}

function thresholdOf({ threshold }: Pick<ControllerState, "threshold">): number | null {
  return Number.isFinite(threshold) && threshold < Number.MAX_SAFE_INTEGER ? Math.floor(threshold) : null;
}

function millisecondsOf(nanoseconds: number | null): number | null {
  return nanoseconds === null ? null : nanoseconds / 1e6;
}
