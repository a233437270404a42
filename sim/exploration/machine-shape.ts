/** A machine's states and transitions as numbered lists, read from the machine itself; and which states each transition enters. */
import type { AnyStateMachine } from "xstate";
import type { PacketLogic } from "../../actors/with-packet-handler.ts";
import type { ChartState, ChartTransition } from "../../core/exploration.ts";

type StateNode = AnyStateMachine["root"];
type Transition = StateNode["on"][string][number];

export type ShapedState = Omit<ChartState, "entered">;
export type ShapedTransition = Omit<ChartTransition, "taken"> & {
  /** Numbers of the states it enters. */
  readonly enters: readonly number[];
};

export interface MachineShape {
  readonly id: string;
  /** In document order, the root first. */
  readonly states: readonly ShapedState[];
  readonly transitions: readonly ShapedTransition[];
  /** Numbers of the states an actor begins in. */
  readonly begins: readonly number[];
  /** What bypasses the interpreter: `packet` where it takes packets, then timers by type. */
  readonly handled: readonly string[];
  /** Number of a transition of the machine's own; undefined: it is of another. */
  numberOf(transition: unknown): number | undefined;
}

export function shapeOf({ machine, onPacket, onTimer }: PacketLogic): MachineShape {
  const nodes = nodesUnder(machine.root);
  const numbers = new Map(nodes.map((node, number) => [node, number]));
  const transitions = nodes.flatMap(transitionsOf);
  const order = new Map<unknown, number>(transitions.map((transition, number) => [transition, number]));
  const numbered = (entered: Iterable<StateNode>): number[] =>
    [...entered].map((node) => numbers.get(node) as number).sort((left, right) => left - right);
  const begins = new Set<StateNode>();
  enterDown(machine.root, begins);
  return {
    id: machine.id,
    states: nodes.map(shapedState),
    transitions: transitions.map((transition) => ({
      ...shapedTransition(transition),
      enters: numbered(entrySetOf(transition)),
    })),
    begins: numbered(begins),
    handled: [...(onPacket === null ? [] : ["packet"]), ...onTimer.keys()],
    numberOf: (transition) => order.get(transition),
  };
}

export function pathOf(node: { readonly path: readonly string[] }): string {
  return node.path.join(".");
}

/** Paths of the states in a machine's value, outer ones before inner ones; the root is left out. */
export function activePaths(value: unknown, around = ""): string[] {
  if (typeof value === "string") return [join(around, value)];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = join(around, key);
    return [path, ...activePaths(inner, path)];
  });
}

function join(around: string, key: string): string {
  return around === "" ? key : `${around}.${key}`;
}

function nodesUnder(node: StateNode): StateNode[] {
  return [node, ...childrenOf(node).flatMap(nodesUnder)];
}

function childrenOf(node: StateNode): StateNode[] {
  return Object.values(node.states) as StateNode[];
}

function transitionsOf(node: StateNode): Transition[] {
  return [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
}

function shapedState(node: StateNode): ShapedState {
  const { parent } = node;
  return {
    path: pathOf(node),
    name: parent === undefined ? node.machine.id : node.key,
    parent: parent === undefined ? null : pathOf(parent),
    kind: node.type === "history" ? "atomic" : node.type,
    initial: parent === undefined || parent.type === "parallel" || parent.config.initial === node.key,
    entry: node.entry.map(nameOf),
    exit: node.exit.map(nameOf),
  };
}

function shapedTransition(transition: Transition): Omit<ShapedTransition, "enters"> {
  const target = transition.target?.[0];
  return {
    from: pathOf(transition.source),
    to: target === undefined ? null : pathOf(target),
    event: String(transition.eventType),
    guard: transition.guard === undefined ? null : nameOf(transition.guard),
    actions: transition.actions.map(nameOf),
  };
}

/** Of an action or guard: `tell`, `tell(state: open)`; one written in place has its function's name. */
function nameOf(named: unknown): string {
  if (typeof named === "string") return named;
  if (typeof named === "function") return named.name === "" ? "(in place)" : named.name;
  const { type, params } = named as { readonly type?: unknown; readonly params?: unknown };
  const said = typeof type === "string" ? type : "(in place)";
  if (typeof params !== "object" || params === null) return said;
  const inside = Object.entries(params).map(([key, value]) => `${key}: ${String(value)}`);
  return `${said}(${inside.join(", ")})`;
}

/** The states a transition enters, as XState has it (computeEntrySet); history states aside, which no machine here has. */
function entrySetOf(transition: Transition): Set<StateNode> {
  const { reenter, source } = transition;
  const targets = (transition.target ?? []) as readonly StateNode[];
  const entered = new Set<StateNode>();
  const domain = domainOf(transition, targets);
  for (const target of targets) {
    if (reenter || target !== source || domain !== source) entered.add(target);
    enterDefaults(target, entered);
  }
  for (const target of targets) {
    for (const ancestor of ancestorsUpTo(target, domain)) {
      if (ancestor !== domain) entered.add(ancestor);
      if (ancestor.type === "parallel") enterRegions(ancestor, entered);
    }
  }
  return entered;
}

/** The innermost state around all of it, which is neither left nor entered; undefined: the root itself is. */
function domainOf({ reenter, source }: Transition, targets: readonly StateNode[]): StateNode | undefined {
  if (!reenter && targets.every((target) => target === source || isUnder(target, source))) return source;
  const common = ancestorsUpTo(source).find((ancestor) => targets.every((target) => isUnder(target, ancestor)));
  return common ?? (reenter ? undefined : source.machine.root);
}

/** Inner ones first; `end` is the last, where it is parallel, and else left out. */
function ancestorsUpTo(node: StateNode, end?: StateNode): StateNode[] {
  if (node === end) return node.type === "parallel" ? [node] : [];
  const { parent } = node;
  if (parent === undefined) return [];
  return parent === end ? ancestorsUpTo(parent, end) : [parent, ...ancestorsUpTo(parent, end)];
}

function isUnder(node: StateNode, around: StateNode): boolean {
  return node.parent === around || (node.parent !== undefined && isUnder(node.parent, around));
}

function enterDown(node: StateNode, entered: Set<StateNode>): void {
  entered.add(node);
  enterDefaults(node, entered);
}

function enterDefaults(node: StateNode, entered: Set<StateNode>): void {
  if (node.type === "parallel") enterRegions(node, entered);
  else for (const child of childrenOf(node)) if (child.key === node.config.initial) enterDown(child, entered);
}

/** Those of a parallel state's regions into which nothing leads by itself. */
function enterRegions(parallel: StateNode, entered: Set<StateNode>): void {
  for (const region of childrenOf(parallel)) {
    if (![...entered].some((node) => isUnder(node, region))) enterDown(region, entered);
  }
}
