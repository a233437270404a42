/**
 * A BFD session on one end of a link, in asynchronous mode (RFC 5880), its packets on OneHop paths as SCION's routers send them
 * (scionproto `router/bfd`, `router/dataplane.go` bfdSend).
 *
 *                             +--+
 *                             |  | UP, ADMIN DOWN, TIMER
 *                             |  V
 *                     DOWN  +------+  INIT
 *              +------------|      |------------+
 *              |            | DOWN |            |
 *              |  +-------->|      |<--------+  |
 *              |  |         +------+         |  |        DOWN, INIT, UP, ADMIN DOWN: what the neighbour's packet says
 *              |  |                          |  |        TIMER: nothing came for the detection time
 *              |  |               ADMIN DOWN,|  |
 *              |  |ADMIN DOWN,          DOWN,|  |        AdminDown: the router is out of service and silent;
 *              |  |TIMER                TIMER|  |        session.disable from anywhere, session.enable to Down
 *              V  |                          |  V
 *            +------+                      +------+
 *       +----|      |                      |      |----+
 *   DOWN|    | INIT |--------------------->|  UP  |    |INIT, UP
 *       +--->|      | INIT, UP             |      |<---+
 *            +------+                      +------+
 *
 * No Poll Sequence tells of the shorter interval once a session is Up (RFC 5880, 6.8.3): scionproto's sessions discard packets that poll,
 * and every packet says the interval anyway. A neighbour's poll is answered.
 *
 * A run begins in the middle of its network's life: every session is Up. The router learns of each end and return of Up.
 */
import { assign, setup } from "xstate";
import type { IA, IfId } from "../core/address.ts";
import type { ActorIndex, ControlEvent, Env, Handle } from "../core/env.ts";
import type { ForwardingKeys } from "../core/forwarding-keys.ts";
import { createHopMacs, hopMac } from "../core/hop-mac.ts";
import { type BfdControl, createMessage, type Packet } from "../core/packet.ts";
import type { HopField, OneHopPath } from "../core/path.ts";
import { MICROSECOND, type Nanos, SECOND } from "../core/units.ts";
import { wireLengthOf } from "../core/wire/codec.ts";
import { envOf } from "./registry.ts";
import { type Present, withPacketHandler } from "./with-packet-handler.ts";

/** Session states as the Sta field numbers them (RFC 5880, 4.1). */
export const BFD_STATE = { adminDown: 0, down: 1, init: 2, up: 3 } as const;

/** Diagnostics in use (RFC 5880, 4.1). */
const DIAGNOSTIC = { none: 0, timeExpired: 1, neighbourDown: 3 } as const;

const TRAFFIC_CLASS = 0xb8;
const FLOW_ID = 0xdead;
const EXP_TIME = 63;
/** Packets are stamped this much earlier, so that a clock that is behind accepts them. */
const STAMP_EARLIER_S = 10;
/** Least interval between packets while a session is not Up (RFC 5880, 6.8.3). */
const SLOW_INTERVAL: Nanos = SECOND;

export interface BfdInput {
  readonly ia: IA;
  readonly neighbour: IA;
  /** The interface it watches; its number is the session's discriminator, too. */
  readonly ifId: IfId;
  readonly remoteIfId: IfId;
  readonly node: ActorIndex;
  /** Outgoing direction of the link. */
  readonly link: ActorIndex;
  /** Address of both routers. */
  readonly host: string;
  readonly epochS: number;
  /** Desired Min TX Interval while Up, and Required Min RX Interval. */
  readonly interval: Nanos;
  readonly multiplier: number;
}

/** Variables of RFC 5880, 6.8.1, times in nanoseconds. */
export interface BfdContext extends BfdInput {
  localState: number;
  diagnostic: number;
  remoteDiscriminator: number;
  remoteMinTx: Nanos;
  remoteMinRx: Nanos;
  remoteMultiplier: number;
  /** When the session is given up unless a packet comes. */
  deadline: Nanos;
  path: OneHopPath | null;
  sent: number;
  received: number;
  timers: { transmit?: Handle; detect?: Handle };
}

export type BfdEvent =
  | { type: "received.admin-down" | "received.down" | "received.init" | "received.up" }
  | { type: "detection.expired" | "session.disable" | "session.enable" };

