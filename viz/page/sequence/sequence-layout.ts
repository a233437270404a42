/** Where the lines and arrows of a sequence chart lie: actors as columns, time downwards. Lengths in pixels. */
import type { SequenceMessage } from "../../../core/exploration.ts";

export interface SequenceView {
  readonly actors: readonly string[];
  readonly from_ns: number;
  readonly to_ns: number;
  /** `linear`: by time; `compressed`: each instant at which something happens as far from the next as any other. */
  readonly scale: "linear" | "compressed";
  /** Room there is; with many actors more is used. */
  readonly width: number;
  readonly height: number;
}

export interface Arrow {
  readonly message: SequenceMessage;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  /** Is there room for its label? */
  readonly labelled: boolean;
}

export interface SequenceLayout {
  readonly width: number;
  readonly height: number;
  readonly columns: readonly { readonly actor: string; readonly x: number }[];
  readonly arrows: readonly Arrow[];
  readonly ticks: readonly { readonly time_ns: number; readonly y: number }[];
  yOf(time_ns: number): number;
}

/** Left of the first column, for times. */
const GUTTER = 74;
const LEAST_COLUMN = 96;
const PAD = 14;
const INSTANT = 17;
const LABEL_ROOM = 12;
const TICK_ROOM = 46;

export function layoutSequence(view: SequenceView, messages: readonly SequenceMessage[]): SequenceLayout {
  const { actors, width } = view;
  const column = Math.max(LEAST_COLUMN, (width - GUTTER) / Math.max(1, actors.length));
  const columns = actors.map((actor, n) => ({ actor, x: GUTTER + (n + 0.5) * column }));
  const xOf = new Map(columns.map(({ actor, x }) => [actor, x]));
  const scale = view.scale === "linear" ? linearScale(view) : compressedScale(view, messages);
  const taken = new Map<number, number>();
  const arrows = messages.flatMap((message): Arrow[] => {
    const x1 = xOf.get(message.from);
    const x2 = xOf.get(message.to);
    if (x1 === undefined || x2 === undefined) return [];
    const y1 = scale.yOf(Math.max(view.from_ns, message.sent_ns));
    const y2 = scale.yOf(message.received_ns);
    return [{ message, x1, y1, x2, y2, labelled: takeRoom(taken, (x1 + x2) / 2, (y1 + y2) / 2) }];
  });
  return { width: GUTTER + column * actors.length, columns, arrows, ...scale };
}

/** Labels in one gap between columns must not run into each other. */
function takeRoom(taken: Map<number, number>, x: number, y: number): boolean {
  const place = Math.round(x);
  const last = taken.get(place);
  if (last !== undefined && Math.abs(y - last) < LABEL_ROOM) return false;
  taken.set(place, y);
  return true;
}

type Scale = Pick<SequenceLayout, "height" | "ticks" | "yOf">;

function linearScale({ from_ns, to_ns, height }: SequenceView): Scale {
  const span = Math.max(1, to_ns - from_ns);
  const room = height - 2 * PAD;
  const yOf = (time: number): number => PAD + (room * Math.max(0, Math.min(span, time - from_ns))) / span;
  const step = niceStep((span * TICK_ROOM) / room);
  const first = Math.ceil(from_ns / step);
  const count = Math.max(0, Math.floor(to_ns / step) - first + 1);
  const ticks = Array.from({ length: count }, (_, n) => (first + n) * step).map((time_ns) => ({
    time_ns,
    y: yOf(time_ns),
  }));
  return { height, ticks, yOf };
}

/** 1, 2 or 5 of a power of ten nanoseconds, at least `least`. */
function niceStep(least: number): number {
  let power = 1;
  while (power * 10 <= least) power *= 10;
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

function compressedScale({ from_ns, height: least }: SequenceView, messages: readonly SequenceMessage[]): Scale {
  const times = messages.flatMap(({ sent_ns, received_ns }) => [Math.max(from_ns, sent_ns), received_ns]);
  const instants = [...new Set(times)].toSorted((a, b) => a - b);
  const height = Math.max(Math.min(least, 120), 2 * PAD + Math.max(0, instants.length - 1) * INSTANT);
  const yAt = (index: number): number => PAD + index * INSTANT;
  const yOf = (time: number): number => {
    const after = instants.findIndex((instant) => instant >= time);
    if (after < 0) return instants.length === 0 ? PAD : yAt(instants.length - 1) + PAD / 2;
    const next = instants[after] as number;
    if (next === time) return yAt(after);
    if (after === 0) return PAD / 2;
    const before = instants[after - 1] as number;
    return yAt(after - 1) + (INSTANT * (time - before)) / (next - before);
  };
  const ticks = instants.flatMap((time_ns, index) => (index % 2 === 0 ? [{ time_ns, y: yAt(index) }] : []));
  return { height, ticks, yOf };
}

/** Lengths of the window that the slider offers, ascending: 1, 2, 5 of each power of ten from 10 us to the whole run, and that. */
export function windowLengths(duration_ns: number): number[] {
  const lengths: number[] = [];
  for (let power = 10_000; power < duration_ns; power *= 10) lengths.push(power, 2 * power, 5 * power);
  return [...lengths.filter((length) => length < duration_ns), Math.max(duration_ns, 1)];
}

/** The number of the longest window, at most number `longest`, about `middle` in which at most `few` messages end; 0 where all have more. */
export function fittingWindow(
  messages: readonly SequenceMessage[],
  middle: number,
  lengths: readonly number[],
  longest: number,
  few: number,
): number {
  for (let at = longest; at > 0; at--) {
    const half = (lengths[at] as number) / 2;
    const inside = messages.filter(({ received_ns }) => Math.abs(received_ns - middle) <= half);
    if (inside.length <= few) return at;
  }
  return 0;
}

/** Milliseconds or seconds with what is needed of them. */
export function lengthText(time_ns: number): string {
  if (time_ns < 1_000_000) return `${time_ns / 1_000} µs`;
  return time_ns < 1_000_000_000 ? `${time_ns / 1_000_000} ms` : `${time_ns / 1_000_000_000} s`;
}
