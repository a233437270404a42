/** What flows over channels say of themselves. Field names are those of `run --json`. */
import { measured } from "../core/channel/paths/measured.ts";
import type { PathStatus } from "../core/channel/paths/types.ts";
import type { ChannelFlow } from "../core/scenario.ts";
import {
  type AppResult,
  messageResult,
  type TransferResult,
  transferResult,
  type TransportResult,
} from "./app-result.ts";
import type { ChannelBulkContext } from "./apps/channel-bulk.ts";
import type { ChannelExchangesContext } from "./apps/channel-exchanges.ts";
import type { ChannelFilesContext } from "./apps/channel-files.ts";
import type { ChannelMessageSinkContext } from "./apps/channel-message-sink.ts";
import type { ChannelMessagesContext } from "./apps/channel-messages.ts";
import type { ChannelUser } from "./apps/channel-user.ts";
import { associationId, listenerId } from "./assemble/channels.ts";
import type { AssociationContext } from "./channel/association.ts";
import type { ListenerContext } from "./channel/listener.ts";
import { addCounts, addTotals, createTotals } from "./channel/port.ts";
import type { World } from "./world.ts";

/** A flow's association, seen from its source. */
export interface ChannelResult {
  /** From the first packet until data could be sent; null: never. */
  readonly handshake_ms: number | null;
  /** That stood, one after another. */
  readonly associations: number;
  /** Paths it has at the end, those that wait or have failed included. */
  readonly paths: readonly ChannelPathResult[];
  /** Why the association is over; null: it is not. */
  readonly closed: string | null;
}

export interface ChannelPathResult {
  readonly fingerprint: string;
  readonly state: PathStatus;
  readonly srtt_ms: number | null;
  /** Share of packets lost lately. */
  readonly loss: number | null;
  /** Delivered lately. */
  readonly throughput_bps: number | null;
  readonly window_bytes: number;
  readonly mtu_bytes: number;
}

/** `transfer`: of a bulk flow. */
export function channelAppResult(world: World, flow: ChannelFlow, transfer: TransferResult | null): AppResult {
  const read = <C>(id: string): C => world.read<C>(id).context;
  const [app, sink] = [`app/${flow.id}`, `app/${flow.id}/sink`];
  const source = read<AssociationContext>(associationId(flow.id));
  const listener = read<ListenerContext>(listenerId(flow.id));
  const common = {
    transport: transportOf(world, flow, source, listener),
    channel: channelResult(read<ChannelUser>(app), source),
  };
  const { received, duplicates } = source.port.received;
  const replies = { sent: listener.port.sent, received, duplicates };
  const { measured } = listener.port;
  switch (flow.app) {
    case "bulk": {
      const { completedAt, bytes } = read<ChannelBulkContext>(app);
      const details = bytes === 0 || transfer === null ? common : { transfers: transfer, ...common };
      return { measured, endedAt: completedAt < 0 ? null : completedAt, replies, details };
    }
    case "file-transfer": {
      const { started, completed, completionTime } = read<ChannelFilesContext>(app);
      const transfers = transferResult(started, completed, completionTime);
      return { measured, endedAt: null, replies, details: { transfers, ...common } };
    }
    case "request-response": {
      const { started, completed, completionTime } = read<ChannelExchangesContext>(app);
      const transfers = transferResult(started, completed, completionTime);
      return { measured: source.port.measured, endedAt: null, replies, details: { transfers, ...common } };
    }
    case "message-stream": {
      const to = read<ChannelMessageSinkContext>(sink);
      const messages = messageResult(world.now, read<ChannelMessagesContext>(app), to);
      return { measured: to.measured, endedAt: null, replies, details: { messages, ...common } };
    }
  }
}

function channelResult(user: ChannelUser, source: AssociationContext): ChannelResult {
  const { askedAt, establishedAt, associations, ending } = user;
  return {
    handshake_ms: establishedAt < 0 ? null : (establishedAt - askedAt) / 1e6,
    associations,
    paths: measured(source.association.paths).map((path) => ({
      fingerprint: path.key,
      state: path.state,
      srtt_ms: path.srtt === null ? null : path.srtt / 1e6,
      loss: path.loss,
      throughput_bps: path.throughput,
      window_bytes: path.window,
      mtu_bytes: path.mtu,
    })),
    closed: ending === "" ? null : ending,
  };
}

/**
 * All paths and associations together, of exchanges both directions; round trip and window are those of the side that sends the data: of the
 * path that heard last, and of all its paths.
 */
function transportOf(
  world: World,
  { app }: ChannelFlow,
  source: AssociationContext,
  listener: ListenerContext,
): TransportResult {
  const answering = [...listener.byId.values()].flatMap((index) => {
    const context = world.cells[index]?.state.context as AssociationContext | null | undefined;
    return context === null || context === undefined ? [] : [context.association];
  });
  const totals = createTotals();
  addCounts(totals, source.port.past);
  if (source.association.phase !== "closed") addTotals(totals, source.association);
  if (app === "request-response") {
    addCounts(totals, listener.port.past);
    for (const association of answering) addTotals(totals, association);
  }
  const sending = app === "request-response" ? (answering[0] ?? source.association) : source.association;
  const paths = measured(sending.paths);
  const [latest] = paths
    .filter(({ srtt }) => srtt !== null)
    .sort((left, right) => (right.answeredAt ?? 0) - (left.answeredAt ?? 0));
  return {
    retransmitted: totals.resent,
    spurious: totals.spurious,
    probe_timeouts: totals.probeTimeouts,
    congestion_events: totals.congestionEvents,
    srtt_ms: latest === undefined ? null : (latest.srtt as number) / 1e6,
    cwnd_bytes: paths.reduce((sum, { window }) => sum + window, 0),
    ecn_marked: listener.port.marked + (app === "request-response" ? source.port.marked : 0),
  };
}
