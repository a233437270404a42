/** What flows over channels say of themselves. Field names are those of `run --json`. */
import { measured } from "../core/channel/paths/measured.ts";
import type { PathStatus } from "../core/channel/paths/types.ts";
import { statsOf } from "../core/channel/recovery/stats.ts";
import type { ChannelFlow } from "../core/scenario.ts";
import type { AppResult, TransferResult, TransportResult } from "./app-result.ts";
import type { ChannelBulkContext } from "./apps/channel-bulk.ts";
import type { ChannelUser } from "./apps/channel-user.ts";
import { associationId, listenerId } from "./assemble/channels.ts";
import type { AssociationContext } from "./channel/association.ts";
import type { ListenerContext } from "./channel/listener.ts";
import type { World } from "./world.ts";

/** A flow's association, seen from its source. */
export interface ChannelResult {
  /** From the first packet until data could be sent; null: never. */
  readonly handshake_ms: number | null;
  /** Begun at the destination. */
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
  const source = read<AssociationContext>(associationId(flow.id));
  const listener = read<ListenerContext>(listenerId(flow.id));
  const user = read<ChannelUser>(`app/${flow.id}`);
  const common = { transport: transportOf(source, listener), channel: channelResult(user, source, listener) };
  const { received, duplicates } = source.port.received;
  const replies = { sent: listener.port.sent, received, duplicates };
  const { measured } = listener.port;
  switch (flow.app) {
    case "bulk": {
      const { completedAt, bytes } = read<ChannelBulkContext>(`app/${flow.id}`);
      const details = bytes === 0 || transfer === null ? common : { transfers: transfer, ...common };
      return { measured, endedAt: completedAt < 0 ? null : completedAt, replies, details };
    }
    default:
      return { measured, endedAt: null, replies, details: common };
  }
}

function channelResult(user: ChannelUser, source: AssociationContext, listener: ListenerContext): ChannelResult {
  const { askedAt, establishedAt, ending } = user;
  return {
    handshake_ms: establishedAt < 0 ? null : (establishedAt - askedAt) / 1e6,
    associations: listener.counts.accepted,
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

/** Of all paths from the source together; the round trip is that of the path that heard last. */
function transportOf(source: AssociationContext, { port }: ListenerContext): TransportResult {
  const { paths } = source.association;
  const stats = paths.list.map(({ recovery }) => statsOf(recovery));
  const sum = (of: (one: (typeof stats)[number]) => number): number => stats.reduce((total, one) => total + of(one), 0);
  const [latest] = measured(paths)
    .filter(({ srtt }) => srtt !== null)
    .sort((left, right) => (right.answeredAt ?? 0) - (left.answeredAt ?? 0));
  return {
    retransmitted: source.association.channels.resent,
    spurious: sum(({ spurious }) => spurious),
    probe_timeouts: sum(({ probeTimeouts }) => probeTimeouts),
    congestion_events: sum(({ congestionEvents }) => congestionEvents),
    srtt_ms: typeof latest?.srtt !== "number" ? null : latest.srtt / 1e6,
    cwnd_bytes: sum(({ window }) => window),
    ecn_marked: port.marked,
  };
}
