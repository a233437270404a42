/** Programs over channels: one end connects, the other listens. The same calls in real and in virtual time. */
import { type ChannelWorld, ProgramHost, type ProgramLink } from "../../actors/channel/program-host.ts";
import { ASSOCIATION_DEFAULTS, type AssociationOptions } from "../../core/channel/association/association.ts";
import type { NoisePattern } from "../../core/channel/crypto/noise.ts";
import { createKeyPair, drawBytes, KEY_BYTES, type KeyPair } from "../../core/channel/crypto/primitives.ts";
import type { Connector } from "../../core/connector.ts";
import type { ActorIndex } from "../../core/env.ts";
import { RandomStream } from "../../core/rng.ts";
import type { Bytes, Nanos } from "../../core/units.ts";
import { AssociationEnd } from "./association-end.ts";
import { ChannelFailure } from "./failure.ts";
import { Gate, lasting, type Patience } from "./gate.ts";
import { openConnectors } from "./open-connector.ts";

/** A way to the peer. */
export interface LinkSpec {
  /** The peer: `udp://192.0.2.7:4433`, `sim://1-ff00:0:110,10.0.0.1:31000`. */
  readonly to: string;
  /** Our own side of it; left out for `udp`: whatever the system chooses. */
  readonly from?: string;
  /** Default "link 0", "link 1" ... */
  readonly name?: string;
  /** Largest channel packet that fits, default 1,200. */
  readonly mtu?: Bytes;
}

/** What both ends may say. */
export interface ChannelOptionsOfEnd {
  readonly world: ChannelWorld;
  /** Who we are; left out: a fresh key. */
  readonly identity?: KeyPair;
  /** Default "XX"; both ends must say the same. */
  readonly pattern?: NoisePattern;
  /** Without a packet for so long the association is over, default 30 s, 0: never; the smaller of both ends' counts. */
  readonly idleTimeout?: Nanos;
  /** Default 0: never. */
  readonly keepAlive?: Nanos;
  /** Windows, limits, paths and whatever else an association can be told. */
  readonly tuning?: Partial<Omit<AssociationOptions, "localStatic" | "remoteStatic" | "pattern" | "crypto">>;
}

export interface ConnectOptions extends ChannelOptionsOfEnd, Patience {
  /** The first is preferred; the others carry data where the scheduler of paths says so, or when it fails. */
  readonly links: readonly LinkSpec[];
  /** The key that the peer must have; another: ChannelFailure "identity". Pattern "IK" needs it. */
  readonly peer?: Uint8Array;
}

export interface ListenOptions extends ChannelOptionsOfEnd, Patience {
  /** Our addresses, at least one: each is a connector of datagrams. */
  readonly at: readonly string[];
  /** Largest channel packet to send, default 1,200. */
  readonly mtu?: Bytes;
  /** Default 1,024; who comes then is told to come later. */
  readonly maxAssociations?: number;
}

const DEFAULT_MTU: Bytes = 1_200;
const DEFAULT_ASSOCIATIONS = 1_024;

/** A fresh identity. Keep `secret` to yourself, tell others `public`. */
export function createIdentity({ primitives, seed }: ChannelWorld, name: string): KeyPair {
  return createKeyPair(drawBytes(new RandomStream(seed, name, "identity"), KEY_BYTES, primitives), primitives);
}

/** Connects; resolves once keys are agreed. @throws ChannelFailure */
export async function connectChannels(options: ConnectOptions): Promise<AssociationEnd> {
  const { world, links: specs, peer } = options;
  if (specs.length === 0) throw new ChannelFailure("connector", "Name at least one link to connect over.");
  if (options.pattern === "IK" && peer === undefined)
    throw new ChannelFailure("identity", "Pattern IK needs the peer's key.");
  const left = lasting(options, world.scheduler);
  const links = await openLinks(world, specs, left);
  const name = `connect/${links[0]?.connector.url}`;
  let end: AssociationEnd | null = null;
  const host = new ProgramHost(world, name, (_from, event) => {
    end?.hear(event);
    if (event.type === "association.ended") host.stop();
  });
  const index = host.connect(optionsOf(options, name, peer ?? null), links);
  end = new AssociationEnd(host, index, links);
  for (const { connector, peer: there } of links) host.attach(connector, there);
  host.offer(
    index,
    links,
    links.map(() => true),
  );
  host.ask(index, { type: "association.open" });
  try {
    await end.established(left());
  } catch (error) {
    host.stop();
    throw error;
  }
  return end;
}

