/** Channels of every kind over a line that loses, delays and repeats packets: each byte and message arrives as often and in the order promised. */
import test from "ava";
import fc from "fast-check";
import { RandomStream } from "../../rng.ts";
import { addRange, prefixOf, type Ranges } from "../../transport/ranges.ts";
import { BLOCK } from "./blocks.ts";
import { CHANNEL_CODES, type Channels, isInOrder } from "./channels.ts";
import { type Framing, FRAMINGS, MESSAGE_COST, RELIABILITIES, type Reliability } from "./frames.ts";
import { acceptChannel, finishChannel, openChannel, takeEvents } from "./life.ts";
import { createPair, type Line, runRound, type Weather } from "./pair-testing.ts";
import { type Reading, readChannel, readMessage } from "./reading.ts";
import { writeChannel, writeMessage } from "./sending.ts";

interface Write {
  readonly length: number;
  readonly zeros: boolean;
}

interface Plan {
  readonly reliability: Reliability;
  readonly framing: Framing;
  readonly priority: number;
  readonly writes: readonly Write[];
  readonly readMost: number;
}

const write: fc.Arbitrary<Write> = fc.record({ length: fc.nat(9_000), zeros: fc.boolean() });
const plan: fc.Arbitrary<Plan> = fc.record({
  reliability: fc.constantFrom(...RELIABILITIES),
  framing: fc.constantFrom(...FRAMINGS),
  priority: fc.nat(2),
  writes: fc.array(write, { maxLength: 12 }),
  readMost: fc.integer({ min: 1, max: 5_000 }),
});
const weather: fc.Arbitrary<Weather> = fc.record({
  loss: fc.nat(35),
  duplicate: fc.nat(30),
  late: fc.nat(20),
  delay: fc.integer({ min: 1, max: 12 }),
  budget: fc.integer({ min: 200, max: 1_400 }),
  whole: fc.boolean(),
});

/** What one channel's application wrote and what the other's read. */
interface Run {
  readonly plan: Plan;
  id: number;
  /** Writes done, and bytes of the one that is under way. */
  done: number;
  within: number;
  /** All that was written, by offset. */
  readonly content: number[];
  /** Bytes of each message by its start. */
  readonly messages: Map<number, number>;
  readonly read: Ranges;
  lastStart: number;
  finished: boolean;
}

function begin(channels: Channels, one: Plan): Run {
  const id = openChannel(channels, one) as number;
  const run: Run = {
    plan: one,
    id,
    done: 0,
    within: 0,
    content: [],
    messages: new Map(),
    read: [],
    lastStart: -1,
    finished: false,
  };
  return run;
}

/** Writes what the channel takes now. */
function writeSome(channels: Channels, run: Run): void {
  const { writes, framing } = run.plan;
  for (; run.done < writes.length; run.done++) {
    const { length, zeros } = writes[run.done] as Write;
    const bytes = bytesAt(run.content.length, length - run.within, zeros);
    if (framing === "messages") {
      const answer = writeMessage(channels, run.id, zeros ? length : Uint8Array.from(bytes));
      if (answer !== "queued") return;
      run.messages.set(run.content.length, length);
      run.content.push(...bytes, ...new Array<number>(MESSAGE_COST).fill(0));
    } else {
      const count = writeChannel(channels, run.id, zeros ? bytes.length : Uint8Array.from(bytes));
      if (count < 0) return;
      run.content.push(...bytes.slice(0, count));
      run.within += count;
      if (run.within < length) return;
      run.within = 0;
    }
  }
  if (!run.finished) run.finished = finishChannel(channels, run.id);
}

function bytesAt(offset: number, length: number, zeros: boolean): number[] {
  return Array.from({ length }, (_, index) => (zeros ? 0 : ((offset + index) * 31) & 0xff));
}

/** Reads all there is; answers what is wrong with it. */
function readAll(channels: Channels, run: Run): string | null {
  for (;;) {
    const messages = run.plan.framing === "messages";
    const reading = messages ? readMessage(channels, run.id) : readChannel(channels, run.id, run.plan.readMost);
    if (reading === null) return null;
    const wrong = checkReading(run, reading, messages);
    if (wrong !== null) return `channel ${run.id}: ${wrong}`;
  }
}

