/** The AS whose border router is scionproto's: its interfaces and addresses, and the files that configure the router. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import type { IA, IfId } from "../../core/address.ts";

/** `ip:port`. */
export type Endpoint = string;

export interface SiteInterface {
  readonly ifId: IfId;
  readonly linkTo: "core" | "parent" | "child" | "peer";
  readonly neighbour: IA;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly mtu: number;
  /** null: no BFD session on this link. */
  readonly bfd: { readonly intervalMs: number; readonly multiplier: number } | null;
}

export interface Site {
  readonly ia: IA;
  readonly core: boolean;
  /** 32 hex digits. */
  readonly masterKey: string;
  /** Where hosts of the AS send to; its IP is the source of the router's SCMP errors. */
  readonly internal: Endpoint;
  readonly interfaces: readonly SiteInterface[];
  /** As in topology.json. */
  readonly dispatchedPorts: string;
  /** Where packets for the service address CS go. */
  readonly controlService: Endpoint;
}

/** Name of the router in its own configuration. */
const ROUTER_ID = "br";

/** Writes topology.json, router.toml and the key files into an empty folder; answers router.toml's path. */
export function writeSite(site: Site, folder: string): string {
  const keys = join(folder, "keys");
  mkdirSync(keys, { recursive: true });
  const key = Buffer.from(site.masterKey, "hex").toString("base64");
  // The second key is for time to come: the router of v0.12.0 asks for it and does not use it.
  for (const name of ["master0.key", "master1.key"]) writeFileSync(join(keys, name), key, { mode: 0o600 });
  writeFileSync(join(folder, "topology.json"), `${JSON.stringify(topologyOf(site), null, 2)}\n`);
  const file = join(folder, "router.toml");
  writeFileSync(file, routerToml(folder));
  return file;
}

function topologyOf(site: Site): unknown {
  const interfaces = site.interfaces.map((one) => [String(one.ifId), interfaceOf(one)] as const);
  return {
    isd_as: site.ia,
    mtu: 1472,
    attributes: site.core ? ["core"] : [],
    dispatched_ports: site.dispatchedPorts,
    control_service: { cs: { addr: site.controlService } },
    border_routers: { [ROUTER_ID]: { internal_addr: site.internal, interfaces: Object.fromEntries(interfaces) } },
  };
}

function interfaceOf({ linkTo, neighbour, local, remote, mtu, bfd }: SiteInterface): unknown {
  const interval = bfd === null ? null : `${bfd.intervalMs}ms`;
  return {
    underlay: { local, remote },
    isd_as: neighbour,
    link_to: linkTo,
    mtu,
    bfd:
      bfd === null
        ? { disable: true }
        : { detect_mult: bfd.multiplier, desired_min_tx_interval: interval, required_min_rx_interval: interval },
  };
}

/** Few processors: it is to be right here, not quick. Buffers for what comes while it waits for its turn on a busy machine. */
function routerToml(folder: string): string {
  return `[general]
id = "${ROUTER_ID}"
config_dir = ${JSON.stringify(folder)}

[log.console]
level = "debug"

[router]
num_processors = 1
num_slow_processors = 1
batch_size = 256
receive_buffer_size = 4194304
send_buffer_size = 4194304
`;
}

/** The addresses of one thread's sites: `127.N`, so that two runs do not meet; 127.16.0.0/12 is the live world's own. */
export const NETWORK = `127.${32 + ((7 * process.pid + threadId) % 220)}`;

/** A host of `sampleSite`'s AS. */
export const SAMPLE_HOST = `${NETWORK}.0.2`;

/** An AS with every kind of neighbour that a core AS, or another, may have; the one behind interface 5 never answers BFD. */
export function sampleSite(core: boolean): Site {
  const linkTo = (
    core ? ["core", "core", "child", "child", "child"] : ["parent", "parent", "child", "child", "child", "peer"]
  ) as SiteInterface["linkTo"][];
  return {
    ia: "1-ff00:0:110",
    core,
    masterKey: "57d48e3882afa57e2a57fbad1a7bc4b4",
    internal: `${NETWORK}.0.1:30042`,
    dispatchedPorts: "31000-32767",
    controlService: `${NETWORK}.0.3:31500`,
    interfaces: linkTo.map((kind, at) => ({
      ifId: at + 1,
      linkTo: kind,
      neighbour: `1-ff00:0:${at + 1}`,
      local: `${NETWORK}.${at + 1}.1:50000`,
      remote: `${NETWORK}.${at + 1}.2:50000`,
      mtu: 1472,
      bfd: at + 1 === 5 ? { intervalMs: 200, multiplier: 3 } : null,
    })),
  };
}
