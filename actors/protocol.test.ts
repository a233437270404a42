/** Endpoints over a connector and a clock made for the purpose: what comes, what goes, when, and how an endpoint ends. */
import test from "ava";
import { assign, setup } from "xstate";
import { getShortestPaths } from "xstate/graph";
import { type Behaviour, type Connector, EVENTS, type Outcome, refuse } from "../core/connector.ts";
import { err, ok } from "../core/result.ts";
import { Scheduler } from "../core/scheduler.ts";
import { defineProtocol, type Endpoint, type MessageEvent } from "./protocol.ts";
import { ProtocolError, protocolEnv } from "./protocol-endpoint.ts";
import { FrameReader, framed } from "./protocol-wire.ts";

/** A line to nowhere: tests put in what comes, and read what went. */
class Line implements Connector {
  readonly scheme = "line";
  readonly behaviour: Behaviour;
  readonly url: string;
  readonly sent: { bytes: Uint8Array; to: string }[] = [];
  readonly written: number[] = [];
  readonly accepted: Line[] = [];
  readonly incoming: { bytes: Uint8Array; from: string }[] = [];
  listening = false;
  connected = false;
  lastError: { name: "connection_refused"; message: string } | null = null;
  /** Bytes, or datagrams, that still go out. */
  room = Number.POSITIVE_INFINITY;
  /** `later` answers `async`, as sockets do. */
  opens: "now" | "later" | "never" = "now";
  closes = 0;
  #notify: (events: number) => void = () => {};
  #ended = false;

  constructor(behaviour: Behaviour, url = `line://${behaviour}`) {
    this.behaviour = behaviour;
    this.url = url;
  }

  get communicating(): boolean {
    return this.behaviour === "stream" ? this.connected : this.listening;
  }

  listen(): Outcome<void> {
    return this.#open(() => void (this.listening = true));
  }

  connect(): Outcome<void> {
    return this.#open(() => void (this.connected = true));
  }

  accept(): Outcome<Connector> {
    const next = this.accepted.shift();
    return next === undefined ? refuse("async", "none waits") : ok(next);
  }

  read(most: number): Outcome<Uint8Array> {
    const next = this.incoming.shift();
    if (next === undefined) return this.#ended ? refuse("no_connection", "over") : refuse("async", "nothing");
    if (next.bytes.length > most) this.incoming.unshift({ ...next, bytes: next.bytes.slice(most) });
    return ok(next.bytes.slice(0, most));
  }

  write(bytes: Uint8Array): Outcome<number> {
    const count = Math.min(this.room, bytes.length);
    if (count === 0) return refuse("repeat_action", "full");
    this.room -= count;
    this.written.push(...bytes.subarray(0, count));
    return ok(count);
  }

  receive(): Outcome<{ bytes: Uint8Array; from: string }> {
    const next = this.incoming.shift();
    return next === undefined ? refuse("repeat_action", "none waits") : ok(next);
  }

  send(bytes: Uint8Array, to: string): Outcome<number> {
    if (!to.startsWith("line:")) return refuse("invalid_value", `${to} is no line`);
    if (this.room === 0) return refuse("repeat_action", "full");
    this.room--;
    this.sent.push({ bytes, to });
    return ok(bytes.length);
  }

  peek(): number {
    return this.incoming.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  close(): Outcome<void> {
    this.closes++;
    this.listening = false;
    this.connected = false;
    return ok(undefined);
  }

  watch(notify: (events: number) => void): () => void {
    this.#notify = notify;
    return () => void (this.#notify = () => {});
  }

  comes(from: string, ...bytes: number[]): void {
    this.incoming.push({ bytes: Uint8Array.from(bytes), from });
    this.#notify(EVENTS.READ);
  }

  calls(line: Line): void {
    line.connected = true;
    this.accepted.push(line);
    this.#notify(EVENTS.READ);
  }

  drains(room: number): void {
    this.room = room;
    this.#notify(EVENTS.WRITE);
  }

  ends(): void {
    this.#ended = true;
    this.#notify(EVENTS.READ | EVENTS.CLOSE);
  }

  #open(done: () => void): Outcome<void> {
    if (this.opens === "now") {
      done();
      return ok(undefined);
    }
    this.opened = done;
    return refuse("async", "later");
  }

  /** What `later` waits for. */
  opened: () => void = () => {};

  settle(works: boolean): void {
    if (works) this.opened();
    else this.lastError = { name: "connection_refused", message: "nobody listens there." };
    this.#notify(works ? EVENTS.OPEN : EVENTS.ERROR);
  }
}

class Hand {
  time = 0;
  readonly scheduler = new Scheduler({ now: () => this.time, wake: () => {}, stop: () => {} });

