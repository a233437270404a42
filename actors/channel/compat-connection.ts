/**
 * One end of a connection in Channeler mode: runs packets through the pipes of core/channel/compat, keeps the timeouts, starts and ends
 * the machines of channels.
 *
 *                 channel.open, channel.write, ...
 *                    +------+
 *                    |      v
 *                   running     --connection.close--> closed: every channel is told, nothing more is sent or heard
 *
 *   packet --> ingress --> established, refused, confirmed, ... --> initiator or responder of the channel --> its data machine --> user
 *   user --> data machine --> egress --> packet
 */
import { setup } from "xstate";
import {
  channelWrite,
  closeChannel,
  establishChannel,
  packetToSend,
  receivePacket,
  repeat,
  type Step,
} from "../../core/channel/compat/api.ts";
import { unbanPeer, unbanTransport } from "../../core/channel/compat/bans.ts";
import { type Channel, channelOfHandle } from "../../core/channel/compat/channels.ts";
import { type Connection, type ConnectionOptions, createConnection } from "../../core/channel/compat/connection.ts";
import { rotateSecret } from "../../core/channel/compat/cookie.ts";
import type { ChannelerError } from "../../core/channel/compat/errors.ts";
import {
  addTimeout,
  CHANNEL_TIMEOUT,
  createTimeouts,
  nextDeadline,
  removeTimeout,
  SCOPE,
  takeExpired,
  type Timeouts,
} from "../../core/channel/compat/timeouts.ts";
import type { ActorIndex, ControlEvent, Env, Handle } from "../../core/env.ts";
import { NO_FLOW, type Packet, PAYLOAD_HEADER_BYTES } from "../../core/packet.ts";
import type { Nanos } from "../../core/units.ts";
import { wireLengthOf } from "../../core/wire/codec.ts";
import { createDatagram, createSending, type FlowEnds, sendDatagram, type Sending } from "../apps/datagram.ts";
import { envOf } from "../registry.ts";
import { type Present, withPacketHandler } from "../with-packet-handler.ts";
import type { ChannelEvent, ConnectionEvent, DataEvent, UserEvent } from "./compat-events.ts";
import type { DataInput } from "./compat-data.ts";
import type { InitiatorInput } from "./compat-initiator.ts";

/** Names of the channel machines' logics in an assembly. */
export const CHANNELER_LOGICS = {
  initiator: "channeler-initiator",
  responder: "channeler-responder",
  data: "channeler-data",
} as const;

export interface ChannelerInput {
  readonly options: ConnectionOptions;
  readonly ends: FlowEnds;
  /** Told of channels, opened here or there. */
  readonly user: ActorIndex;
  readonly maxTries: number;
  readonly maxUnread: number;
  /** Packets without Pathloom's payload header, as the original library sends them; both kinds are understood. */
  readonly bare: boolean;
}

/** Actors of one channel. */
interface ChannelActors {
  readonly machine: ActorIndex;
  readonly data: ActorIndex;
}

export interface ChannelerContext extends Sending {
  readonly connection: Connection;
  readonly user: ActorIndex;
  readonly maxTries: number;
  readonly maxUnread: number;
  readonly bare: boolean;
  /** By the channel's handle. */
  readonly channels: Map<number, ChannelActors>;
  readonly timeouts: Timeouts;
  readonly timers: { wake?: Handle };
  /** When `timers.wake` is due. */
  wakeAt: Nanos;
  /** Packets that came, and messages of data for channels. */
  received: number;
  delivered: number;
}

const SECRET_BYTES = 16;
const TIMER_WAKE: ControlEvent = { type: "timer.wake" };

export const channelerMachine = setup({
  types: { context: {} as ChannelerContext, events: {} as ConnectionEvent, input: {} as ChannelerInput },
  actions: {
    openChannel: ({ context, system }) => openChannel(context, envOf(system)),
    obey: ({ context, event, system }) => obey(context, event, envOf(system)),
    closeAll: ({ context, system }) => closeAll(context, envOf(system)),
  },
}).createMachine({
  id: "channeler",
  context: ({ input }) => createChanneler(input),
  initial: "running",
  states: {
    running: { on: { "channel.open": { actions: "openChannel" }, "connection.close": "closed" } },
    closed: { entry: "closeAll" },
  },
  on: { "*": { actions: "obey" } },
});

