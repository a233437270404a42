/** An association as a program sees it: channels opened and accepted, its paths, its end. */
import type {
  AssociationChanged,
  ChannelChanged,
  ChannelDenied,
  ChannelOffered,
  ChannelOpened,
} from "../../actors/channel/events.ts";
import type { ChannelWorld, ProgramHost, ProgramLink } from "../../actors/channel/program-host.ts";
import type { Association, AssociationCounts, Ending } from "../../core/channel/association/association.ts";
import { measured, type PathReport } from "../../core/channel/paths/measured.ts";
import type { ChannelOptions } from "../../core/channel/streams/channels.ts";
import type { ActorIndex, ControlEvent } from "../../core/env.ts";
import { ChannelEnd } from "./channel-end.ts";
import { ChannelFailure, failureOf } from "./failure.ts";
import { Gate, lasting, type Patience } from "./gate.ts";

/** What an association has measured so far. */
export interface AssociationStatistics {
  readonly paths: readonly PathReport[];
  readonly counts: AssociationCounts;
}

interface ChannelEventAbout extends ControlEvent {
  readonly channel: number;
  readonly code?: number;
}

const DEFAULTS: Required<ChannelOptions> = { reliability: "ordered", framing: "stream", priority: 128 };

export class AssociationEnd {
  readonly world: ChannelWorld;
  readonly #host: ProgramHost;
  readonly #index: ActorIndex;
  readonly #links: readonly ProgramLink[];
  readonly #usable: boolean[];
  readonly #channels = new Map<number, ChannelEnd>();
  readonly #offers: ChannelOffered[] = [];
  readonly #offered: Gate;
  readonly #openable: Gate;
  readonly #changed: Gate;
  #answer: ChannelOpened | ChannelDenied | null = null;
  #established = false;
  #ending: Ending | null = null;
  #identity: Uint8Array | null = null;
  #settling = false;

  constructor(host: ProgramHost, index: ActorIndex, links: readonly ProgramLink[]) {
    this.world = host.world;
    this.#host = host;
    this.#index = index;
    this.#links = links;
    this.#usable = links.map(() => true);
    this.#offered = new Gate(host.world.scheduler);
    this.#openable = new Gate(host.world.scheduler);
    this.#changed = new Gate(host.world.scheduler);
  }

