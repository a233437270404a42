/**
 * One channel as a program sees it. Calls without promises (`tryWrite`, `tryRead`) do what can be done now; those with promises wait for
 * flow control, for data, for the end. What was read is the program's; what was written has been copied.
 */
import type { Channels } from "../../core/channel/streams/channels.ts";
import type { Framing, Reliability } from "../../core/channel/streams/frames.ts";
import { readChannel, readMessage, type Reading } from "../../core/channel/streams/reading.ts";
import { writeChannel, writeMessage } from "../../core/channel/streams/sending.ts";
import type { ChannelRequest, ChannelStateName } from "../../actors/channel/events.ts";
import type { Bytes } from "../../core/units.ts";
import { ChannelFailure } from "./failure.ts";
import { Gate, lasting, type Patience } from "./gate.ts";
import type { AssociationEnd } from "./association-end.ts";

/** Most that one read of a stream gives where nobody says how much. */
const CHUNK: Bytes = 262_144;

export class ChannelEnd implements AsyncIterable<Uint8Array> {
  readonly id: number;
  readonly association: AssociationEnd;
  readonly reliability: Reliability;
  readonly framing: Framing;
  readonly priority: number;
  readonly #readable: Gate;
  readonly #writable: Gate;
  readonly #changed: Gate;
  #state: ChannelStateName = "pending";
  #failure: ChannelFailure | null = null;
  #stopped: ChannelFailure | null = null;
  #finished = false;
  #delivered = false;

  constructor(
    association: AssociationEnd,
    id: number,
    options: { readonly reliability: Reliability; readonly framing: Framing; readonly priority: number },
  ) {
    const { scheduler } = association.world;
    this.association = association;
    this.id = id;
    this.reliability = options.reliability;
    this.framing = options.framing;
    this.priority = options.priority;
    this.#readable = new Gate(scheduler);
    this.#writable = new Gate(scheduler);
    this.#changed = new Gate(scheduler);
  }

  get state(): ChannelStateName {
    return this.#state;
  }

  /** Bytes taken of these, 0: none for now. Throws once the channel takes nothing any more. */
  tryWrite(bytes: Uint8Array): number {
    this.#expect("stream", "write");
    const taken = writeChannel(this.#writing(), this.id, bytes);
    if (taken < 0) throw this.#gone("write");
    if (taken > 0) this.association.settle();
    return taken;
  }

  /** Resolves when all of it was taken: as much as the send buffer holds may still be under way. */
  async write(bytes: Uint8Array, patience: Patience = {}): Promise<void> {
    const left = lasting(patience, this.association.world.scheduler);
    for (let at = this.tryWrite(bytes); at < bytes.length; at += this.tryWrite(bytes.subarray(at))) {
      await this.#writable.wait(`write to channel ${this.id}`, left());
    }
  }

  /** Whether a whole message was taken; false: not for now. */
  tryWriteMessage(bytes: Uint8Array): boolean {
    this.#expect("messages", "writeMessage");
    const word = writeMessage(this.#writing(), this.id, bytes);
    if (word === "too-long")
      throw this.#fault("too-long", `a message of ${bytes.length} bytes is longer than the peer's window`);
    if (word === "state") throw this.#gone("writeMessage");
    if (word === "queued") this.association.settle();
    return word === "queued";
  }

  async writeMessage(bytes: Uint8Array, patience: Patience = {}): Promise<void> {
    const left = lasting(patience, this.association.world.scheduler);
    while (!this.tryWriteMessage(bytes)) await this.#writable.wait(`message to channel ${this.id}`, left());
  }

  /** Up to `most` bytes that are there; undefined: none for now, null: the peer has finished and all was read. */
  tryRead(most: Bytes = CHUNK): Uint8Array | null | undefined {
    this.#expect("stream", "read");
    return this.#take((channels) => readChannel(channels, this.id, most));
  }

  /** Up to `most` bytes, as soon as there are any; null: the peer has finished and all was read. */
  async read(most: Bytes = CHUNK, patience: Patience = {}): Promise<Uint8Array | null> {
    return this.#await(() => this.tryRead(most), patience);
  }

  /** The next whole message; undefined: none for now, null: the peer has finished and all were read. */
  tryReadMessage(): Uint8Array | null | undefined {
    this.#expect("messages", "readMessage");
    return this.#take((channels) => readMessage(channels, this.id));
  }

  async readMessage(patience: Patience = {}): Promise<Uint8Array | null> {
    return this.#await(() => this.tryReadMessage(), patience);
  }

  /** Chunks of a stream, or messages, until the peer has finished. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    const next = (): Promise<Uint8Array | null> => (this.framing === "stream" ? this.read() : this.readMessage());
    for (let piece = await next(); piece !== null; piece = await next()) yield piece;
  }

  /** As a Web stream; cancelling it tells the peer that no more is wanted. */
  get readable(): ReadableStream<Uint8Array> {
    const pieces = this[Symbol.asyncIterator]();
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => this.stop(),
    });
  }

