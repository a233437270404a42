/**
 * The neighbours of the router that `live-forward` measures, in a thread of their own: packets leave one socket and come back on
 * another, so many under way at once; each that comes back lets the next one go.
 */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { parentPort, workerData } from "node:worker_threads";
import type { Endpoint } from "../core/endpoint.ts";

/** What the thread is made with: packets of one size, told apart by the number that stands at `numberAt` of each. */
export interface LoadInput {
  readonly packets: Uint8Array;
  readonly size: number;
  readonly numberAt: number;
  /** Sockets of the neighbour before and of the one after. */
  readonly from: Endpoint;
  readonly back: Endpoint;
}

/** One measurement. */
export interface LoadOrder {
  readonly to: Endpoint;
  readonly window: number;
  readonly ms: number;
}

export interface LoadAnswer {
  readonly received: number;
  readonly seconds: number;
  /** From sending to coming back, nanoseconds; ascending. */
  readonly delays: Float64Array;
  /** Of each packet that came back, by number; null: it did not. */
  readonly hashes: readonly (string | null)[];
}

/** Longest silence: what was under way is lost then. */
const SILENCE_MS = 100;
const MAX_DELAYS = 200_000;

const clock = (): number => Number(process.hrtime.bigint());

async function bound({ address, port }: Endpoint): Promise<Socket> {
  const size = 4 * 1024 * 1024;
  const socket = createSocket({ type: "udp4", recvBufferSize: size, sendBufferSize: size, lookup: asItIs });
  // Without a lookup it listens at once.
  const listening = once(socket, "listening");
  socket.bind(port, address);
  await listening;
  return socket;
}

/** Nothing is looked up: what is measured on the other side shall not wait for this one. */
function asItIs(address: string, _options: unknown, callback: (error: null, address: string, family: number) => void) {
  callback(null, address, 4);
}

function hashOf(bytes: Uint8Array): string {
  let low = 0x811c_9dc5;
  let high = 0x1234_5678;
  for (const byte of bytes) {
    low = Math.imul(low ^ byte, 0x85eb_ca6b);
    high = Math.imul(high ^ low, 0xc2b2_ae35);
  }
  return (low >>> 0).toString(16) + (high >>> 0).toString(16);
}

class Load {
  readonly #input: LoadInput;
  readonly #sender: Socket;
  readonly #count: number;
  readonly #views: readonly Uint8Array[];
  readonly #sentAt: Float64Array;
  readonly #hashes: (string | null)[];
  #order: LoadOrder | null = null;
  #next = 0;
  #received = 0;
  #delays = new Float64Array(0);

  constructor(input: LoadInput, sender: Socket, receiver: Socket) {
    this.#input = input;
    this.#sender = sender;
    const { packets, size } = input;
    this.#count = packets.length / size;
    this.#views = Array.from({ length: this.#count }, (_, at) => packets.subarray(at * size, (at + 1) * size));
    this.#sentAt = new Float64Array(this.#count);
    this.#hashes = this.#views.map(() => null);
    receiver.on("message", (bytes) => this.#back(bytes));
  }

  async run(order: LoadOrder): Promise<LoadAnswer> {
    this.#order = order;
    this.#received = 0;
    this.#delays = new Float64Array(MAX_DELAYS);
    this.#hashes.fill(null);
    const started = clock();
    this.#fill(order.window);
    let seen = 0;
    const watch = setInterval(() => {
      if (seen === this.#received) this.#fill(order.window);
      seen = this.#received;
    }, SILENCE_MS);
    await new Promise((wake) => setTimeout(wake, order.ms));
    clearInterval(watch);
    this.#order = null;
    const seconds = (clock() - started) / 1e9;
    const received = this.#received;
    const delays = this.#delays.slice(0, Math.min(received, MAX_DELAYS)).sort();
    // What is still under way comes back before the next measurement, and is not counted for it.
    await new Promise((wake) => setTimeout(wake, SILENCE_MS));
    return { received, seconds, delays, hashes: [...this.#hashes] };
  }

  #fill(window: number): void {
    for (let n = 0; n < window; n++) this.#sendNext();
  }

  #sendNext(): void {
    const order = this.#order;
    if (order === null) return;
    const number = this.#next++ % this.#count;
    this.#sentAt[number] = clock();
    this.#sender.send(this.#views[number] as Uint8Array, order.to.port, order.to.address);
  }

  #back(bytes: Uint8Array): void {
    const { numberAt, size } = this.#input;
    if (this.#order === null || bytes.length !== size) return;
    const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(numberAt);
    if (number >= this.#count) return;
    this.#sendNext();
    if (this.#received < MAX_DELAYS) this.#delays[this.#received] = clock() - (this.#sentAt[number] as number);
    this.#received++;
    if (this.#hashes[number] === null) this.#hashes[number] = hashOf(bytes);
  }
}

if (parentPort !== null) {
  const port = parentPort;
  const input = workerData as LoadInput;
  const load = new Load(input, await bound(input.from), await bound(input.back));
  port.on("message", (order: LoadOrder) => void load.run(order).then((answer) => port.postMessage(answer)));
  port.postMessage("ready");
}
