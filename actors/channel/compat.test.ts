/** The machines of Channeler mode: every state and transition reached, and two ends that talk over a bad line. */
import test, { type ExecutionContext } from "ava";
import { type AnyStateMachine, createActor, setup } from "xstate";
import { getAdjacencyMap, getShortestPaths } from "xstate/graph";
import { type Channel, channelIdsOf, type Channels, renumber } from "../../core/channel/compat/channels.ts";
import { initiatorOf } from "../../core/channel/compat/channel-id.ts";
import { CONNECTION_DEFAULTS, type ConnectionOptions } from "../../core/channel/compat/connection.ts";
import { A, B, SECRET_A, SECRET_B, textBytes } from "../../core/channel/compat/vectors-testing.ts";
import type { ActorIndex, ControlEvent, Env } from "../../core/env.ts";
import { linkKeys } from "../../core/passage.ts";
import { RandomStream } from "../../core/rng.ts";
import { DEFAULT_DIRECTION, type Impairment, NO_IMPAIRMENT } from "../../core/scenario.ts";
import { MILLISECOND, type Nanos, SECOND } from "../../core/units.ts";
import { checkpoint, restore } from "../../sim/checkpoint.ts";
import { Simulation, type SimulationOptions } from "../../sim/simulation.ts";
import type { FlowEnds } from "../apps/datagram.ts";
import type { ActorSpec, Assembly } from "../assembly.ts";
import { type LinkInput, linkLogic } from "../link.ts";
import { bindEnv, envOf } from "../registry.ts";
import { type PacketLogic, withPacketHandler } from "../with-packet-handler.ts";
import {
  CHANNELER_LOGICS,
  channelerMachine,
  type ChannelerContext,
  type ChannelerInput,
  channelerLogic,
} from "./compat-connection.ts";
import { dataLogic, dataMachine } from "./compat-data.ts";
import type { ConnectionEvent, DataEvent, UserEvent } from "./compat-events.ts";
import { initiatorLogic, initiatorMachine } from "./compat-initiator.ts";
import { responderLogic, responderMachine } from "./compat-responder.ts";

interface Told {
  readonly target: ActorIndex;
  readonly event: ControlEvent;
}

/** An Env that notes what is sent. */
function listening(told: Told[]): Env {
  const random = new RandomStream(7, "compat.test", "draws");
  const send = (target: ActorIndex, event: ControlEvent): number => told.push({ target, event });
  return { now: 0, self: 9, id: "alone", send, random: () => random } as unknown as Env;
}

/** Transitions of a machine, by name. */
function transitionsOf(machine: AnyStateMachine): string[] {
  const nodes = [machine.root, ...Object.values(machine.root.states)];
  return nodes.flatMap((node) =>
    [...node.transitions.values()].flat().map((transition, nth) => `${node.key} ${transition.eventType} ${nth}`),
  );
}

/** Every state and transition that the graph reaches; each shortest path is walked by a real actor, too. */
function cover(
  t: ExecutionContext,
  machine: AnyStateMachine,
  logic: PacketLogic,
  inputs: readonly unknown[],
  events: readonly ControlEvent[],
): void {
  const names = new Map<unknown, string>();
  for (const node of [machine.root, ...Object.values(machine.root.states)])
    for (const [nth, transition] of [...node.transitions.values()].flat().entries())
      names.set(transition, `${node.key} ${transition.eventType} ${nth}`);
  const states = new Set<string>();
  const taken = new Set<string>();
  let walked = 0;
  for (const input of inputs) {
    const options = { events, input } as never;
    for (const { state } of Object.values(getAdjacencyMap(machine, options)) as { state: never }[]) {
      states.add((state as { value: string }).value);
      if ((state as { status: string }).status !== "active") continue;
      for (const event of events)
        for (const transition of machine.getTransitionData(state, event)) taken.add(names.get(transition) ?? "unknown");
    }
    for (const { state, steps } of getShortestPaths(machine, options)) {
      const actor = createActor(logic, { input });
      bindEnv(actor.system, listening([]));
      actor.start();
      for (const { event } of steps) if (event.type !== "xstate.init") actor.send(event);
      t.deepEqual((actor.getSnapshot() as unknown as { value: unknown }).value, state.value);
      walked++;
    }
  }
  const all = transitionsOf(machine);
  const stateNames = Object.keys(machine.root.states);
  t.log(
    `${machine.id}: ${states.size} of ${stateNames.length} states, ${taken.size} of ${all.length} transitions, ${walked} paths walked`,
  );
  t.deepEqual([...states].sort(), stateNames.sort());
  t.deepEqual([...taken].sort(), all.sort());
}