  /** As a Web stream: closing it finishes, aborting it resets. Each chunk is a message where the channel has messages. */
  get writable(): WritableStream<Uint8Array> {
    return new WritableStream<Uint8Array>({
      write: (chunk) => (this.framing === "stream" ? this.write(chunk) : this.writeMessage(chunk)),
      close: async () => {
        this.finish();
        await this.delivered();
      },
      abort: () => this.reset(),
    });
  }

  /** Nothing more will be written; what was goes out. */
  finish(): void {
    this.#finished = true;
    this.#ask({ type: "channel.finish", channel: this.id });
  }

  /** Resolves when the peer has acknowledged everything that was written, and the end. Call `finish` before. */
  async delivered(patience: Patience = {}): Promise<void> {
    const left = lasting(patience, this.association.world.scheduler);
    while (!this.#delivered) {
      const failure = this.#failure ?? this.#stopped;
      if (failure !== null) throw failure;
      await this.#changed.wait(`delivery on channel ${this.id}`, left());
    }
  }

  /** Gives up sending: the peer's reads fail with this code. Reading goes on. */
  reset(code = 0): void {
    this.#finished = true;
    this.#ask({ type: "channel.reset", channel: this.id, code });
  }

  /** Wants no more of the peer: its writes fail with this code. Writing goes on. */
  stop(code = 0): void {
    this.#ask({ type: "channel.stop", channel: this.id, code });
  }

  /** Ends both directions at once; what is under way may be lost. For an orderly end: `finish`, and read to the end. */
  close(code = 0): void {
    this.#fail(this.#fault("channel-closed", "this end closed it", code));
    this.#ask({ type: "channel.close", channel: this.id, code });
  }

  /** Fresh keys for this channel, agreed by a fresh exchange; data goes on meanwhile. */
  rekey(): void {
    this.#ask({ type: "channel.rekey", channel: this.id });
  }

  /** News from the association. */
  hear(kind: "readable" | "writable"): void {
    (kind === "readable" ? this.#readable : this.#writable).open();
  }

  /** The peer wants no more. */
  hearStopped(code: number): void {
    this.#stopped = this.#fault("channel-stopped", `the peer wants no more (code ${code})`, code);
    this.#writable.open();
    this.#changed.open();
  }

  /** The channel's machine has gone on. */
  hearState(state: ChannelStateName, code: number): void {
    const before = this.#state;
    this.#state = state;
    if (state === "localFinished") this.#delivered = true;
    if (state === "closed" && before === "remoteFinished" && code === 0 && this.#finished) this.#delivered = true;
    if (state === "closed" && before === "localFinished") this.#delivered = true;
    if (state === "refused") this.#fail(this.#fault("channel-refused", `the peer refused it (code ${code})`, code));
    if (state === "reset") this.#fail(this.#fault("channel-reset", `the peer gave up sending (code ${code})`, code));
    if (state === "closed" && before !== "localFinished" && before !== "remoteFinished") {
      this.#fail(this.#fault("channel-closed", `the peer closed it (code ${code})`, code));
    }
    this.#readable.open();
    this.#writable.open();
    this.#changed.open();
  }

  /** The association is over. */
  hearEnd(failure: ChannelFailure): void {
    this.#fail(failure);
  }

  #fail(failure: ChannelFailure): void {
    this.#failure ??= failure;
    this.#readable.open();
    this.#writable.open();
    this.#changed.open();
  }

  async #await(attempt: () => Uint8Array | null | undefined, patience: Patience): Promise<Uint8Array | null> {
    const left = lasting(patience, this.association.world.scheduler);
    for (;;) {
      const piece = attempt();
      if (piece !== undefined) return piece;
      await this.#readable.wait(`read from channel ${this.id}`, left());
    }
  }

  /** What is there can be read whatever became of the channel since. */
  #take(read: (channels: Channels) => Reading | null): Uint8Array | null | undefined {
    const channels = this.association.engine()?.channels;
    const piece = channels === undefined ? null : read(channels);
    if (piece !== null) {
      this.association.settleSoon();
      return piece.bytes ?? new Uint8Array(piece.length);
    }
    if (this.#failure !== null) throw this.#failure;
    const receive = channels?.byId.get(this.id)?.receive;
    return receive === undefined || receive.state === "ended" ? null : undefined;
  }

  #writing(): Channels {
    const failure = this.#failure ?? this.#stopped;
    if (failure !== null) throw failure;
    const engine = this.association.engine();
    if (engine === null) throw this.#gone("write");
    return engine.channels;
  }

  #ask(request: ChannelRequest): void {
    this.association.ask(request);
  }

  #expect(framing: Framing, call: string): void {
    if (this.framing === framing) return;
    throw this.#fault("framing", `${call} is for channels of framing "${framing}", and this one has "${this.framing}"`);
  }

  #gone(doing: string): ChannelFailure {
    const why = this.#finished ? "this end has finished it" : "it takes nothing any more";
    return this.#failure ?? this.#fault("channel-closed", `${doing}: ${why}`);
  }

  #fault(word: ChannelFailure["word"], what: string, code = 0): ChannelFailure {
    return new ChannelFailure(word, `Channel ${this.id}: ${what}.`, code);
  }
}
