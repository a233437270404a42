/**
 * Four ASes in the live world, one of which is another program: scionproto's border router.
 *
 *              110 core                    110, 112, 113: Pathloom's
 *           1 /        \ 2                 111: scionproto's router, and a host of plain sockets
 *          1 /          \ 1
 *          111          112
 *          2 \          / 2
 *           1 \        / 2
 *              113                         The way over 111 has the lower latency.
 */
import { createForwardingKeys } from "../../core/forwarding-keys.ts";
import { createPathFinder } from "../../core/path-finder.ts";
import type { PathInfo } from "../../core/path.ts";
import { err } from "../../core/result.ts";
import type { Scenario } from "../../core/scenario.ts";
import { resolveScenario } from "../../topologies/resolve.ts";
import { NETWORK, type Site } from "./site.ts";

/** Names of the ASes. */
export const CORE = "1-ff00:0:110";
export const THEIRS = "1-ff00:0:111";
export const LEAF = "1-ff00:0:113";
/** The host in scionproto's AS. */
export const GUEST = `${NETWORK}.111.9`;
/** The one host of each AS of Pathloom's. */
const HOST = "10.0.0.1";

const MASTER_KEY = "8f0b3c5d7e9a1b2c4d6e8f0a1b3c5d7e";
const MTU = 1472;
const at = (as: number, port: number): string => `${NETWORK}.${as}.1:${port}`;

export interface Bfd {
  readonly intervalMs: number;
  readonly multiplier: number;
}

/** The router's side. */
export function theirSite(bfd: Bfd | null): Site {
  const common = { mtu: MTU, bfd };
  return {
    ia: THEIRS,
    core: false,
    masterKey: MASTER_KEY,
    internal: at(111, 30_042),
    dispatchedPorts: "31000-32767",
    controlService: `${GUEST}:31500`,
    interfaces: [
      { ...common, ifId: 1, linkTo: "parent", neighbour: CORE, local: at(111, 50_001), remote: at(110, 50_001) },
      { ...common, ifId: 2, linkTo: "child", neighbour: LEAF, local: at(111, 50_002), remote: at(113, 50_001) },
    ],
  };
}

const NETWORK_TEXT = `
topology:
  ases:
    ${CORE}: { core: true }
    ${THEIRS}: {}
    1-ff00:0:112: {}
    ${LEAF}: {}
  links:
    - { a: "${CORE}#1", b: "${THEIRS}#1", type: child, mtu: ${MTU}, latency: 1ms, rate: 100Mbit/s }
    - { a: "${CORE}#2", b: "1-ff00:0:112#1", type: child, mtu: ${MTU}, latency: 4ms, rate: 100Mbit/s }
    - { a: "${THEIRS}#2", b: "${LEAF}#1", type: child, mtu: ${MTU}, latency: 1ms, rate: 100Mbit/s }
    - { a: "1-ff00:0:112#2", b: "${LEAF}#2", type: child, mtu: ${MTU}, latency: 4ms, rate: 100Mbit/s }
underlay:
  ${CORE}: { internal: "${at(110, 30_042)}", interfaces: { 1: "${at(110, 50_001)}", 2: "${at(110, 50_002)}" } }
  ${THEIRS}: { internal: "${at(111, 30_042)}", interfaces: { 1: "${at(111, 50_001)}", 2: "${at(111, 50_002)}" } }
  1-ff00:0:112: { internal: "${at(112, 30_042)}", interfaces: { 1: "${at(112, 50_001)}", 2: "${at(112, 50_002)}" } }
  ${LEAF}: { internal: "${at(113, 30_042)}", interfaces: { 1: "${at(113, 50_001)}", 2: "${at(113, 50_002)}" } }
keys: { ${THEIRS}: "${MASTER_KEY}" }
policy: lowest-latency
revocation: 1s
`;

export interface Neighbourhood {
  readonly bfd: Bfd | null;
  /** Between two packets of the flows both ways. */
  readonly intervalMs: number;
  readonly startMs: number;
  readonly stopMs: number;
  /** When the link between 111 and 113 is cut in Pathloom, and for how long; null: never. */
  readonly cutMs: { readonly at: number; readonly for: number } | null;
}

/**
 * Our side: packets both ways over the router, pings over it and to the host behind it. Paths are signed as of now. No packet is so long that
 * an SCMP error quotes less than all of it: dissectors take what is cut off for malformed.
 */
export function ourScenario({ bfd, intervalMs, startMs, stopMs, cutMs }: Neighbourhood): Scenario {
  const when = `start: ${startMs}ms, stop: ${stopMs}ms`;
  const [core, leaf] = [`"${CORE},${HOST}"`, `"${LEAF},${HOST}"`];
  const faults = cutMs === null ? "[]" : `[{ event: down, at: ${cutMs.at}ms, for: ${cutMs.for}ms, link: "${LEAF}#1" }]`;
  const text = `name: beside-scionproto
seed: 1
duration: ${stopMs + 2_000}ms
bfd: ${bfd === null ? "off" : `{ interval: ${bfd.intervalMs}ms, multiplier: ${bfd.multiplier} }`}
${NETWORK_TEXT}
flows:
  - { id: down, app: constant-rate, from: ${core}, to: ${leaf}, interval: ${intervalMs}ms, packet_size: 1000B, ${when} }
  - { id: up, app: constant-rate, from: ${leaf}, to: ${core}, interval: ${intervalMs}ms, packet_size: 900B, ${when} }
  - { id: echo, app: ping, from: ${leaf}, to: ${core}, interval: 20ms, packet_size: 300B, ${when} }
  - { id: visit, app: ping, from: ${core}, to: "${THEIRS},${GUEST}", interval: 20ms, packet_size: 300B, ${when} }
faults: ${faults}
`;
  const resolved = resolveScenario(text, { file: "beside-scionproto", readFile: (path) => err(`no file ${path}`) });
  if (!resolved.ok) throw new Error(resolved.error.map(({ message }) => message).join("\n"));
  return { ...resolved.value, epoch_s: Math.floor(Date.now() / 1_000) - 1 };
}

/** From the leaf to the core over the router. */
export function pathOverTheirs({ network, seed, keys = {}, epoch_s: epochS }: Scenario): PathInfo {
  const find = createPathFinder(network, { max: 10, epochS, keys: createForwardingKeys(seed, keys) });
  const path = find(LEAF, CORE).find(({ interfaces }) => interfaces.some(({ ia }) => ia === THEIRS));
  if (path === undefined) throw new Error(`no path leads over ${THEIRS}`);
  return path;
}

export const LEAF_HOST = { ia: LEAF, host: HOST } as const;
export const CORE_HOST = { ia: CORE, host: HOST } as const;