const CHANNEL_EVENTS = [
  "acknowledged",
  "refused",
  "renumbered",
  "confirmed",
  "timeout.new",
  "timeout.channel",
  "close",
].map((type) => ({ type }));

const CHANNEL = { connection: 1, data: 2, handle: 3 };

test("coverage: initiator", (t) => {
  const inputs = [true, false].map((confirm) => ({ ...CHANNEL, confirm, maxTries: 3 }));
  cover(t, initiatorMachine, initiatorLogic, inputs, CHANNEL_EVENTS);
});

test("coverage: responder", (t) => cover(t, responderMachine, responderLogic, [CHANNEL], CHANNEL_EVENTS));

test("coverage: data", (t) => {
  const bytes = textBytes("x");
  const events = [
    { type: "established" },
    { type: "over", reason: "silent" },
    { type: "failed", error: "ERR_WRITE" },
    { type: "user.write", bytes },
    { type: "user.close" },
  ];
  cover(t, dataMachine, dataLogic, [{ connection: 1, user: 2, handle: 3, maxUnread: 100 }], events);
});

test("coverage: connection", (t) => {
  const options = { ...CONNECTION_DEFAULTS, self: A, peer: B, secret: SECRET_A };
  const ends = { src: { ia: "1-1", host: "10.0.0.1" }, dst: { ia: "1-2", host: "10.0.0.2" } };
  const input = { options, ends, user: 1, maxTries: 3, maxUnread: 100, bare: false };
  const events = ["connection.close", "secret.rotate", "channel.open"].map((type) => ({ type }));
  cover(t, channelerMachine, channelerLogic, [input], events);
});

/** An actor by itself: what it tells others. */
function alone(
  logic: PacketLogic,
  input: unknown,
): { told: Told[]; send: (event: ControlEvent) => string[]; value: () => unknown } {
  const told: Told[] = [];
  const actor = createActor(logic, { input });
  bindEnv(actor.system, listening(told));
  actor.start();
  return {
    told,
    send: (event) => {
      told.length = 0;
      actor.send(event);
      return told.map((one) => one.event.type);
    },
    value: () => (actor.getSnapshot() as unknown as { value: unknown }).value,
  };
}

test("FSMChannelInitiator: timeout pending, timeout established, bad event", (t) => {
  const initiator = alone(initiatorLogic, { ...CHANNEL, confirm: true, maxTries: 2 });
  t.deepEqual(
    initiator.told.map(({ event }) => event),
    [{ type: "handshake.await", handle: 3, delay: 200 * MILLISECOND } as ConnectionEvent],
  );
  t.deepEqual(initiator.send({ type: "nonsense" }), []);
  t.deepEqual(initiator.send({ type: "timeout.new" }), ["handshake.repeat", "handshake.await"]);
  t.deepEqual(initiator.send({ type: "timeout.new" }), ["handshake.done", "over", "channel.forget"]);
  t.is(initiator.value(), "failed");
  const lasting = alone(initiatorLogic, { ...CHANNEL, confirm: false, maxTries: 2 });
  t.deepEqual(lasting.send({ type: "acknowledged" }), ["handshake.done", "established"]);
  t.deepEqual(lasting.send({ type: "timeout.channel" }), ["over", "channel.forget"]);
  t.is(lasting.value(), "expired");
});