function checkReading(run: Run, { offset, length, bytes }: Reading, messages: boolean): string | null {
  const inOrder = run.plan.reliability === "ordered" || run.plan.reliability === "close-on-loss";
  if (inOrder && offset !== prefixOf(run.read)) return `read ${offset} after ${prefixOf(run.read)}`;
  if (messages && run.messages.get(offset) !== length) return `a message of ${length} bytes at ${offset}`;
  for (let index = 0; index < length; index++) {
    const expected = run.content[offset + index];
    if ((bytes === null ? 0 : bytes[index]) !== expected) return `byte ${offset + index} is not ${expected}`;
  }
  const size = messages ? length + MESSAGE_COST : length;
  return addRange(run.read, offset, offset + size) === size ? null : `${offset} was read twice`;
}

function isBounded({ byId, windows, received, taken }: Channels): boolean {
  for (const channel of byId.values()) {
    const { receive } = channel;
    const most = isInOrder(channel) ? windows.channel / BLOCK + 2 : (4 * windows.channel) / BLOCK + 64;
    if (receive.blocks.kept.size > most || receive.highest - receive.taken > windows.channel) return false;
  }
  return received - taken <= windows.association;
}

function checkEnd(run: Run, closedByLoss: ReadonlySet<number>): string | null {
  const { reliability, writes } = run.plan;
  const whole = prefixOf(run.read) === run.content.length && run.done === writes.length;
  if (closedByLoss.has(run.id)) return reliability === "close-on-loss" ? null : "closed by a loss";
  return whole || reliability === "unreliable" ? null : `channel ${run.id}: only ${run.read} of ${run.content.length}`;
}

/** Runs the plans to their end; answers what went wrong. */
function runPlans(seed: number, sky: Weather, plans: readonly Plan[], window: number): string | null {
  const pair = createPair({ windows: { channel: window, association: 65_536, sendBuffer: 20_000 } });
  const { initiator, responder } = pair;
  const line: Line = { pair, weather: sky, random: new RandomStream(seed, "test", "line"), events: [], round: 0 };
  const runs = plans.map((one) => begin(initiator, one));
  const [closedHere, closedThere] = [new Set<number>(), new Set<number>()];
  while (initiator.byId.size > 0 || responder.byId.size > 0 || line.round === 0) {
    for (const run of runs) writeSome(initiator, run);
    const error = runRound(line);
    if (error !== null) return `a fault where none is: ${JSON.stringify(error)}`;
    for (const { kind, channel, code } of takeEvents(responder)) {
      if (kind === "opened" && acceptChannel(responder, channel)) finishChannel(responder, channel);
      if (kind === "closed" && code === CHANNEL_CODES.loss) closedThere.add(channel);
    }
    for (const { kind, channel, code } of takeEvents(initiator)) {
      if (kind === "closed" && code === CHANNEL_CODES.loss) closedHere.add(channel);
    }
    for (const run of runs) {
      const wrong = readAll(responder, run);
      if (wrong !== null) return wrong;
    }
    if (!isBounded(responder)) return "more is kept than the windows allow";
    if (line.round > 3_000) return `channels did not end: ${[...initiator.byId.keys()]}, ${[...responder.byId.keys()]}`;
  }
  const ends = runs.map((run) => checkEnd(run, closedThere)).find((wrong) => wrong !== null);
  if (ends !== undefined) return ends;
  if ([...closedThere].some((id) => !closedHere.has(id))) return "only one side knows of a loss";
  const credits = [responder.received, responder.taken, initiator.sent, initiator.reserved];
  return new Set(credits.slice(0, 3)).size === 1 && initiator.reserved === 0 ? null : `credit was lost: ${credits}`;
}

test("ordered channels give all once and in order, unordered all once, unreliable some once, close-on-loss a beginning", (t) => {
  const plans = fc.array(plan, { minLength: 1, maxLength: 5 });
  const property = fc.property(
    fc.nat(1_000_000),
    weather,
    plans,
    fc.integer({ min: 16_384, max: 40_000 }),
    (...given) => {
      const wrong = runPlans(...given);
      if (wrong !== null) throw new Error(wrong);
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 60, endOnFailure: true, includeErrorInReport: true }));
});