/** Listens; resolves once all its connectors are bound. @throws ChannelFailure */
export async function listenChannels(options: ListenOptions): Promise<ListenerEnd> {
  const { world, at, mtu = DEFAULT_MTU, maxAssociations = DEFAULT_ASSOCIATIONS } = options;
  if (at.length === 0) throw new ChannelFailure("connector", "Name at least one address to listen at.");
  const connectors = await openConnectors(world, at, () => options);
  const name = `listen/${connectors[0]?.url}`;
  return new ListenerEnd(world, name, connectors, optionsOf(options, name, null), mtu, maxAssociations);
}

export class ListenerEnd {
  /** Our addresses, with the ports that were chosen. */
  readonly urls: readonly string[];
  /** Our public key: what those who connect may demand. */
  readonly identity: Uint8Array;
  readonly #host: ProgramHost;
  readonly #index: ActorIndex;
  readonly #ends = new Map<ActorIndex, AssociationEnd>();
  readonly #waiting: AssociationEnd[] = [];
  readonly #changed: Gate;
  #isClosed = false;

  constructor(
    world: ChannelWorld,
    name: string,
    connectors: readonly Connector[],
    options: AssociationOptions,
    mtu: Bytes,
    maxAssociations: number,
  ) {
    this.urls = connectors.map(({ url }) => url);
    this.identity = options.localStatic.public;
    this.#changed = new Gate(world.scheduler);
    this.#host = new ProgramHost(world, name, (from, event) => this.#hear(from, event));
    this.#index = this.#host.listen(options, mtu, maxAssociations);
    for (const connector of connectors) this.#host.attach(connector);
  }

  /** The next peer; null where the listener is closed. */
  async accept(patience: Patience = {}): Promise<AssociationEnd | null> {
    const left = lasting(patience, this.#host.world.scheduler);
    for (;;) {
      const next = this.#waiting.shift();
      if (next !== undefined) return next;
      if (this.#isClosed) return null;
      await this.#changed.wait("accept a peer", left());
    }
  }

  /** Every peer that connects, until the listener is closed. */
  async *accepted(patience: Patience = {}): AsyncGenerator<AssociationEnd, void> {
    for (let next = await this.accept(patience); next !== null; next = await this.accept(patience)) yield next;
  }

  /** Takes nobody new, closes what is there, and gives the addresses back. */
  async close(patience: Patience = {}): Promise<void> {
    const left = lasting(patience, this.#host.world.scheduler);
    this.#isClosed = true;
    this.#changed.open();
    this.#host.ask(this.#index, { type: "listener.close" });
    await Promise.all([...this.#ends.values()].map((end) => end.close(0, "the listener closes", left())));
    this.#host.stop();
  }

  #hear(from: ActorIndex, event: { readonly type: string }): void {
    const known = this.#ends.get(from);
    if (event.type !== "association.established" || known !== undefined) {
      known?.hear(event);
      if (event.type === "association.ended") this.#ends.delete(from);
      return;
    }
    const end = new AssociationEnd(this.#host, from, []);
    this.#ends.set(from, end);
    end.hear(event);
    this.#waiting.push(end);
    this.#changed.open();
  }
}

async function openLinks(
  world: ChannelWorld,
  specs: readonly LinkSpec[],
  patience: () => Patience,
): Promise<ProgramLink[]> {
  const ours = specs.map(({ to, from = anywhere(to) }) => from);
  const connectors = await openConnectors(world, ours, patience);
  return specs.map(({ to, name, mtu = DEFAULT_MTU }, at) => {
    return { name: name ?? `link ${at}`, connector: connectors[at] as Connector, peer: to, mtu };
  });
}

/** Our side of a link to this peer, where the system may choose. */
function anywhere(to: string): string {
  if (/^udp6?:\/\/\[/.test(to)) return "udp6://[::]:0";
  if (/^udp4?:/.test(to)) return "udp4://0.0.0.0:0";
  throw new ChannelFailure("connector", `${to}: name our own side of the link, too ("from").`);
}

function optionsOf(options: ChannelOptionsOfEnd, name: string, remoteStatic: Uint8Array | null): AssociationOptions {
  const { world, identity, pattern = "XX", idleTimeout, keepAlive, tuning = {} } = options;
  return {
    ...ASSOCIATION_DEFAULTS,
    ...tuning,
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
    ...(keepAlive === undefined ? {} : { keepAlive }),
    pattern,
    localStatic: identity ?? createIdentity(world, name),
    remoteStatic,
  };
}