test("FSMData: bad event; reads keep the remainder, a closed channel refuses writes", (t) => {
  const data = alone(dataLogic, { connection: 1, user: 2, handle: 3, maxUnread: 8 });
  t.deepEqual(data.send({ type: "nonsense" }), []);
  t.deepEqual(data.send({ type: "user.read", most: 1 } as DataEvent), ["channel.error"]);
  t.deepEqual(data.send({ type: "established" }), ["channel.established"]);
  t.deepEqual(data.send({ type: "received", bytes: textBytes("hello") } as DataEvent), ["channel.readable"]);
  t.deepEqual(data.send({ type: "received", bytes: textBytes("too much") } as DataEvent), []);
  const read = (): string => {
    data.send({ type: "user.read", most: 3 } as DataEvent);
    const [{ event }] = data.told as [Told];
    return new TextDecoder().decode((event as UserEvent & { type: "channel.bytes" }).bytes);
  };
  t.deepEqual([read(), read()], ["hel", "lo"]);
  t.deepEqual(data.send({ type: "user.write", bytes: textBytes("x") } as DataEvent), ["channel.write"]);
  t.deepEqual(data.send({ type: "over", reason: "silent" } as DataEvent), ["channel.closed"]);
  t.deepEqual(data.send({ type: "user.write", bytes: textBytes("x") } as DataEvent), ["channel.error"]);
});

interface ProgramInput {
  readonly connection: ActorIndex;
  readonly channels: number;
  readonly messages: number;
}

interface ProgramContext extends ProgramInput {
  /** Where each channel's data machine is, by handle. */
  readonly open: Map<number, ActorIndex>;
  readonly established: number[];
  readonly closed: string[];
  readonly errors: string[];
  /** What was read, by handle. */
  readonly read: Map<number, string>;
  written: number;
}

const programMachine = setup({
  types: { context: {} as ProgramContext, events: {} as ControlEvent, input: {} as ProgramInput },
  actions: {
    openChannels: ({ context, system }) => {
      for (let n = 0; n < context.channels; n++) tellActor(envOf(system), context.connection, { type: "channel.open" });
    },
    act: ({ context, event, system }) => act(context, event as UserEvent, envOf(system)),
  },
}).createMachine({
  id: "program",
  context: ({ input }) => ({
    ...input,
    open: new Map(),
    established: [],
    closed: [],
    errors: [],
    read: new Map(),
    written: 0,
  }),
  entry: "openChannels",
  on: { "*": { actions: "act" } },
});

function tellActor(
  env: Env,
  target: ActorIndex,
  event: ConnectionEvent | DataEvent | ControlEvent,
  delay: Nanos = 0,
): void {
  env.send(target, event, delay);
}

/** Writes a message before the channel is there, and then one each 20 ms; reads whatever comes, in bites of 5 bytes. */
function act(program: ProgramContext, event: UserEvent | { type: "tick"; handle: number }, env: Env): void {
  switch (event.type) {
    case "channel.pending":
      program.open.set(event.handle, event.data);
      if (event.role === "initiator") write(program, event.handle, env);
      break;
    case "channel.established":
      program.established.push(event.handle);
      if (program.messages > 0)
        tellActor(env, env.self, { type: "tick", handle: event.handle } as ControlEvent, 20 * MILLISECOND);
      break;
    case "tick":
      if (program.written >= program.channels * program.messages) break;
      write(program, event.handle, env);
      tellActor(env, env.self, { type: "tick", handle: event.handle } as ControlEvent, 20 * MILLISECOND);
      break;
    case "channel.readable":
      for (let left = MESSAGE_BYTES; left > 0; left -= 5)
        tellActor(env, program.open.get(event.handle) as ActorIndex, { type: "user.read", most: 5 });
      break;
    case "channel.bytes": {
      const sofar = program.read.get(event.handle) ?? "";
      program.read.set(event.handle, sofar + new TextDecoder().decode(event.bytes));
      break;
    }
    case "channel.closed":
      program.closed.push(event.reason);
      break;
    case "channel.error":
    case "channel.refused":
      program.errors.push(event.error);
      break;
  }
}

/** `<0123>` */
const MESSAGE_BYTES = 6;

function write(program: ProgramContext, handle: number, env: Env): void {
  const text = `<${String(program.written++).padStart(4, "0")}>`;
  tellActor(env, program.open.get(handle) as ActorIndex, { type: "user.write", bytes: textBytes(text) });
}