const bfdMachine = setup({
  types: { context: {} as BfdContext, events: {} as BfdEvent, input: {} as BfdInput },
  actions: {
    startTimers: ({ context, system }) => startTimers(context, envOf(system)),
    stopTimers: assign(({ context, system }) => stopTimers(context, envOf(system))),
    becomeAdminDown: assign({ localState: BFD_STATE.adminDown }),
    becomeDown: assign({ localState: BFD_STATE.down }),
    becomeInit: assign({ localState: BFD_STATE.init }),
    becomeUp: assign({ localState: BFD_STATE.up, diagnostic: DIAGNOSTIC.none }),
    blameTime: assign({ diagnostic: DIAGNOSTIC.timeExpired }),
    blameNeighbour: assign({ diagnostic: DIAGNOSTIC.neighbourDown }),
    forgetNeighbour: assign({ remoteDiscriminator: 0 }),
    announce: ({ context, system }) => announce(context, envOf(system)),
    reportUp: ({ context, system }) => report(context, "bfd.up", envOf(system)),
    reportDown: ({ context, system }) => report(context, "bfd.down", envOf(system)),
  },
}).createMachine({
  id: "bfd",
  context: ({ input }) => createSession(input),
  entry: "startTimers",
  initial: "Up",
  states: {
    AdminDown: {
      entry: ["stopTimers", "becomeAdminDown"],
      on: { "session.enable": { target: "Down", actions: ["becomeDown", "startTimers"] } },
    },
    Down: {
      on: {
        "received.down": { target: "Init", actions: ["becomeInit", "announce"] },
        "received.init": { target: "Up", actions: ["becomeUp", "announce", "reportUp"] },
        "detection.expired": { actions: "forgetNeighbour" },
        "session.disable": "AdminDown",
      },
    },
    Init: {
      on: {
        "received.init": { target: "Up", actions: ["becomeUp", "announce", "reportUp"] },
        "received.up": { target: "Up", actions: ["becomeUp", "announce", "reportUp"] },
        "received.admin-down": { target: "Down", actions: ["blameNeighbour", "becomeDown", "announce"] },
        "detection.expired": { target: "Down", actions: ["blameTime", "becomeDown", "forgetNeighbour", "announce"] },
        "session.disable": "AdminDown",
      },
    },
    Up: {
      exit: "reportDown",
      on: {
        "received.down": { target: "Down", actions: ["blameNeighbour", "becomeDown", "announce"] },
        "received.admin-down": { target: "Down", actions: ["blameNeighbour", "becomeDown", "announce"] },
        "detection.expired": { target: "Down", actions: ["blameTime", "becomeDown", "forgetNeighbour", "announce"] },
        "session.disable": "AdminDown",
      },
    },
  },
});

const RECEIVED = ["received.admin-down", "received.down", "received.init", "received.up"] as const;

/** A packet that changes nothing does not walk the statechart. */
function onPacket(state: Present<BfdContext>, packet: Packet, _ifId: number, env: Env): ControlEvent | undefined {
  const session = state.context;
  const { l4 } = packet;
  if (l4.kind !== "bfd" || session.localState === BFD_STATE.adminDown || !isAcceptable(session, l4)) {
    env.drop(packet, "unexpected");
    return;
  }
  session.received++;
  learn(session, l4, env);
  if (l4.poll) transmit(session, true, env);
  if (session.localState === BFD_STATE.up && l4.state >= BFD_STATE.init) return;
  return { type: RECEIVED[l4.state] as string };
}

/** The periodic packet; none while the neighbour asks for none. */
function onTransmit(state: Present<BfdContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  const session = state.context;
  if (session.remoteMinRx !== 0) transmit(session, false, env);
  session.timers.transmit = env.send(env.self, { type: "timer.transmit" }, transmitInterval(session, env));
  return;
}

/** One timer that looks again where packets have come since it was set. */
function onDetect(state: Present<BfdContext>, _event: ControlEvent, env: Env): ControlEvent | undefined {
  const session = state.context;
  const left = session.deadline - env.now;
  session.timers.detect = env.send(env.self, { type: "timer.detect" }, left > 0 ? left : detectionTime(session));
  return left > 0 ? undefined : { type: "detection.expired" };
}

export const bfdLogic = withPacketHandler(bfdMachine, onPacket, {
  "timer.transmit": onTransmit,
  "timer.detect": onDetect,
});

/** As it stands after a long time Up: the neighbour is configured like this end. */
function createSession(input: BfdInput): BfdContext {
  return {
    ...input,
    localState: BFD_STATE.up,
    diagnostic: DIAGNOSTIC.none,
    remoteDiscriminator: input.remoteIfId,
    remoteMinTx: input.interval,
    remoteMinRx: input.interval,
    remoteMultiplier: input.multiplier,
    deadline: 0,
    path: null,
    sent: 0,
    received: 0,
    timers: {},
  };
}

/** Rules for discarding a packet (RFC 5880, 6.8.6); no authentication is in use. */
function isAcceptable({ ifId }: BfdContext, packet: BfdControl): boolean {
  if (packet.detectMult === 0 || packet.multipoint || packet.authenticationPresent) return false;
  if (packet.myDiscriminator === 0 || packet.state > BFD_STATE.up) return false;
  return packet.yourDiscriminator === 0 ? packet.state <= BFD_STATE.down : packet.yourDiscriminator === ifId;
}

