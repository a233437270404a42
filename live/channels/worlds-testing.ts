/** The two worlds in which programs over channels are tested, and two ends in each. */
import type { ChannelWorld } from "../../actors/channel/program-host.ts";
import { type Connector, type Outcome } from "../../core/connector.ts";
import { ok } from "../../core/result.ts";
import { MILLISECOND } from "../../core/units.ts";
import { quietScenario, SimNetwork } from "../../sim/sim-connectors.ts";
import { SimChannels } from "../../sim/sim-channels.ts";
import { buildPreset } from "../../topologies/presets.ts";
import {
  connectChannels,
  type ConnectOptions,
  listenChannels,
  type ListenerEnd,
  type ListenOptions,
} from "./connect.ts";
import type { AssociationEnd } from "./association-end.ts";
import { sleep } from "./gate.ts";
import { inVirtualTime } from "./virtual-time.ts";
import { liveChannels } from "./world.ts";

/** Where a test runs: what it listens at, and what it connects from. */
export interface Place {
  readonly name: "live" | "sim";
  readonly world: ChannelWorld;
  readonly at: readonly string[];
  readonly from: readonly string[];
  readonly sim: SimChannels | null;
}

export function livePlace(): Place {
  const any = "udp4://127.0.0.1:0";
  return { name: "live", world: liveChannels(), at: [any, any], from: [any, any], sim: null };
}

/** Three disjoint ways; `loss` is every link's. */
export function simPlace(seed = 1, loss = 0): Place {
  const preset = buildPreset("diamond");
  if (!preset.ok) throw new Error("the preset diamond does not build");
  const links = preset.value.links.map((link) => ({ ...link, ab: { ...link.ab, loss }, ba: { ...link.ba, loss } }));
  const made = SimNetwork.create({ scenario: quietScenario({ ...preset.value, links }, { seed }) });
  if (!made.ok) throw new Error(made.error.message);
  const sim = new SimChannels(made.value);
  const [here, there] = [
    "sim://1-ff00:0:110,10.0.0.1:0?policy=pinned&path=",
    "sim://1-ff00:0:120,10.0.0.1:0?policy=pinned&path=",
  ];
  return { name: "sim", world: sim, at: [`${there}0`, `${there}1`], from: [`${here}0`, `${here}1`], sim };
}

/** Runs a program where it belongs. */
export function runIn<T>(place: Place, program: () => Promise<T>): Promise<T> {
  return place.sim === null ? program() : inVirtualTime(place.sim, program);
}

export interface Ends {
  readonly listener: ListenerEnd;
  readonly asking: AssociationEnd;
  readonly asked: AssociationEnd;
}

/** One association over as many links as the place has addresses. */
export async function pair(
  { world, at, from }: Place,
  asking: Partial<ConnectOptions> = {},
  asked: Partial<ListenOptions> = {},
): Promise<Ends> {
  const listener = await listenChannels({ world, at, ...asked });
  const links = listener.urls.map((url, n) => ({ from: from[n] as string, to: bare(url), name: `link ${n}` }));
  const connected = connectChannels({ world, links, peer: listener.identity, ...asking });
  const [one, other] = await Promise.all([connected, listener.accept()]);
  if (other === null) throw new Error("the listener is closed");
  return { listener, asking: one, asked: other };
}

/** Waits until every link has answered, the quicker ones perhaps only after their challenge was repeated. */
export async function linksReady(association: AssociationEnd): Promise<void> {
  const ready = (): boolean =>
    association.statistics().paths.every(({ state }) => state === "active" || state === "standby");
  while (!ready()) await sleep(association.world, 10 * MILLISECOND);
}

/** An address without the parameters of its own side. */
export function bare(url: string): string {
  return url.replace(/\?.*$/, "");
}

export function bytesOf(length: number, salt = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = Math.imul(at + salt, 0x9e37_79b1) >>> 24;
  return bytes;
}

/** Sees every datagram at the connectors of a world and says whether it goes on. */
export type Tap = (datagram: {
  readonly way: "in" | "out";
  readonly bytes: Uint8Array;
  readonly url: string;
}) => boolean;

/** The place with a tap on each of its connectors: what a cut cable, or a listener on the wire, would be. */
export function tapped(place: Place, tap: Tap): Place {
  const open = (url: string): Outcome<Connector> => {
    const opened = place.world.open(url);
    return opened.ok ? ok(tapConnector(opened.value, tap)) : opened;
  };
  const { scheduler, primitives, seed } = place.world;
  return { ...place, world: { open, scheduler, primitives, seed } };
}

function tapConnector(connector: Connector, tap: Tap): Connector {
  const own: Partial<Connector> = {
    send: (bytes, to) =>
      tap({ way: "out", bytes, url: connector.url }) ? connector.send(bytes, to) : ok(bytes.length),
    receive: () => {
      for (;;) {
        const got = connector.receive();
        if (!got.ok || tap({ way: "in", bytes: got.value.bytes, url: connector.url })) return got;
      }
    },
  };
  return new Proxy(connector, {
    get: (target, name) => {
      const value: unknown = Reflect.get(name in own ? own : target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