const programLogic = withPacketHandler(programMachine, () => undefined);

const LOGICS = new Map<string, PacketLogic>([
  ["channeler", channelerLogic],
  [CHANNELER_LOGICS.initiator, initiatorLogic],
  [CHANNELER_LOGICS.responder, responderLogic],
  [CHANNELER_LOGICS.data, dataLogic],
  ["program", programLogic],
  ["link", linkLogic],
]);

/** Actors of one end stand in this order, twice. */
const [CONNECTION, PROGRAM, LINK, ACTORS_AN_END] = [0, 1, 2, 3] as const;

interface WorldOptions {
  readonly seed?: number;
  readonly impairment?: Partial<Impairment>;
  readonly channels?: readonly [number, number];
  readonly messages?: number;
  readonly bare?: boolean;
  readonly options?: Partial<ConnectionOptions>;
  readonly faults?: Assembly["faults"];
}

function actorsOf(side: 0 | 1, world: WorldOptions): ActorSpec[] {
  const [base, other] = [side * ACTORS_AN_END, (1 - side) * ACTORS_AN_END];
  const hosts = [
    { ia: "1-1", host: "10.0.0.1" },
    { ia: "1-2", host: "10.0.0.2" },
  ] as const;
  const ends: FlowEnds = {
    way: base + LINK,
    src: hosts[side],
    dst: hosts[1 - side] as { ia: string; host: string },
    l4: { kind: "udp", srcPort: 7000, dstPort: 7000 },
    flow: side,
    flowId: 1,
    trafficClass: 0,
  };
  const [self, peer] = side === 0 ? [A, B] : [B, A];
  const options = { ...CONNECTION_DEFAULTS, packetSize: 200, self, peer, secret: side === 0 ? SECRET_A : SECRET_B };
  const input: ChannelerInput = {
    options: { ...options, ...world.options },
    ends,
    user: base + PROGRAM,
    maxTries: 8,
    maxUnread: 10_000,
    bare: world.bare ?? false,
  };
  const link: LinkInput = {
    direction: { ...DEFAULT_DIRECTION, latency_ns: 10 * MILLISECOND, rate_bps: 0 },
    paced: false,
    node: base + CONNECTION,
    ifId: 1,
    next: other + CONNECTION,
    nextIfId: 1,
    detection: SECOND,
    keys: linkKeys(world.seed ?? 7, `link/${side}`),
    measureFrom: 0,
  };
  const program: ProgramInput = {
    connection: base + CONNECTION,
    channels: world.channels?.[side] ?? 0,
    messages: world.messages ?? 0,
  };
  return [
    { id: `channeler/${side}`, place: side, logic: "channeler", input },
    { id: `program/${side}`, place: side, logic: "program", input: program },
    { id: `link/${side}`, place: side, logic: "link", input: link, isLink: true },
  ];
}

function build(world: WorldOptions, options: SimulationOptions = {}): Simulation {
  return Simulation.create(assemblyOf(world), options);
}

function assemblyOf(world: WorldOptions): Assembly {
  const impairment = { ...NO_IMPAIRMENT, ...world.impairment };
  const storm = [LINK, ACTORS_AN_END + LINK].map((target) => {
    return { at: 0, target, event: { type: "link.impair", cause: "storm", impairment } };
  });
  return {
    seed: world.seed ?? 7,
    repeat: "npx ava actors/channel/compat.test.ts",
    places: ["1-1", "1-2"],
    actors: [...actorsOf(0, world), ...actorsOf(1, world)],
    logics: LOGICS,
    resources: new Map(),
    faults: [...storm, ...(world.faults ?? [])],
    scenario: null,
  };
}

const endOf = (world: Simulation, side: 0 | 1) => world.read<ChannelerContext>(`channeler/${side}`).context;
const programOf = (world: Simulation, side: 0 | 1) => world.read<ProgramContext>(`program/${side}`).context;