function onPacket(state: Present<ChannelerContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const end = state.context;
  if (state.value === "closed" || packet.l4.kind !== "udp") {
    env.drop(packet, "unexpected");
    return;
  }
  end.received++;
  const transport = { source: `${packet.srcIa},${packet.srcHost}`, destination: `${packet.dstIa},${packet.dstHost}` };
  const bytes = channelerBytes(packet);
  const step = receivePacket(end.connection, bytes, transport, env.now, env.random("channels"));
  announce(end, step, env);
  sendAll(end, env);
  return;
}

export const channelerLogic = withPacketHandler(channelerMachine, onPacket, { "timer.wake": onWake });

function createChanneler(input: ChannelerInput): ChannelerContext {
  const { bare, ends, maxTries, maxUnread, options, user } = input;
  return {
    ...createSending(ends),
    connection: createConnection(options),
    user,
    maxTries,
    maxUnread,
    bare,
    channels: new Map(),
    timeouts: createTimeouts(),
    timers: {},
    wakeAt: -1,
    received: 0,
    delivered: 0,
  };
}

/** The packet of Channeler in a payload, whole: what a record leaves out is zero. */
function channelerBytes({ flow, payloadLength, rest }: Packet): Uint8Array {
  const length = flow === NO_FLOW ? payloadLength : Math.max(0, payloadLength - PAYLOAD_HEADER_BYTES);
  if (rest !== null && rest.length === length) return rest;
  const bytes = new Uint8Array(length);
  bytes.set((rest ?? bytes).subarray(0, length));
  return bytes;
}

function openChannel(end: ChannelerContext, env: Env): void {
  const begun = establishChannel(end.connection, env.now, env.random("channels"));
  if (!begun.ok) {
    env.send(end.user, { type: "channel.refused", error: begun.error } as UserEvent, 0);
    return;
  }
  startChannel(end, begun.value, env);
  sendAll(end, env);
}

function startChannel(end: ChannelerContext, channel: Channel, env: Env): ChannelActors {
  const { connection, maxTries, maxUnread, user } = end;
  const { handle, role } = channel;
  const dataInput: DataInput = { connection: env.self, user, handle, maxUnread };
  const data = env.spawn(`${env.id}/data-${handle}`, CHANNELER_LOGICS.data, dataInput);
  const told: UserEvent = { type: "channel.pending", handle, data, role };
  env.send(user, told, 0);
  const input = { connection: env.self, data, handle };
  const { confirm } = connection;
  const initiator: InitiatorInput = { ...input, confirm, maxTries };
  const machine = env.spawn(
    `${env.id}/channel-${handle}`,
    CHANNELER_LOGICS[role],
    role === "initiator" ? initiator : input,
  );
  const actors = { machine, data };
  end.channels.set(handle, actors);
  return actors;
}

/** Carries out the actions of a packet's way through the pipe, and delivers its data. */
function announce(end: ChannelerContext, { actions, data }: Step, env: Env): void {
  for (const action of actions) {
    switch (action.type) {
      case "NOTIFY_CHANNEL_ESTABLISHED":
        onEstablished(end, action.channel, env);
        break;
      case "NOTIFY_CHANNEL_CONFIRMED":
        tellChannel(end, action.channel.handle, { type: "confirmed" }, env);
        break;
      case "NOTIFY_CHANNEL_REFUSED":
        tellChannel(end, action.channel.handle, { type: "refused" }, env);
        break;
      case "NOTIFY_CHANNEL_RENUMBERED":
        tellChannel(end, action.channel.handle, { type: "renumbered" }, env);
        break;
      default:
    }
  }
  for (const { bytes, handle } of data) {
    end.delivered++;
    tellData(end, handle, { type: "received", bytes }, env);
  }
}

function onEstablished(end: ChannelerContext, channel: Channel, env: Env): void {
  if (channel.role === "initiator") tellChannel(end, channel.handle, { type: "acknowledged" }, env);
  else startChannel(end, channel, env);
  addTimeout(end.timeouts, SCOPE.CHANNEL, channel.handle, env.now + CHANNEL_TIMEOUT);
  setWake(end, env);
}

