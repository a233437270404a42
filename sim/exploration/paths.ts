/** The paths of a run: those that selectors offer, with what packets on them are known by. They outlive their offers. */
import type { SelectorContext } from "../../actors/selectors/selector.ts";
import { pathsUsed } from "../../actors/selectors/selector.ts";
import type { World } from "../../actors/world.ts";
import { formatInterface } from "../../core/address.ts";
import type { DrawnPath } from "../../core/exploration.ts";
import { directionName } from "../../core/faults.ts";
import { hopsOf, type PacketPath, type PathInfo, scionPathOf } from "../../core/path.ts";

/** Paths remembered; of what comes beyond them only the fingerprint is told. */
const MOST_PATHS = 20_000;
/** Names of paths in frames: what comes beyond them shares the last. */
const MOST_NAMES = 2_000;

export class PathBook {
  readonly #directions: ReadonlyMap<string, number>;
  readonly #byFingerprint = new Map<string, PathInfo>();
  /** Fingerprints by the hops of a path and of its way back. */
  readonly #byHops = new Map<string, string>();
  /** The offer of each selector that has been read. */
  readonly #read = new Map<string, readonly PathInfo[]>();
  /** Numbers by name, and by the object that packets share: -1 where a packet crosses no link by a path of its own. */
  readonly #numbers = new Map<string, number>();
  readonly #known = new WeakMap<PacketPath, number>();
  /** Names by number, as frames have them. */
  readonly names: string[] = [];

  /** @param directions ids of the link actors, in the outline's order. */
  constructor(directions: readonly string[]) {
    this.#directions = new Map(directions.map((id, index) => [id, index]));
  }

  /** Reads the present offers; cheap where nothing was offered since the last time. */
  read(world: World): void {
    for (const { id, spec, state } of world.cells) {
      if (spec.logic === "selector" && state.context !== null) this.note(id, (state.context as SelectorContext).paths);
    }
  }

  /** @param selector whose offer it is. */
  note(selector: string, paths: readonly PathInfo[]): void {
    if (this.#read.get(selector) === paths) return;
    this.#read.set(selector, paths);
    for (const path of paths) {
      if (this.#byFingerprint.has(path.fingerprint) || this.#byFingerprint.size >= MOST_PATHS) continue;
      this.#byFingerprint.set(path.fingerprint, path);
      const hops = hopsOf(path.forwarding);
      const back = hops.split(" ").reverse().join(" ");
      if (!this.#byHops.has(back)) this.#byHops.set(back, path.fingerprint);
      this.#byHops.set(hops, path.fingerprint);
    }
  }

  /** The candidates of a flow's selector, then other paths that it has used. Empty where the flow has no selector. */
  drawnPaths(world: World, selector: string): DrawnPath[] {
    const index = world.indexOf(selector);
    const context = index === undefined ? null : (world.cells[index]?.state.context as SelectorContext | undefined);
    if (context === undefined || context === null) return [];
    this.note(selector, context.paths);
    const offered = context.paths.map((path) => this.#drawn(path));
    const candidates = new Set(context.paths.map(({ fingerprint }) => fingerprint));
    const others = pathsUsed(context).filter(({ fingerprint }) => !candidates.has(fingerprint));
    return [...offered, ...others.map(({ fingerprint }) => this.#byName(fingerprint))];
  }

  /** Without interfaces where it was never offered while anybody looked. */
  #byName(fingerprint: string): DrawnPath {
    const path = this.#byFingerprint.get(fingerprint);
    return path === undefined ? { fingerprint, interfaces: [], directions: [] } : this.#drawn(path);
  }

  /** Number of the path that a packet is on; that of the way out for packets on the way back. -1: it has none. */
  numberOf(world: World, path: PacketPath | null): number {
    if (path === null) return -1;
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const number = scionPathOf(path) === null ? -1 : this.#number(this.#nameOf(world, path));
    this.#known.set(path, number);
    return number;
  }

  #nameOf(world: World, path: PacketPath): string {
    const hops = hopsOf(path);
    const known = this.#byHops.get(hops);
    if (known !== undefined) return known;
    this.read(world);
    return this.#byHops.get(hops) ?? interfacesOn(path);
  }

  #number(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (this.names.length >= MOST_NAMES) return MOST_NAMES - 1;
    const number = this.names.push(this.names.length === MOST_NAMES - 1 ? "other paths" : name) - 1;
    this.#numbers.set(name, number);
    return number;
  }

  #drawn({ fingerprint, interfaces }: PathInfo): DrawnPath {
    const directions: number[] = [];
    for (let at = 0; at + 1 < interfaces.length; at += 2) {
      const [from, to] = [interfaces[at], interfaces[at + 1]];
      if (from === undefined || to === undefined) continue;
      const direction = this.#directions.get(`link/${directionName(from, to)}`);
      if (direction !== undefined) directions.push(direction);
    }
    return { fingerprint, interfaces: interfaces.map(({ ia, ifId }) => formatInterface(ia, ifId)), directions };
  }
}

/** Interfaces as the hop fields have them: `0>2 1>2 3>0`. */
function interfacesOn(path: PacketPath): string {
  const hops = scionPathOf(path)?.hops ?? [];
  return hops.map(({ consIngress, consEgress }) => `${consIngress}>${consEgress}`).join(" ");
}