/** Nothing is under way any more: what was sent or made by links was received or dropped for a reason. */
function conserved(t: ExecutionContext, world: Simulation): void {
  for (const side of [0, 1] as const) {
    const made = endOf(world, side).sent + (world.ledger.duplicated.get(side) ?? 0);
    const gone = world.ledger.byFlow.get(side) ?? 0;
    t.is(endOf(world, side === 0 ? 1 : 0).received + gone, made);
  }
}

const STORM: Partial<Impairment> = {
  loss: 0.2,
  duplicate: 0.2,
  reorder: 0.3,
  reorder_ns: 50 * MILLISECOND,
  jitter_ns: 2 * MILLISECOND,
};

test("two ends negotiate and exchange data over a path that loses, duplicates and reorders", (t) => {
  const world = build({ impairment: STORM, channels: [12, 9], messages: 20 });
  world.run(50 * SECOND);
  conserved(t, world);
  const ids = ([0, 1] as const).map((side) => channelIdsOf(endOf(world, side).connection.channels));
  t.deepEqual(ids[0], ids[1]);
  t.is(ids[0]?.length, 21, "each was established at both ends");
  for (const side of [0, 1] as const) {
    const [writer, reader] = [programOf(world, side), programOf(world, side === 0 ? 1 : 0)];
    t.is(writer.established.length, 21);
    t.deepEqual(writer.errors, []);
    const texts = [...reader.read.values()].join("").match(/<\d{4}>/g) ?? [];
    t.is(texts.join(""), [...reader.read.values()].join(""), "whole messages, whatever bites they are read in");
    const numbers = texts.map((text) => Number(text.slice(1, 5)));
    const unique = new Set(numbers);
    t.true(numbers.every((number) => number < writer.written));
    t.true(unique.size < writer.written && unique.size > writer.written / 2, `${unique.size} of ${writer.written}`);
    t.true(numbers.length > unique.size, "this mode shows duplicates");
    const late = [...reader.read.values()].some((text) => {
      const of = (text.match(/\d{4}/g) ?? []).map(Number);
      return of.some((number, n) => number < (of[n - 1] ?? 0));
    });
    t.true(late, "and what comes late");
  }
  t.log(
    `drops ${JSON.stringify([...world.ledger.byReason])}, sent ${endOf(world, 0).sent} and ${endOf(world, 1).sent}`,
  );
});

test("the same seed gives the same bits, another one others", (t) => {
  const digestOf = (seed: number): string => {
    const world = build({ seed, impairment: STORM, channels: [3, 3], messages: 5 });
    world.run(5 * SECOND);
    return world.digest();
  };
  t.is(digestOf(1), digestOf(1));
  t.not(digestOf(1), digestOf(2));
});

test("packets survive the wire, with Pathloom's payload header and without", (t) => {
  const textOf = (bare: boolean, wire: boolean): string => {
    const world = build({ channels: [2, 1], messages: 5, bare }, { wire });
    world.run(SECOND);
    return [0, 1].flatMap((side) => [...programOf(world, side as 0 | 1).read.values()]).join("");
  };
  const expected = textOf(false, false);
  t.is(expected.length, 15 * MESSAGE_BYTES);
  t.deepEqual([textOf(false, true), textOf(true, false), textOf(true, true)], [expected, expected, expected]);
});

test("a checkpoint in the middle of a storm goes on as the run itself does", (t) => {
  const assembly = assemblyOf({ impairment: STORM, channels: [4, 4], messages: 20 });
  const world = Simulation.create(assembly);
  world.run(300 * MILLISECOND);
  const saved = structuredClone(checkpoint(world));
  world.run(3 * SECOND);
  const again = restore(assembly, saved);
  again.run(3 * SECOND);
  t.is(again.digest(), world.digest());
  t.deepEqual(again.read("channeler/0").context, world.read("channeler/0").context);
});

