/**
 * Single packets of each flow with their delays, and beside them single transfers, exchanges and late messages: uniform samples, those
 * whose keyed draw is least. Such a sample needs no stream, so that the run is the same with and without it, and it does not depend
 * on the order in which things arrive.
 */
import { localTime } from "../core/clock.ts";
import { drawKey, finish } from "../core/digest.ts";
import type { ControlEvent, Env } from "../core/env.ts";
import { Heap } from "../core/heap.ts";
import type { Packet } from "../core/packet.ts";
import { type BulkFlow, type FlowSpec, isOverChannels, type Scenario } from "../core/scenario.ts";
import { decodeFrame } from "../core/transport/frames.ts";
import type { Nanos } from "../core/units.ts";
import { arrivedAt } from "./app-results.ts";
import type { ChannelMessageSinkContext } from "./apps/channel-message-sink.ts";
import type { Completion } from "./apps/connection.ts";
import type { MessageSinkContext } from "./apps/message-sink.ts";
import { clockOf, tallyId, tallyOf } from "./flow-ends.ts";
import { listen, listenAtSink, listenToNews } from "./listen.ts";
import type { Present } from "./with-packet-handler.ts";
import type { Cell, World } from "./world.ts";

/** Packets of one flow that can be kept. */
export const MAX_SAMPLES = 1_000_000;

/** `number`: of the packet, the transfer, the exchange or the message within its flow. */
export interface Sample {
  readonly number: number;
  /** When it was sent or begun. */
  readonly start: Nanos;
  /** Of packets and messages one way, of pings the round trip; of transfers and exchanges until they were complete. */
  readonly time: Nanos;
  /** Payload of the transfer, the response or the message; of packets 0. */
  readonly bytes: number;
}

/** In order of number. */
export interface FlowSample {
  readonly flow: string;
  readonly packets: readonly Sample[];
  readonly others: { readonly kind: "transfer" | "exchange" | "message"; readonly all: readonly Sample[] };
}

interface Watched {
  readonly flow: FlowSpec;
  readonly packets: Reservoir;
  readonly others: Reservoir;
}

/** Listens where each flow is counted; made once the world's actors are, before it runs. */
export class Sampler {
  readonly #world: World;
  readonly #warmup: Nanos;
  readonly #flows: readonly Watched[];

