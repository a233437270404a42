/** What the two ways of drawing a network share: by elements, and on a canvas. */
import type { Frame } from "../../../core/exploration.ts";
import { LOAD_STEPS } from "../../charts/network.ts";
import type { Scene } from "./scene.ts";
import type { Steps } from "./slices.ts";

/** Pixels of a unit of the map, and where its 0, 0 is. */
export interface View {
  readonly k: number;
  readonly x: number;
  readonly y: number;
}

/** Classes by direction and AS: what is drawn differs only where they do. */
export interface States {
  /** Class of load, 0 to 4. */
  readonly load: Uint8Array;
  /** Eighths of the queue that are full, rounded up. */
  readonly queue: Uint8Array;
  /** As in a frame: 0 up, 1 down, 2 impaired. */
  readonly link: Uint8Array;
  /** 1: failed. */
  readonly node: Uint8Array;
}

/** What is to be seen above all. */
export interface Emphasis {
  /** Directions seen end to end; null: nothing is, and nothing else stands back. */
  readonly directions: ReadonlySet<number> | null;
  readonly colour: string;
  readonly selectedAs: number | null;
  readonly selectedDirection: number | null;
  /** The link under the pointer, or that of the focused AS. */
  readonly pointedLink: number | null;
}

export const NO_EMPHASIS: Emphasis = {
  directions: null,
  colour: "",
  selectedAs: null,
  selectedDirection: null,
  pointedLink: null,
};

export interface Painter {
  /** Everything anew: other places or another network. A piece of the work each step. */
  build(scene: Scene): Steps<void>;
  /** The same network at another level. */
  resize(scene: Scene): void;
  view(view: View): void;
  show(states: States): void;
  emphasize(emphasis: Emphasis): void;
  /** The element of an AS that can have the focus. */
  element(as: number): SVGElement;
  remove(): void;
}

export const QUEUE_STEPS = 8;

export function emptyStates(directions: number, ases: number): States {
  return {
    load: new Uint8Array(directions),
    queue: new Uint8Array(directions),
    link: new Uint8Array(directions),
    node: new Uint8Array(ases),
  };
}

/** Sets the classes to those of a frame; a frame of another network counts as far as it reaches. */
export function classify(frame: Frame, { load, queue, link, node }: States): void {
  for (let direction = 0; direction < load.length; direction++) {
    const share = frame.load[direction] ?? 0;
    let level = 0;
    while (level < LOAD_STEPS.length && share >= (LOAD_STEPS[level] ?? 1)) level++;
    load[direction] = level;
    queue[direction] = Math.ceil(Math.min(1, frame.queue[direction] ?? 0) * QUEUE_STEPS);
    link[direction] = frame.link[direction] ?? 0;
  }
  for (let as = 0; as < node.length; as++) node[as] = frame.node[as] ?? 0;
}

/** What is marked on a link: nothing, one of its directions, or both alike. */
export interface LinkMark {
  readonly kind: "cut" | "impaired";
  /** null: both. */
  readonly direction: number | null;
}

export function markOf(states: States, link: number): LinkMark | null {
  const [forth, back] = [states.link[2 * link] ?? 0, states.link[2 * link + 1] ?? 0];
  if (forth === 0 && back === 0) return null;
  const down = forth === 1 || back === 1;
  const wanted = down ? 1 : 2;
  const direction = forth === back ? null : forth === wanted ? 2 * link : 2 * link + 1;
  return { kind: down ? "cut" : "impaired", direction };
}