test("crossed negotiations of one name, as machines: both channels come to be", (t) => {
  const world = build({ channels: [1, 1], messages: 4 });
  world.run(MILLISECOND);
  const [mine, theirs] = ([0, 1] as const).map((side) => endOf(world, side).connection.channels) as [
    Channels,
    Channels,
  ];
  const half = initiatorOf(theirs.byHandle.get(1)?.id ?? 0);
  renumber(mine, mine.byHandle.get(1) as Channel, half);
  world.run(10 * SECOND);
  t.deepEqual(channelIdsOf(mine), channelIdsOf(theirs));
  t.not(initiatorOf(mine.byHandle.get(1)?.id ?? 0), half);
  t.is(initiatorOf(theirs.byHandle.get(1)?.id ?? 0), half);
  t.is(channelIdsOf(mine).length, 2);
});

test("a clean path: one round trip, nothing twice; silence ends the channel at both ends after 60 s", (t) => {
  const world = build({ channels: [1, 0], messages: 3 });
  world.run(19 * MILLISECOND);
  t.is(endOf(world, 0).connection.channels.byInitiator.size, 1);
  t.is(programOf(world, 0).established.length, 0);
  world.run(21 * MILLISECOND);
  t.is(programOf(world, 0).established.length, 1);
  world.run(59 * SECOND);
  t.deepEqual([...programOf(world, 1).read.values()].join(""), "<0000><0001><0002>");
  t.deepEqual([programOf(world, 0).closed, programOf(world, 1).closed], [[], []]);
  world.run(122 * SECOND);
  conserved(t, world);
  t.deepEqual([programOf(world, 0).closed, programOf(world, 1).closed], [["silent"], ["silent"]]);
  for (const side of [0, 1] as const) {
    t.is(endOf(world, side).channels.size + endOf(world, side).timeouts.pending.size, 0);
    t.is(endOf(world, side).connection.channels.byInitiator.size, 0);
  }
});

test("what is heard keeps a channel alive", (t) => {
  const written = { type: "channel.write", handle: 1, bytes: textBytes("<9999>") } as ControlEvent;
  const world = build({ channels: [1, 0], faults: [{ at: 50 * SECOND, target: CONNECTION, event: written }] });
  world.run(100 * SECOND);
  t.deepEqual([programOf(world, 0).closed, programOf(world, 1).closed], [["silent"], []]);
  world.run(111 * SECOND);
  t.deepEqual(programOf(world, 1).closed, ["silent"]);
});

test("nobody answers: eight tries with growing waits, then the program is told", (t) => {
  const world = build({ impairment: { loss: 1 }, channels: [1, 0] });
  world.run(600 * SECOND);
  t.deepEqual(programOf(world, 0).closed, ["unanswered"]);
  t.is(endOf(world, 0).sent, 8);
  t.is(endOf(world, 0).channels.size, 0);
});

test("as the original has it: NEW, ACKNOWLEDGE, FINALIZE and data, and no packet more", (t) => {
  const world = build({ channels: [1, 1], messages: 2, options: { confirm: false } });
  world.run(5 * SECOND);
  t.is([...programOf(world, 1).read.values()].join("").length, 2 * MESSAGE_BYTES);
  // NEW, FINALIZE, two messages; and an ACKNOWLEDGE for the other side's channel.
  t.deepEqual([endOf(world, 0).sent, endOf(world, 1).sent], [5, 5]);
});

test("closing: the channel, the connection; a closed connection opens nothing and hears nothing", (t) => {
  const event = { type: "connection.close" };
  const faults = [
    { at: SECOND, target: CONNECTION, event: { type: "channel.close", handle: 1 } as ControlEvent },
    { at: 2 * SECOND, target: CONNECTION, event: { type: "secret.rotate" } },
    { at: 2 * SECOND, target: CONNECTION, event },
    { at: 3 * SECOND, target: CONNECTION, event: { type: "channel.open" } },
  ];
  const world = build({ channels: [2, 1], messages: 400, faults });
  world.run(4 * SECOND);
  t.deepEqual(programOf(world, 0).closed, ["closed", "closed", "closed"]);
  t.true(programOf(world, 0).errors.includes("ERR_STATE"));
  t.is(world.read(`channeler/0`).value, "closed");
  t.is(endOf(world, 0).channels.size, 0);
  t.true((world.ledger.byReason.get("unexpected") ?? 0) > 10);
  conserved(t, world);
});