function learn(session: BfdContext, packet: BfdControl, env: Env): void {
  session.remoteDiscriminator = packet.myDiscriminator;
  session.remoteMinTx = packet.desiredMinTx * MICROSECOND;
  session.remoteMinRx = packet.requiredMinRx * MICROSECOND;
  session.remoteMultiplier = packet.detectMult;
  session.deadline = env.now + detectionTime(session);
}

/** RFC 5880, 6.8.4. */
export function detectionTime({ remoteMultiplier, remoteMinTx, interval }: BfdContext): Nanos {
  return remoteMultiplier * Math.max(interval, remoteMinTx);
}

function desiredMinTx({ localState, interval }: BfdContext): Nanos {
  return localState === BFD_STATE.up ? interval : Math.max(SLOW_INTERVAL, interval);
}

/** Shortened by up to a quarter at random, with a multiplier of 1 by at least a tenth (RFC 5880, 6.8.7). */
function transmitInterval(session: BfdContext, env: Env): Nanos {
  const longest = Math.max(desiredMinTx(session), session.remoteMinRx);
  const most = session.multiplier === 1 ? 0.9 : 1;
  return Math.round(longest * (0.75 + (most - 0.75) * env.random("jitter").uniform()));
}

function startTimers(session: BfdContext, env: Env): void {
  session.deadline = env.now + detectionTime(session);
  const phase = Math.round(session.interval * env.random("jitter").uniform());
  session.timers.transmit = env.send(env.self, { type: "timer.transmit" }, phase);
  session.timers.detect = env.send(env.self, { type: "timer.detect" }, detectionTime(session));
}

function stopTimers({ timers }: BfdContext, env: Env): Partial<BfdContext> {
  for (const handle of [timers.transmit, timers.detect]) if (handle !== undefined) env.cancel(handle);
  return { timers: {} };
}

/** A change of state is told at once (RFC 5880, 6.8.7); the period begins anew. */
function announce(session: BfdContext, env: Env): void {
  if (session.timers.transmit !== undefined) env.cancel(session.timers.transmit);
  transmit(session, false, env);
  session.timers.transmit = env.send(env.self, { type: "timer.transmit" }, transmitInterval(session, env));
}

function report({ node, ifId }: BfdContext, type: "bfd.up" | "bfd.down", env: Env): void {
  env.send(node, { type, ifId } as ControlEvent, 0);
}

function transmit(session: BfdContext, final: boolean, env: Env): void {
  session.path = pathAt(session, env);
  const l4 = controlPacket(session, final);
  const { host, path } = session;
  const packet = createMessage({
    trafficClass: TRAFFIC_CLASS,
    flowId: FLOW_ID,
    dstIa: session.neighbour,
    srcIa: session.ia,
    dstHost: host,
    srcHost: host,
    path,
    currInf: 0,
    currHf: 0,
    l4,
    rest: null,
    wireLength: wireLengthOf(path, host, host, l4, 0),
  });
  session.sent++;
  env.sendPacket(session.link, packet, 0, 0);
}

function controlPacket(session: BfdContext, final: boolean): BfdControl {
  return {
    kind: "bfd",
    diagnostic: session.diagnostic,
    state: session.localState,
    poll: false,
    final,
    controlPlaneIndependent: false,
    authenticationPresent: false,
    demand: false,
    multipoint: false,
    detectMult: session.multiplier,
    myDiscriminator: session.ifId,
    yourDiscriminator: session.remoteDiscriminator,
    desiredMinTx: Math.round(desiredMinTx(session) / MICROSECOND),
    requiredMinRx: Math.round(session.interval / MICROSECOND),
    requiredMinEchoRx: 0,
  };
}

const NO_HOP: HopField = {
  ingressAlert: false,
  egressAlert: false,
  expTime: 0,
  consIngress: 0,
  consEgress: 0,
  mac: 0,
};

/** A new MAC each second, with the timestamp. */
function pathAt(session: BfdContext, env: Env): OneHopPath {
  const timestamp = session.epochS + Math.floor(env.now / SECOND) - STAMP_EARLIER_S;
  if (session.path?.info.timestamp === timestamp) return session.path;
  const bare = { ...NO_HOP, expTime: EXP_TIME, consEgress: session.ifId };
  const keys = env.resource("forwarding-keys") as ForwardingKeys;
  const mac = hopMac(createHopMacs(keys(session.ia), 0), 0, timestamp, bare);
  return {
    kind: "one-hop",
    info: { consDir: true, peer: false, segId: 0, timestamp },
    first: { ...bare, mac },
    second: NO_HOP,
  };
}
