/** What one run did in the present window, event by event: hashes to compare, and enough to describe any one of them. */
import { stateHash, type WorldObserver } from "../../actors/record.ts";
import type { Cell } from "../../actors/world.ts";
import { finish } from "../../core/digest.ts";
import type { ActorIndex, ControlEvent } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { Simulation } from "../../sim/simulation.ts";
import { type DescribedEvent, WINDOW } from "./doctor-protocol.ts";

/** Outputs named in a description; the rest is counted. */
const MAX_SENDS_SHOWN = 4;
const MAX_STATE_SHOWN = 300;

interface LoggedEvent {
  readonly time: number;
  readonly cell: Cell;
  readonly what: string;
  /** Outputs, two numbers each: target and delay; what was sent. */
  readonly sends: (readonly [target: ActorIndex, delay: number, what: string])[];
  state: string;
  digest: string;
}

export class EventLog implements WorldObserver {
  readonly #world: Simulation;
  #events: LoggedEvent[] = [];
  #hashes = new Int32Array(2 * WINDOW);
  #low = 0;
  #high = 0;
  /** Does the event walk the actor's statechart? Then its whole state is compared too: such events are rare. */
  #walksChart = false;

  constructor(world: Simulation) {
    this.#world = world;
  }

  delivered(cell: Cell, _order: number, thing: Packet | ControlEvent, isPacket: boolean, ifId: number): void {
    const what = isPacket ? describePacket(thing as Packet, ifId) : (thing as ControlEvent).type;
    this.#walksChart = !isPacket && !cell.onTimer.has(what);
    this.#events.push({ time: this.#world.queue.clock, cell, what, sends: [], state: "", digest: "" });
  }

  sent(_from: Cell, target: ActorIndex, _order: number, packet: Packet | null, ifId: number, delay: number): void {
    const what = packet === null ? "an event" : describePacket(packet, ifId);
    this.#events.at(-1)?.sends.push([target, delay, what]);
  }

  recalled(): void {}

  /** The event has been handled: its effects count. */
  close(): void {
    const at = this.#events.length - 1;
    const event = this.#events[at];
    if (event === undefined) return;
    const { cell } = event;
    const digest = this.#world.digestOf(cell);
    event.digest = digest;
    this.#mix(event.time | 0);
    this.#mix(cell.self);
    this.#mix(Number.parseInt(digest.slice(0, 8), 16));
    this.#mix(Number.parseInt(digest.slice(8), 16));
    if (this.#walksChart) {
      event.state = scalars(cell.state.context);
      const state = stateHash(cell);
      this.#mix(Number.parseInt(state.slice(0, 8), 16));
      this.#mix(Number.parseInt(state.slice(8), 16));
    }
    this.#hashes[2 * at] = this.#low;
    this.#hashes[2 * at + 1] = this.#high;
  }

  /** Hashes of the window's events. */
  hashes(): Int32Array {
    return this.#hashes.slice(0, 2 * this.#events.length);
  }

  /** Forgets the window. */
  clear(): void {
    this.#events = [];
  }

  describe(at: number): DescribedEvent | null {
    const event = this.#events[at];
    if (event === undefined) return null;
    const { cell, what, sends, state, digest } = event;
    const shown = sends.slice(0, MAX_SENDS_SHOWN).map((send) => this.#describeSend(send));
    const more = sends.length > MAX_SENDS_SHOWN ? [`${sends.length - MAX_SENDS_SHOWN} more`] : [];
    const sending = sends.length === 0 ? "sends nothing" : `sends ${[...shown, ...more].join(", ")}`;
    const parts = [what, sending, ...(state === "" ? [] : [`state ${state}`]), `digest ${digest}`];
    return { time_ns: event.time, actor: cell.id, text: parts.join("; ") };
  }

  #describeSend([target, delay, what]: readonly [number, number, string]): string {
    return `${what} to ${this.#world.cells[target]?.id ?? `actor ${target}`} after ${delay} ns`;
  }

  #mix(word: number): void {
    this.#low = finish(this.#low ^ word);
    this.#high = finish(Math.imul(this.#high, 31) + this.#low + word);
  }
}

function describePacket(packet: Packet, ifId: number): string {
  return `packet ${packet.number} of flow ${packet.flow} (${packet.wireLength} B, interface ${ifId}, hop ${packet.currHf})`;
}

/** The plain values of a context: where a choice shows. */
function scalars(context: unknown): string {
  if (typeof context !== "object" || context === null) return String(context);
  const plain = Object.entries(context).filter(([, value]) => value === null || typeof value !== "object");
  const text = plain.map(([key, value]) => `${key}=${String(value)}`).join(" ");
  return text.length > MAX_STATE_SHOWN ? `${text.slice(0, MAX_STATE_SHOWN)}...` : text;
}