  /** `perFlow`: packets of each flow that are kept at most, and as many transfers, exchanges or messages. */
  constructor(world: World, scenario: Scenario, perFlow: number) {
    this.#world = world;
    this.#warmup = scenario.warmup_ns;
    this.#flows = scenario.flows.map((flow) => {
      const reservoir = (purpose: string): Reservoir =>
        new Reservoir(perFlow, drawKey(scenario.seed, `app/${flow.id}`, purpose)[0]);
      const watched = { flow, packets: reservoir("samples"), others: reservoir("samples/transfers") };
      this.#listen(watched);
      return watched;
    });
  }

  /** By id of the flow. */
  samples(): FlowSample[] {
    return this.#flows.map(({ flow, packets, others }) => {
      const kind =
        flow.app === "request-response" ? "exchange" : flow.app === "message-stream" ? "message" : "transfer";
      const all = flow.app === "bulk" ? this.#bulkTransfer(flow) : others.all();
      return { flow: flow.id, packets: packets.all(), others: { kind, all } };
    });
  }

  #listen({ flow, packets, others }: Watched): void {
    const cell = (id: string): Cell => this.#world.cellOf(id);
    const sink = cell(tallyId(flow));
    listenToPackets(this.#world, flow, packets, this.#warmup);
    const overChannels = isOverChannels(flow);
    if (flow.app === "message-stream") {
      if (overChannels) listenToChannelMessages(cell(`app/${flow.id}/sink`), others, this.#warmup);
      else listenToMessages(sink, others, this.#warmup);
    }
    if (flow.app === "file-transfer" || flow.app === "request-response")
      listenToCompletions(cell(`app/${flow.id}`), overChannels, others, this.#warmup);
  }

  /** The one transfer of a bulk flow with a number of bytes. */
  #bulkTransfer(flow: BulkFlow): Sample[] {
    const { start_ns: start, bytes } = flow;
    const at = arrivedAt(this.#world, flow);
    return at >= Math.max(0, this.#warmup) ? [{ number: 0, start, time: at - start, bytes }] : [];
  }
}

/** Packets that counted: what came once more, or belongs to another flow, does not. Most packets are past it after one draw. */
function listenToPackets(world: World, flow: FlowSpec, kept: Reservoir, warmup: Nanos): void {
  listenAtSink(world, flow, (onPacket) => (state, packet, ifId, env) => {
    const draw = kept.draw(packet.number);
    if (draw >= kept.limit) return onPacket(state, packet, ifId, env);
    const counts = tallyOf(flow, state.context);
    const before = counts.received;
    const control = onPacket(state, packet, ifId, env);
    if (counts.received !== before && env.now >= warmup) {
      const time = Math.max(0, localTime(clockOf(flow, state.context), env.now) - packet.sentAt);
      kept.offer(draw, packet.number, packet.sentAt, time, 0);
    }
    return control;
  });
}

function listenToCompletions(cell: Cell, isOnNews: boolean, kept: Reservoir, warmup: Nanos): void {
  type App = { readonly completed: number; readonly latest: Completion };
  const look = ({ context }: Present<App>, env: Env, handle: () => ControlEvent | undefined) => {
    const before = context.completed;
    const control = handle();
    if (context.completed !== before && env.now >= warmup) {
      const { connection, startedAt, bytes } = context.latest;
      kept.offer(kept.draw(connection), connection, startedAt, env.now - startedAt, bytes);
    }
    return control;
  };
  if (isOnNews)
    listenToNews<App>(cell, (onNews) => (state, event, env) => look(state, env, () => onNews(state, event, env)));
  else
    listen<App>(
      cell,
      (onPacket) => (state, packet, ifId, env) => look(state, env, () => onPacket(state, packet, ifId, env)),
    );
}

/** Messages over channels that were whole after their deadline. */
function listenToChannelMessages(cell: Cell, kept: Reservoir, warmup: Nanos): void {
  listenToNews<ChannelMessageSinkContext>(cell, (onNews) => (state, event, env) => {
    const sink = state.context;
    const before = sink.late;
    const control = onNews(state, event, env);
    const { number, sentAt, bytes } = sink.latest;
    if (sink.late !== before && env.now >= warmup)
      kept.offer(kept.draw(number), number, sentAt, Math.max(0, localTime(sink.clock, env.now) - sentAt), bytes);
    return control;
  });
}

/** Messages that were whole after their deadline. */
function listenToMessages(cell: Cell, kept: Reservoir, warmup: Nanos): void {
  listen<MessageSinkContext>(cell, (onPacket) => (state, packet, ifId, env) => {
    const sink = state.context;
    const before = sink.late;
    const control = onPacket(state, packet, ifId, env);
    if (sink.late !== before && env.now >= warmup) offerMessage(kept, packet, localTime(sink.clock, env.now));
    return control;
  });
}

function offerMessage(kept: Reservoir, packet: Packet, now: Nanos): void {
  const frame = decodeFrame(packet);
  if (frame?.kind !== "message") return;
  const { message, bytes } = frame;
  kept.offer(kept.draw(message), message, packet.sentAt, Math.max(0, now - packet.sentAt), bytes);
}

/** Words of an offer: its draw, then what it is. */
const WORDS = 5;
/** Odd, so that no two numbers fall together: 2^32 over the golden ratio. */
const SPREAD = 0x9e37_79b1;

/** The offers with the least draws. */
class Reservoir {
  /** An offer counts only with a draw below this. */
  limit = 0x1_0000_0000;
  readonly #size: number;
  readonly #key: number;
  #offers = new Float64Array(0);
  #kept = 0;
  /** By slot, the greatest draw first; made when the first offer has to go. */
  #order: Heap | null = null;

  constructor(size: number, key: number) {
    this.#size = size;
    this.#key = key;
  }

  /** 32 bits, another for each number below 2^32: none is met twice, so that no two offers tie. */
  draw(number: number): number {
    return finish(Math.imul(number, SPREAD) ^ this.#key) >>> 0;
  }

  offer(draw: number, number: number, start: Nanos, time: Nanos, bytes: number): void {
    if (draw >= this.limit) return;
    if (this.#kept < this.#size) {
      this.#put(this.#kept++, draw, number, start, time, bytes);
      if (this.#kept === this.#size) this.#close();
      return;
    }
    const order = this.#order as Heap;
    const slot = order.topItem;
    this.#put(slot, draw, number, start, time, bytes);
    order.replaceTop(-draw, slot, slot);
    this.limit = -order.topTime;
  }

  all(): Sample[] {
    const offers = Array.from({ length: this.#kept }, (_, slot): Sample => {
      const word = (n: number): number => this.#offers[WORDS * slot + n] as number;
      return { number: word(1), start: word(2), time: word(3), bytes: word(4) };
    });
    return offers.sort((left, right) => left.number - right.number || left.time - right.time);
  }

  #put(slot: number, draw: number, number: number, start: Nanos, time: Nanos, bytes: number): void {
    const at = WORDS * slot;
    if (at >= this.#offers.length) this.#grow();
    const offers = this.#offers;
    offers[at] = draw;
    offers[at + 1] = number;
    offers[at + 2] = start;
    offers[at + 3] = time;
    offers[at + 4] = bytes;
  }

  #grow(): void {
    const room = WORDS * Math.min(this.#size, Math.max(64, (2 * this.#offers.length) / WORDS));
    const offers = new Float64Array(room);
    offers.set(this.#offers);
    this.#offers = offers;
  }

  /** It is full: from now on each offer takes the place of another. */
  #close(): void {
    const heap = new Heap();
    for (let slot = 0; slot < this.#size; slot++) heap.push(-(this.#offers[WORDS * slot] as number), slot, slot);
    this.#order = heap;
    this.limit = -heap.topTime;
  }
}