  /** Where it stands on its machine's way: "established", "closing" ... */
  get state(): string {
    return (this.#host.association(this.#index)?.value as string | undefined) ?? "closed";
  }

  /** The peer's static key. */
  get identity(): Uint8Array | null {
    return this.#identity;
  }

  /** Why it is over, null: it is not. */
  get ending(): Ending | null {
    return this.#ending;
  }

  /** Opens a channel. It can be written to at once; waits only while the peer allows no more of them. */
  async open(options: ChannelOptions & Patience = {}): Promise<ChannelEnd> {
    const kind = { ...DEFAULTS, ...pick(options) };
    const left = lasting(options, this.world.scheduler);
    for (;;) {
      this.#throwIfOver();
      this.#answer = null;
      this.ask({ type: "channel.open", options: kind, tag: 0 } as ControlEvent);
      const answer = this.#answer as ChannelOpened | ChannelDenied | null;
      if (answer?.type === "channel.opened") return this.#add(answer.channel, kind);
      if (answer?.reason !== "limit") throw failureOf(this.#ending);
      await this.#openable.wait("open a channel", left());
    }
  }

  /** The next channel that the peer opened; null where the association is over. */
  async accept(patience: Patience = {}): Promise<ChannelEnd | null> {
    const offer = await this.#nextOffer(patience);
    return offer === null ? null : this.#take(offer);
  }

  /** Every channel that the peer opens, until the association is over. */
  async *accepted(patience: Patience = {}): AsyncGenerator<ChannelEnd, void> {
    for (let channel = await this.accept(patience); channel !== null; channel = await this.accept(patience)) {
      yield channel;
    }
  }

  /** Turns down the next channel that the peer opens; false where the association is over. */
  async refuse(code = 0, patience: Patience = {}): Promise<boolean> {
    const offer = await this.#nextOffer(patience);
    if (offer !== null) this.ask({ type: "channel.refuse", channel: offer.channel, code } as ControlEvent);
    return offer !== null;
  }

  /** Ends it now, whatever is under way; codes from 256 on are the program's. Resolves when it is over. */
  async close(code = 0, reason = "", patience: Patience = {}): Promise<Ending> {
    this.ask({ type: "association.close", code, reason } as ControlEvent);
    return this.closed(patience);
  }

  /** Ends it as soon as every channel is over at both ends. Resolves when it is over. */
  async finish(patience: Patience = {}): Promise<Ending> {
    this.ask({ type: "association.finish" });
    return this.closed(patience);
  }

  /** Resolves when it is over, however it came to that. */
  async closed(patience: Patience = {}): Promise<Ending> {
    const left = lasting(patience, this.world.scheduler);
    while (this.#ending === null) await this.#changed.wait("wait for the association's end", left());
    return this.#ending;
  }

  /** This link carries nothing any more, as the system tells: what was under way goes over another. At the end that connected only. */
  linkDown(name: string): void {
    this.#setLink(name, false);
    this.ask({ type: "paths.down", keys: [name] } as ControlEvent);
  }

  /** The link may be used again. */
  linkUp(name: string): void {
    this.#setLink(name, true);
  }

  /** Names of its links, as `connectChannels` was told. */
  get links(): readonly string[] {
    return this.#links.map(({ name }) => name);
  }

  /** Our own side of each link, with the port that was chosen. */
  get localUrls(): readonly string[] {
    return this.#links.map(({ connector }) => connector.url);
  }

  statistics(): AssociationStatistics {
    const engine = this.engine();
    if (engine === null) throw failureOf(this.#ending);
    return { paths: measured(engine.paths), counts: structuredClone(engine.counts) };
  }

  /** Resolves once keys are agreed; fails with the reason why not. */
  async established(patience: Patience = {}): Promise<void> {
    const left = lasting(patience, this.world.scheduler);
    while (!this.#established) {
      this.#throwIfOver();
      await this.#changed.wait("connect", left());
    }
  }

  /** What an actor of this association has to say. */
  hear(event: ControlEvent): void {
    switch (event.type) {
      case "association.established":
        this.#established = true;
        this.#identity = (event as AssociationChanged).identity;
        this.#changed.open();
        return;
      case "association.ended":
        this.#end((event as AssociationChanged).ending);
        return;
      case "channel.opened":
      case "channel.denied":
        this.#answer = event as ChannelOpened | ChannelDenied;
        return;
      case "channel.offered":
        this.#offers.push(event as ChannelOffered);
        this.#offered.open();
        return;
      case "channel.openable":
        this.#openable.open();
        return;
      default:
        this.#hearChannel(event as ControlEvent & { readonly channel: number });
    }
  }

  /** The engine, null once nothing is left of it. */
  engine(): Association | null {
    return this.#host.association(this.#index)?.context.association ?? null;
  }

  ask(event: ControlEvent): void {
    this.#host.ask(this.#index, event);
  }

  /** Channels were written past the actor. */
  settle(): void {
    this.#host.settle(this.#index);
  }

  /** Channels were read: grants may go once the program has read what it wants to. */
  settleSoon(): void {
    if (this.#settling) return;
    this.#settling = true;
    queueMicrotask(() => {
      this.#settling = false;
      this.settle();
    });
  }

  async #nextOffer(patience: Patience): Promise<ChannelOffered | null> {
    const left = lasting(patience, this.world.scheduler);
    for (;;) {
      const offer = this.#offers.shift();
      if (offer !== undefined || this.#ending !== null) return offer ?? null;
      await this.#offered.wait("accept a channel", left());
    }
  }

  #hearChannel(event: ChannelEventAbout): void {
    const channel = this.#channels.get(event.channel);
    if (channel === undefined) return;
    if (event.type === "channel.readable") channel.hear("readable");
    else if (event.type === "channel.writable") channel.hear("writable");
    else if (event.type === "channel.stopped") channel.hearStopped(event.code ?? 0);
    else if (event.type === "channel.changed") {
      const { state, code } = event as ControlEvent as ChannelChanged;
      channel.hearState(state, code);
      if (state === "closed" || state === "refused") this.#channels.delete(event.channel);
    }
  }

  #take({ channel, options }: ChannelOffered): ChannelEnd {
    const end = this.#add(channel, options);
    this.ask({ type: "channel.accept", channel, consume: false } as ControlEvent);
    return end;
  }

  #add(id: number, options: Required<ChannelOptions>): ChannelEnd {
    const end = new ChannelEnd(this, id, options);
    this.#channels.set(id, end);
    return end;
  }

  #end(ending: Ending | null): void {
    this.#ending = ending ?? { by: "nobody", word: "closed", code: 0, reason: "" };
    const failure = failureOf(this.#ending);
    for (const channel of this.#channels.values()) channel.hearEnd(failure);
    this.#channels.clear();
    for (const gate of [this.#offered, this.#openable, this.#changed]) gate.open();
  }

  #setLink(name: string, usable: boolean): void {
    const at = this.#links.findIndex((link) => link.name === name);
    if (at < 0) throw new ChannelFailure("connector", `No link is called ${name}; there are ${this.links.join(", ")}.`);
    this.#usable[at] = usable;
    this.#host.offer(this.#index, this.#links, this.#usable);
  }

  #throwIfOver(): void {
    if (this.#ending !== null) throw failureOf(this.#ending);
  }
}

function pick({ reliability, framing, priority }: ChannelOptions): ChannelOptions {
  return {
    ...(reliability === undefined ? {} : { reliability }),
    ...(framing === undefined ? {} : { framing }),
    ...(priority === undefined ? {} : { priority }),
  };
}