  turn(by = 0): void {
    this.time += by;
    while (this.scheduler.process(0).ok);
  }
}

/** Echoes numbers; 13 is bad luck, 0 ends it, from 100 up a timer says them later. */
type Event =
  | MessageEvent<number>
  | { readonly type: "timer.later" }
  | { readonly type: "closed" }
  | { readonly type: "say"; readonly number: number };
const env = protocolEnv<number, "later", number>;
const numberOf = (event: Event): number => (event.type === "message" ? event.message : -1);

const machine = setup({
  types: { context: {} as { last: number; closed: boolean }, events: {} as Event },
  guards: {
    isEnd: ({ event }) => numberOf(event) === 0,
    isBad: ({ event }) => numberOf(event) === 13,
    isDraw: ({ event }) => numberOf(event) === 14,
    isCancel: ({ event }) => numberOf(event) === 15,
    isBusy: ({ event }) => numberOf(event) === 16,
    isLate: ({ event }) => numberOf(event) >= 100,
  },
  actions: {
    echo: ({ event, system }) => env(system).send(numberOf(event)),
    say: ({ event, system }) => env(system).send(event.type === "say" ? event.number : 0),
    deliver: ({ event, system }) => env(system).deliver(numberOf(event)),
    later: ({ event, system }) => env(system).timer("later", numberOf(event)),
    cancel: ({ system }) => env(system).cancel("later"),
    sayLast: ({ context, system }) => env(system).send(context.last),
    draw: ({ system }) => env(system).send(Math.floor(env(system).random() * 10)),
    explode: () => {
      throw new Error("bad luck");
    },
    keep: assign({ last: ({ event }) => numberOf(event) }),
    noteEnd: assign({ closed: true }),
  },
}).createMachine({
  id: "echo",
  context: { last: 0, closed: false },
  initial: "on",
  states: {
    on: {
      on: {
        message: [
          { guard: "isEnd", target: "off" },
          { guard: "isBad", actions: "explode" },
          { guard: "isDraw", actions: "draw" },
          { guard: "isCancel", actions: "cancel" },
          { guard: "isBusy", actions: ["deliver", "later"] },
          { guard: "isLate", actions: ["later", "keep"] },
          { actions: ["echo", "deliver"] },
        ],
        "timer.later": { actions: "sayLast" },
        say: { actions: "say" },
        closed: { actions: "noteEnd" },
      },
    },
    off: { type: "final" },
  },
});

const echo = defineProtocol({
  name: "echo",
  machine,
  types: { delivered: 0 as number },
  maxMessage: 4,
  codec: {
    encode: (number: number) => (number > 255 ? new Uint8Array(5) : Uint8Array.of(number & 0xff)),
    decode: (bytes) => {
      if (bytes[0] === 66) throw new Error("a codec must not throw");
      return bytes.length === 1 ? ok(bytes[0] as number) : err("expected one byte");
    },
  },
});

function datagrams(more: { random?: () => number; ended?: (end: Endpoint<typeof machine>) => void } = {}) {
  const hand = new Hand();
  const line = new Line("datagram");
  const delivered: number[] = [];
  const endpoint = echo.start({
    connector: line,
    scheduler: hand.scheduler,
    peer: "line://peer",
    delivered: (value) => void delivered.push(value),
    ...more,
  });
  const says = (): number[] => line.sent.map(({ bytes }) => bytes[0] as number);
  return { hand, line, delivered, endpoint, says };
}

test("datagrams become events, what actions send goes to the peer, what they deliver to the program", (t) => {
  const { hand, line, delivered, endpoint } = datagrams();
  line.comes("line://peer", 7);
  line.comes("line://other", 8);
  hand.turn();
  t.deepEqual(line.sent, [
    { bytes: Uint8Array.of(7), to: "line://peer" },
    { bytes: Uint8Array.of(8), to: "line://peer" },
  ]);
  t.deepEqual(delivered, [7, 8]);
  t.deepEqual(endpoint.counters, { received: 2, malformed: 0, sent: 2, unsent: 0, delivered: 2 });
});

test("what the codec refuses, and what is too long, is counted and harms nobody", (t) => {
  const { hand, line, endpoint, says } = datagrams();
  line.comes("line://peer");
  line.comes("line://peer", 1, 2);
  line.comes("line://peer", 1, 2, 3, 4, 5);
  line.comes("line://peer", 9);
  hand.turn();
  t.deepEqual([endpoint.counters.malformed, endpoint.counters.received, says()], [3, 1, [9]]);
});

test("timers are events: asked again they start anew, cancelled they do not come", (t) => {
  const { hand, line, says } = datagrams();
  line.comes("line://peer", 100);
  hand.turn();
  line.comes("line://peer", 120);
  hand.turn(50);
  hand.turn(119);
  t.deepEqual(says(), []);
  hand.turn(1);
  t.deepEqual(says(), [120]);
  line.comes("line://peer", 100);
  hand.turn();
  line.comes("line://peer", 15);
  hand.turn();
  hand.turn(1_000);
  t.deepEqual(says(), [120]);
});

test("draws come from the stream that start was given", (t) => {
  const { hand, line, says } = datagrams({ random: () => 0.35 });
  line.comes("line://peer", 14);
  hand.turn();
  t.deepEqual(says(), [3]);
});

test("an action that throws stops its endpoint, with protocol, state and event named; others go on", (t) => {
  const ended: Endpoint<typeof machine>[] = [];
  const { hand, line, endpoint } = datagrams({ ended: (one) => void ended.push(one) });
  const other = new Line("datagram", "line://two");
  const rest = echo.start({ connector: other, scheduler: hand.scheduler, peer: "line://peer" });
  line.comes("line://peer", 100);
  line.comes("line://peer", 13);
  line.comes("line://peer", 7);
  other.comes("line://peer", 7);
  hand.turn();
  const { error } = endpoint;
  t.is(error?.message, 'protocol echo stopped: state "on", event message: bad luck');
  t.deepEqual([error?.protocol, error?.state, error?.event], ["echo", '"on"', "message"]);
  t.deepEqual([endpoint.status, line.closes, line.sent.length, ended.length], ["stopped", 1, 0, 1]);
  t.deepEqual([rest.status, rest.counters.sent], ["running", 1]);
  rest.stop();
  t.is(hand.scheduler.size, 0, "timers and interests are taken back");
});

test("without anybody to tell, what an action threw surfaces from the scheduler", (t) => {
  for (const [number, why] of [
    [13, /event message: bad luck/],
    [14, /start it with `random`/],
    [66, /event message: a codec must not throw/],
  ] as const) {
    const { hand, line } = datagrams();
    line.comes("line://peer", number);
    t.throws(() => hand.scheduler.process(0), { instanceOf: ProtocolError, message: why });
  }
});

test("messages that are too long, have no peer or a wrong one are the program's mistakes", (t) => {
  const { endpoint } = datagrams({ ended: () => {} });
  endpoint.tell({ type: "say", number: 300 });
  t.regex(endpoint.error?.message ?? "", /event say: a message of 5 bytes; maxMessage allows 4/);
  for (const [peer, why] of [
    [undefined, /needs a peer/],
    ["tcp://1.2.3.4:5", /is no line/],
  ] as const) {
    const scheduler = new Hand().scheduler;
    const options = { connector: new Line("datagram"), scheduler, ended: () => {} };
    const one = echo.start(peer === undefined ? options : { ...options, peer });
    one.tell({ type: "say", number: 3 });
    t.regex(one.error?.message ?? "", why);
  }
});

test("what a full connector does not take is counted", (t) => {
  const { line, endpoint } = datagrams();
  line.room = 1;
  for (const number of [1, 2, 3]) endpoint.tell({ type: "say", number });
  t.deepEqual([endpoint.counters.sent, endpoint.counters.unsent, endpoint.status], [1, 2, "running"]);
});

test("a final state and stop end an endpoint: nothing is left with the scheduler", (t) => {
  const { hand, line, endpoint } = datagrams();
  line.comes("line://peer", 100);
  line.comes("line://peer", 0);
  hand.turn();
  t.deepEqual([endpoint.state, endpoint.status, endpoint.error, line.closes], ["off", "stopped", null, 1]);
  endpoint.tell({ type: "say", number: 1 });
  endpoint.stop();
  t.deepEqual([hand.scheduler.size, line.closes, line.sent.length], [0, 1, 0]);
});

test("a program may stop an endpoint from inside what it delivers", (t) => {
  const hand = new Hand();
  const line = new Line("datagram");
  const stop = (_value: number, one: Endpoint<typeof machine>): void => one.stop();
  const endpoint = echo.start({ connector: line, scheduler: hand.scheduler, peer: "line://peer", delivered: stop });
  line.comes("line://peer", 16);
  line.comes("line://peer", 7);
  hand.turn();
  t.deepEqual([endpoint.status, hand.scheduler.size, line.sent.length], ["stopped", 0, 0]);
});

test("events told before the connector is open wait; a connector that cannot open ends the endpoint", (t) => {
  const hand = new Hand();
  for (const works of [true, false]) {
    const line = new Line("stream");
    line.opens = "later";
    const endpoint = echo.start({ connector: line, scheduler: hand.scheduler });
    endpoint.tell({ type: "say", number: 5 });
    t.is(endpoint.status, "opening");
    line.settle(works);
    hand.turn();
    t.is(endpoint.status, works ? "running" : "stopped");
    t.deepEqual(line.written, works ? [0, 0, 0, 1, 5] : []);
    const message = "protocol echo stopped: the connector failed: nobody listens there.";
    t.is(endpoint.error?.message, works ? undefined : message);
    endpoint.stop();
  }
  t.is(hand.scheduler.size, 0);
});

test("on streams messages stand in frames, wherever the stream is cut", (t) => {
  const bytes = [0, 0, 0, 1, 7, 0, 0, 0, 2, 1, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0, 0, 0, 0, 1, 8];
  for (let size = 1; size <= bytes.length; size++) {
    const hand = new Hand();
    const line = new Line("stream");
    const delivered: number[] = [];
    const endpoint = echo.start({
      connector: line,
      scheduler: hand.scheduler,
      delivered: (value) => void delivered.push(value),
    });
    for (let at = 0; at < bytes.length; at += size) line.comes("", ...bytes.slice(at, at + size));
    line.ends();
    hand.turn();
    t.deepEqual([delivered, endpoint.counters.malformed], [[7, 8], 3], `chunks of ${size}`);
    t.deepEqual(line.written, [0, 0, 0, 1, 7, 0, 0, 0, 1, 8]);
    t.deepEqual([endpoint.status, endpoint.context.closed, endpoint.error], ["stopped", true, null]);
  }
});

test("a frame longer than allowed costs no memory, and the next one is found", (t) => {
  const frames = new FrameReader(4);
  frames.push(Uint8Array.of(0, 1, 0, 0));
  t.is(frames.next(), "too long");
  for (let left = 65_536; left > 0; left -= 1024) {
    frames.push(new Uint8Array(1024));
    t.is(frames.next(), null);
  }
  frames.push(framed(Uint8Array.of(5)));
  t.deepEqual(frames.next(), Uint8Array.of(5));
});

test("a stream that stalls takes a frame whole or not at all, and goes on at WRITE", (t) => {
  const hand = new Hand();
  const line = new Line("stream");
  const endpoint = echo.start({ connector: line, scheduler: hand.scheduler });
  hand.turn();
  line.room = 7;
  for (const number of [1, 2, 3]) endpoint.tell({ type: "say", number });
  t.deepEqual(line.written, [0, 0, 0, 1, 1, 0, 0]);
  line.drains(100);
  hand.turn();
  t.deepEqual(line.written, [0, 0, 0, 1, 1, 0, 0, 0, 1, 2, 0, 0, 0, 1, 3]);
  line.room = 0;
  for (let n = 0; n < 300_000; n++) endpoint.tell({ type: "say", number: 1 });
  t.deepEqual([endpoint.counters.sent, endpoint.counters.unsent > 0], [3 + Math.floor((1024 * 1024) / 5), true]);
});

test("a server has an endpoint for each peer, up to a bound, and strangers' rubbish takes no place", (t) => {
  const hand = new Hand();
  const line = new Line("datagram");
  const heard: [number, string | null][] = [];
  const server = echo.listen({
    connector: line,
    scheduler: hand.scheduler,
    mostPeers: 2,
    delivered: (value, { peer }) => void heard.push([value, peer]),
  });
  line.comes("line://rubbish", 1, 2);
  for (const [peer, number] of [
    ["a", 1],
    ["b", 2],
    ["a", 3],
    ["c", 4],
    ["a", 0],
    ["a", 5],
  ] as const) {
    line.comes(`line://${peer}`, number);
  }
  hand.turn();
  t.deepEqual(heard, [
    [1, "line://a"],
    [2, "line://b"],
    [3, "line://a"],
    [5, "line://a"],
  ]);
  t.deepEqual(
    line.sent.map(({ to }) => to),
    heard.map(([, peer]) => peer),
  );
  t.deepEqual([server.endpoints.size, server.refused, server.malformed], [2, 1, 1]);
  server.stop();
  t.deepEqual([server.endpoints.size, hand.scheduler.size, line.closes], [0, 0, 1]);
});

test("a server of streams has an endpoint for each connection", (t) => {
  const hand = new Hand();
  const line = new Line("stream");
  line.opens = "later";
  const urls: string[] = [];
  const server = echo.listen({
    connector: line,
    scheduler: hand.scheduler,
    mostPeers: 2,
    opened: ({ url }) => void urls.push(url),
  });
  t.deepEqual(urls, []);
  line.settle(true);
  hand.turn();
  t.deepEqual(urls, ["line://stream"]);
  const callers = ["x", "y", "z"].map((name) => new Line("stream", `line://${name}`));
  for (const caller of callers) line.calls(caller);
  hand.turn();
  t.deepEqual([server.endpoints.size, server.refused, callers[2]?.closes], [2, 1, 1]);
  callers[1]?.comes("", 0, 0, 0, 1, 7);
  callers[0]?.ends();
  hand.turn();
  t.deepEqual([callers[1]?.written, server.endpoints.size, callers[0]?.closes], [[0, 0, 0, 1, 7], 1, 1]);
  server.stop();
  t.deepEqual([server.endpoints.size, hand.scheduler.size, line.closes, callers[1]?.closes], [0, 0, 1, 1]);
});

test("a server that cannot listen says so", (t) => {
  const hand = new Hand();
  const line = new Line("datagram");
  line.opens = "later";
  const failures: string[] = [];
  const failed = ({ message }: ProtocolError): void => void failures.push(message);
  const server = echo.listen({ connector: line, scheduler: hand.scheduler, failed });
  line.settle(false);
  hand.turn();
  t.deepEqual(failures, ["protocol echo cannot listen: nobody listens there."]);
  t.is(server.error?.message, failures[0]);
});

test("the machine alone serves model checking; steps come as data", (t) => {
  const message = (number: number): MessageEvent<number> => ({ type: "message", message: number, from: "" });
  const events = [message(0), message(7), message(13), message(100)];
  const paths = getShortestPaths(machine, { events });
  t.deepEqual(
    paths.map(({ state }) => [state.value, state.context.last]),
    [
      ["on", 0],
      ["off", 0],
      ["on", 100],
      ["off", 100],
    ],
  );
  const { snapshot } = echo.begin(undefined);
  const late = echo.step(snapshot, message(100));
  t.deepEqual([late.sent, [...late.timers], late.snapshot.context.last], [[], [["later", 100]], 100]);
  const echoed = echo.step(late.snapshot, message(7));
  t.deepEqual([echoed.sent, echoed.delivered], [[{ message: 7, to: undefined }], [7]]);
  t.deepEqual([...echo.step(snapshot, message(15)).timers], [["later", null]]);
  t.throws(() => echo.step(snapshot, message(13)), { message: "bad luck" });
});

test("the compiler refuses a machine that does not take the codec's messages", (t) => {
  const deaf = setup({ types: { events: {} as { type: "other" } } }).createMachine({ id: "deaf" });
  // @ts-expect-error: its events lack the codec's messages.
  t.is(defineProtocol({ name: "deaf", codec: echo.codec, machine: deaf }).name, "deaf");
});

test("outside an endpoint an action is told so", (t) => {
  t.throws(() => protocolEnv({}), { message: /runs without an endpoint/ });
});
