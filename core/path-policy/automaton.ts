/**
 * Sequences as automata (Thompson's construction): a path is matched in time proportional to its hops times the length of the
 * sequence, whatever the sequence; nothing is tried twice.
 */
import { type Hop, type HopPredicate, matchesHop } from "./hop-predicate.ts";
import type { Sequence } from "./sequence.ts";

/** A state either reads one hop and goes on at `next`, or goes on at every one of `free` at once. */
type State =
  | { readonly reads: HopPredicate; readonly next: number }
  | { readonly reads: null; readonly free: readonly number[] };

export interface Automaton {
  readonly states: readonly State[];
  readonly start: number;
  /** The state that accepts. */
  readonly end: number;
}

/** States are made from the back: each part knows where it leads. */
export function compileSequence(sequence: Sequence): Automaton {
  const states: State[] = [{ reads: null, free: [] }];
  return { states, start: addStates(sequence, 0, states), end: 0 };
}

/** Adds the states of a part that goes on at `next`; where it begins. */
function addStates(sequence: Sequence, next: number, states: State[]): number {
  switch (sequence.kind) {
    case "hop":
      return states.push({ reads: sequence.predicate, next }) - 1;
    case "all":
      return sequence.parts.reduceRight((after, part) => addStates(part, after, states), next);
    case "either": {
      const free = sequence.parts.map((part) => addStates(part, next, states));
      return states.push({ reads: null, free }) - 1;
    }
    default:
      return addRepeat(sequence, next, states);
  }
}

function addRepeat({ times, of }: Extract<Sequence, { kind: "repeat" }>, next: number, states: State[]): number {
  if (times === "?") return states.push({ reads: null, free: [addStates(of, next, states), next] }) - 1;
  const again: number[] = [next];
  const loop = states.push({ reads: null, free: again }) - 1;
  const once = addStates(of, loop, states);
  again.push(once);
  return times === "*" ? loop : once;
}

/** Whether the hops, from the first to the last, are in the language. */
export function accepts({ states, start, end }: Automaton, hops: readonly Hop[]): boolean {
  let current = reachable(states, [start]);
  for (const hop of hops) {
    const reached: number[] = [];
    for (const at of current) {
      const state = states[at];
      if (state !== undefined && state.reads !== null && matchesHop(state.reads, hop)) reached.push(state.next);
    }
    if (reached.length === 0) return false;
    current = reachable(states, reached);
  }
  return current.has(end);
}

/** The states one is in without reading a hop. */
function reachable(states: readonly State[], from: readonly number[]): ReadonlySet<number> {
  const reached = new Set<number>(from);
  // A set is walked in the order of insertion, what is added meanwhile included.
  for (const at of reached) {
    const state = states[at];
    if (state?.reads === null) for (const next of state.free) reached.add(next);
  }
  return reached;
}
