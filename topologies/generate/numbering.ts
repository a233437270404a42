/** How generated networks number their ASes and interfaces. */
import { formatIA, type IA, type IfId } from "../../core/address.ts";
import type { LinkType, Network, NetworkAs, NetworkLink } from "../../core/scenario.ts";
import { type LinkOptions, makeAs, makeEnd, makeLink, makeNetwork } from "../model.ts";

/** `1-ff00:0:110`; generated networks count their ASes from there, through all their ISDs. */
const FIRST_AS = 0xff00_0000_0110;

/** The AS with this number from 0, in ISD 1 unless said otherwise. */
export function numberedIa(index: number, isd = 1): IA {
  return formatIA(isd, FIRST_AS + index);
}

/** An AS of ISD 1 by the last group of its number, as written: `iaOf(0x110)` is `1-ff00:0:110`. */
export function iaOf(group: number, isd = 1): IA {
  return formatIA(isd, 0xff00_0000_0000 + group);
}

/** Collects ASes and links, and numbers the interfaces of each AS from 1 in the order of its links. */
export class Wiring {
  readonly #ases: NetworkAs[] = [];
  readonly #links: NetworkLink[] = [];
  readonly #interfaces = new Map<IA, IfId>();

  add(ia: IA, core: boolean, more: Pick<NetworkAs, "label" | "position"> = {}): void {
    this.#ases.push({ ...makeAs(ia, core), ...more });
  }

  /** For a child link, `a` is the parent. */
  link(a: IA, type: LinkType, b: IA, options: LinkOptions = {}): void {
    const from = makeEnd(a, this.#nextInterface(a));
    this.#links.push(makeLink(from, type, makeEnd(b, this.#nextInterface(b)), options));
  }

  network(name: string): Network {
    return makeNetwork(name, this.#ases, this.#links);
  }

  #nextInterface(ia: IA): IfId {
    const next = (this.#interfaces.get(ia) ?? 0) + 1;
    this.#interfaces.set(ia, next);
    return next;
  }
}