/** What the machines of channels ask for. */
function obey(end: ChannelerContext, event: ConnectionEvent, env: Env): void {
  const { connection, timeouts } = end;
  switch (event.type) {
    case "channel.open":
      env.send(end.user, { type: "channel.refused", error: "ERR_STATE" } as UserEvent, 0);
      break;
    case "channel.write": {
      const id = channelOfHandle(connection.channels, event.handle)?.id;
      const written =
        id === undefined ? null : channelWrite(connection, id, event.bytes, env.now, env.random("channels"));
      if (written === null) tellError(end, event.handle, "ERR_INVALID_CHANNELID", env);
      else if (!written.ok) tellError(end, event.handle, written.error, env);
      break;
    }
    case "channel.close":
      tellChannel(end, event.handle, { type: "close" }, env);
      break;
    case "handshake.await":
      addTimeout(timeouts, SCOPE.NEW, event.handle, env.now + event.delay);
      setWake(end, env);
      break;
    case "handshake.done":
      removeTimeout(timeouts, SCOPE.NEW, event.handle);
      break;
    case "handshake.repeat":
      repeat(connection, event.handle, env.now, env.random("channels"));
      break;
    case "channel.forget":
      forget(end, event.handle, env);
      break;
    case "secret.rotate":
      rotateSecret(connection.secrets, drawSecret(env));
      break;
    case "peer.unban":
      unbanPeer(connection.bans, event.peer);
      break;
    case "transport.unban":
      unbanTransport(connection.bans, event.address);
      break;
    default:
  }
  sendAll(end, env);
}

/** One timer for all timeouts. A channel that was heard since its timeout was set gets the rest of its time. */
function onWake({ context: end }: Present<ChannelerContext>, _event: ControlEvent, env: Env): undefined {
  delete end.timers.wake;
  for (const { scope, tag } of takeExpired(end.timeouts, env.now)) {
    if (scope === SCOPE.NEW) {
      tellChannel(end, tag, { type: "timeout.new" }, env);
      continue;
    }
    const heard = channelOfHandle(end.connection.channels, tag)?.lastHeard ?? -CHANNEL_TIMEOUT;
    if (heard + CHANNEL_TIMEOUT > env.now) addTimeout(end.timeouts, scope, tag, heard + CHANNEL_TIMEOUT);
    else tellChannel(end, tag, { type: "timeout.channel" }, env);
  }
  setWake(end, env);
}

function setWake(end: ChannelerContext, env: Env): void {
  const next = nextDeadline(end.timeouts);
  const { wake } = end.timers;
  if (wake !== undefined && (next < 0 || next !== end.wakeAt)) {
    env.cancel(wake);
    delete end.timers.wake;
  }
  if (next < 0 || end.timers.wake !== undefined) return;
  end.wakeAt = next;
  end.timers.wake = env.send(env.self, TIMER_WAKE, Math.max(0, next - env.now));
}

function forget(end: ChannelerContext, handle: number, env: Env): void {
  closeChannel(end.connection, handle);
  removeTimeout(end.timeouts, SCOPE.NEW, handle);
  removeTimeout(end.timeouts, SCOPE.CHANNEL, handle);
  const actors = end.channels.get(handle);
  if (actors !== undefined) for (const actor of [actors.machine, actors.data]) env.stop(actor);
  end.channels.delete(handle);
  setWake(end, env);
}

function closeAll(end: ChannelerContext, env: Env): void {
  for (const handle of end.channels.keys()) tellChannel(end, handle, { type: "close" }, env);
}

function sendAll(end: ChannelerContext, env: Env): void {
  const { dst, l4, src } = end.ends;
  for (let bytes = packetToSend(end.connection); bytes !== null; bytes = packetToSend(end.connection)) {
    const packet = createDatagram(end, PAYLOAD_HEADER_BYTES + bytes.length, bytes, env);
    if (end.bare) Object.assign(packet, { flow: NO_FLOW, number: 0, sentAt: 0, payloadLength: bytes.length });
    packet.wireLength = wireLengthOf(null, src.host, dst.host, l4, packet.payloadLength);
    sendDatagram(end, packet, env);
  }
}

function drawSecret(env: Env): Uint8Array {
  const random = env.random("secret");
  return Uint8Array.from({ length: SECRET_BYTES }, () => random.below(256));
}

function tellChannel({ channels }: ChannelerContext, handle: number, event: ChannelEvent, env: Env): void {
  const actors = channels.get(handle);
  if (actors !== undefined) env.send(actors.machine, event, 0);
}

function tellData({ channels }: ChannelerContext, handle: number, event: DataEvent, env: Env): void {
  const actors = channels.get(handle);
  if (actors !== undefined) env.send(actors.data, event, 0);
}

function tellError(end: ChannelerContext, handle: number, error: ChannelerError, env: Env): void {
  tellData(end, handle, { type: "failed", error }, env);
}
