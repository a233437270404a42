/** Makes the namespaces of a plan, and removes them whatever happens; finds and removes what dead processes left. */
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type { IA } from "../../core/address.ts";
import { type Made, madeByPathloom } from "./names.ts";
import type { DevicePlan, NamespacePlan } from "./plan.ts";
import { removeNamespaces, reserveNamespaces } from "./reserve.ts";
import type { Shaped, ShapingCommands } from "./shaping.ts";
import { batch, NamespaceError, namespaceProblem, run } from "./system.ts";

/** Each is a process: more than a machine for which this is meant can run. */
const MOST = 64;

/** Names by place. They and everything in them are gone when the scope ends, or the process. */
export function openNamespaces(
  places: readonly IA[],
  plan: NamespacePlan,
  shaping: ShapingCommands = new Map(),
): Effect.Effect<readonly string[], NamespaceError, Scope.Scope> {
  const open = Effect.try({
    try: () => {
      const problem = problemOf(places);
      if (problem !== null) throw new NamespaceError(problem);
      return makeAll(places, plan, shaping);
    },
    catch: asNamespaceError,
  });
  const opened = Effect.acquireRelease(open, ({ remove }) => Effect.sync(remove));
  return Effect.map(opened, ({ names }) => names);
}

function problemOf({ length }: readonly IA[]): string | null {
  if (length > MOST) return `--netns runs a process for each AS, ${MOST} at most; the network has ${length}`;
  return namespaceProblem();
}

interface Opened {
  readonly names: readonly string[];
  readonly remove: () => void;
}

function makeAll(places: readonly IA[], plan: NamespacePlan, shaping: ShapingCommands): Opened {
  const names = reserveNamespaces(places.length);
  const remove = (): void => {
    process.off("exit", remove);
    removeNamespaces(names);
  };
  // A second Ctrl-C, or a bug: the process ends without its scopes.
  process.on("exit", remove);
  try {
    batch("ip", pairs(plan, names), "links between network namespaces");
    places.forEach((ia, place) => {
      const name = names[place] as string;
      batch("ip", commandsOf(plan, place), `network namespace of ${ia}`, name);
      batch("tc", shaping.get(place) ?? [], `shaping in ${ia}`, name);
    });
  } catch (cause) {
    remove();
    throw cause;
  }
  return { names, remove };
}

function pairs({ links }: NamespacePlan, names: readonly string[]): string[] {
  const end = ({ device, mac, mtu, place }: DevicePlan): string =>
    `name ${device} address ${mac} mtu ${mtu} netns ${names[place]}`;
  return links.map(([a, b]) => `link add ${end(a)} type veth peer ${end(b)}`);
}

/** Neighbours are written down, so that no packet waits for ARP. */
function commandsOf({ links, loopback }: NamespacePlan, place: number): string[] {
  const own = links.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]).filter(([end]) => end.place === place);
  return [
    "link set lo up",
    ...(loopback[place] ?? []).map((host) => `addr add ${host} dev lo`),
    ...own.flatMap(([{ device, address }, far]) => [
      `addr add ${address}/30 dev ${device}`,
      `link set ${device} up`,
      `neigh replace ${far.address} lladdr ${far.mac} nud permanent dev ${device}`,
    ]),
  ];
}

export interface Cleaned {
  readonly removed: readonly Made[];
  /** Processes that still ran in them. */
  readonly ended: number;
  /** Of processes that run: they are left alone. */
  readonly living: readonly Made[];
}

/** Removes the namespaces of processes that are no more. Throws `NamespaceError`. */
export function cleanNamespaces(): Cleaned {
  const problem = namespaceProblem();
  if (problem !== null) throw new NamespaceError(problem);
  const found = madeByPathloom();
  const removed = found.filter(({ living }) => !living);
  const ended = removeNamespaces(removed.map(({ name }) => name));
  return { removed, ended, living: found.filter(({ living }) => living) };
}

/** What left a device's queue and what was dropped there, as the kernel counts it, by interface. */
export function kernelCounts(names: readonly string[], shaped: readonly Shaped[]): Map<string, KernelCounts> {
  const counts = new Map<string, KernelCounts>();
  for (const { place, device, id, commands } of shaped) {
    if (commands.length === 0) continue;
    const { stdout } = run("tc", ["-s", "-j", "qdisc", "show", "dev", device], { namespace: names[place] as string });
    const root = rootOf(stdout);
    if (root !== null) counts.set(id, root);
  }
  return counts;
}

export interface KernelCounts {
  readonly packets: number;
  readonly drops: number;
}

function rootOf(text: string): KernelCounts | null {
  try {
    const found = (JSON.parse(text) as ({ root?: boolean } & KernelCounts)[]).find(({ root }) => root === true);
    return found === undefined ? null : { packets: found.packets, drops: found.drops };
  } catch {
    // An iproute2 that speaks otherwise: nothing is known.
    return null;
  }
}

function asNamespaceError(cause: unknown): NamespaceError {
  if (cause instanceof NamespaceError) return cause;
  throw cause;
}
