/** LIA and OLIA against their formulas, written down again here, and on shared and unequal bottlenecks, packet by packet. */
import test from "ava";
import fc from "fast-check";
import { RandomStream } from "../../rng.ts";
import { createRtt, type Rtt, sampleRtt } from "../../transport/rtt.ts";
import type { Controller, ControllerState } from "./controller.ts";
import {
  type CoupledState,
  createCoupling,
  joinCoupling,
  LIA,
  liaIncrease,
  OLIA,
  oliaAlpha,
  oliaIncrease,
  setCoupled,
} from "./coupled.ts";
import { NEWRENO } from "./newreno.ts";

const MS = 1_000_000;
const DATAGRAM = 1_000;

interface Subflow {
  /** In packets and seconds, as the papers count. */
  readonly window: number;
  readonly rtt: number;
  readonly since: number;
  readonly between: number;
}

const subflow: fc.Arbitrary<Subflow> = fc.record({
  window: fc.integer({ min: 2, max: 500 }),
  rtt: fc.integer({ min: 1, max: 400 }).map((ms) => ms / 1_000),
  since: fc.nat(5_000),
  between: fc.nat(5_000),
});

const subflows = fc.array(subflow, { minLength: 1, maxLength: 5 });

function couplingOf(flows: readonly Subflow[]): ReturnType<typeof createCoupling> {
  const coupling = createCoupling();
  for (const [slot, flow] of flows.entries()) {
    coupling.windows[slot] = flow.window * DATAGRAM;
    coupling.rtts[slot] = flow.rtt * 1_000 * MS;
    coupling.using[slot] = true;
    coupling.since[slot] = flow.since * DATAGRAM;
    coupling.between[slot] = flow.between * DATAGRAM;
  }
  return coupling;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** RFC 6356, equations 1 and 2, in packets: growth for one packet acknowledged. */
function liaByTheBook(flows: readonly Subflow[], at: number): number {
  const total = sum(flows.map(({ window }) => window));
  const best = Math.max(...flows.map(({ window, rtt }) => window / rtt / rtt));
  const alpha =
    (total * best) /
    (sum(flows.map(({ window, rtt }) => window / rtt)) * sum(flows.map(({ window, rtt }) => window / rtt)));
  return Math.min(alpha / total, 1 / (flows[at] as Subflow).window);
}

/** Khalili et al. 2012, equations 5 and 6: sets of best paths and of largest windows. */
function oliaByTheBook(flows: readonly Subflow[], at: number): { alpha: number; growth: number } {
  const worth = flows.map(({ since, between, rtt }) => Math.max(since, between) / (rtt * rtt));
  const top = Math.max(...worth);
  const widest = Math.max(...flows.map(({ window }) => window));
  const slots = flows.map((_, slot) => slot);
  const best = new Set(slots.filter((slot) => Math.abs((worth[slot] as number) - top) <= 1e-12 * top));
  const widests = new Set(slots.filter((slot) => (flows[slot] as Subflow).window === widest));
  const collected = new Set(slots.filter((slot) => best.has(slot) && !widests.has(slot)));
  let alpha = 0;
  if (collected.size > 0 && collected.has(at)) alpha = 1 / flows.length / collected.size;
  else if (collected.size > 0 && widests.has(at)) alpha = -1 / flows.length / widests.size;
  const own = flows[at] as Subflow;
  const rate = sum(flows.map(({ window, rtt }) => window / rtt));
  return { alpha, growth: own.window / own.rtt ** 2 / rate ** 2 + alpha / own.window };
}

function near(actual: number, expected: number): boolean {
  return Math.abs(actual - expected) <= 1e-9 * Math.max(1e-6, Math.abs(expected));
}

test("LIA grows as RFC 6356 says, whatever the windows and round trips", (t) => {
  fc.assert(
    fc.property(subflows, (flows) => {
      const coupling = couplingOf(flows);
      return flows.every((_, at) =>
        near(liaIncrease(coupling, at, DATAGRAM, DATAGRAM) / DATAGRAM, liaByTheBook(flows, at)),
      );
    }),
  );
  t.pass();
});

test("OLIA grows as its paper says, whatever the windows, round trips and losses", (t) => {
  fc.assert(
    fc.property(subflows, (flows) => {
      const coupling = couplingOf(flows);
      return flows.every((_, at) => {
        const { alpha, growth } = oliaByTheBook(flows, at);
        return (
          near(oliaAlpha(coupling, at), alpha) &&
          near(oliaIncrease(coupling, at, DATAGRAM, DATAGRAM) / DATAGRAM, growth)
        );
      });
    }),
  );
  t.pass();
});

test("OLIA's alphas add up to nothing: window moves, none comes from nowhere", (t) => {
  fc.assert(
    fc.property(subflows, (flows) => {
      const coupling = couplingOf(flows);
      return Math.abs(sum(flows.map((_, at) => oliaAlpha(coupling, at)))) < 1e-9;
    }),
  );
  t.pass();
});

test("no coupled path grows faster than a single one, and paths not in use count for nothing", (t) => {
  const flows: Subflow[] = [
    { window: 10, rtt: 0.1, since: 9, between: 3 },
    { window: 30, rtt: 0.02, since: 5, between: 8 },
  ];
  const coupling = couplingOf(flows);
  for (const at of [0, 1])
    t.true(liaIncrease(coupling, at, DATAGRAM, DATAGRAM) <= DATAGRAM / (flows[at] as Subflow).window);
  setCoupled(coupling, 1, false);
  t.true(near(liaIncrease(coupling, 0, DATAGRAM, DATAGRAM), DATAGRAM / 10));
  t.true(near(oliaIncrease(coupling, 0, DATAGRAM, DATAGRAM), DATAGRAM / 10));
});

test("alone, LIA and OLIA are NewReno", (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 200 }), (steps) => {
      const rtt = createRtt();
      const states = [NEWRENO, LIA, OLIA].map((rules) => (rules as Controller).create({ datagram: DATAGRAM }, 0));
      sampleRtt(rtt, 50 * MS, 0, 0);
      let now = 0;
      for (const step of steps) {
        now += 5 * MS;
        for (const [at, rules] of ([NEWRENO, LIA, OLIA] as Controller[]).entries()) {
          const state = states[at] as ControllerState;
          if (step === 0) rules.onCongestion(state, now - 50 * MS, now, rtt);
          else rules.onAcked(state, DATAGRAM, now - 50 * MS, now, rtt, true);
        }
      }
      const [reno, lia, olia] = states.map(({ window }) => window) as [number, number, number];
      return near(lia, reno) && near(olia, reno);
    }),
  );
  t.pass();
});

test("a reduction for losses that were none is taken back, in the shared table too", (t) => {
  const rtt = createRtt();
  sampleRtt(rtt, 50 * MS, 0, 0);
  const coupling = createCoupling();
  const state = LIA.create({ datagram: DATAGRAM }, 0);
  joinCoupling(coupling, state, 0);
  const { window } = state;
  t.true(LIA.onCongestion(state, 1, 2, rtt));
  t.is(coupling.windows[0], window / 2);
  LIA.onSpurious(state, 3);
  t.is(state.window, window);
  t.is(coupling.windows[0], window);
});

// ---- Packet by packet over queues that drop at random, ever more likely the longer they are (RED without averaging). On drop-tail
// queues the formulas' premise does not hold: losses strike those whose windows grow, not packets of all flows alike. ----

interface Flow {
  readonly rules: Controller;
  readonly state: ControllerState;
  readonly rtt: Rtt;
  readonly line: Line;
  flying: number;
  delivered: number;
}

interface Line {
  /** Time to send one packet, propagation there and back, and packets waiting at which every second newcomer is dropped. */
  readonly perPacket: number;
  readonly delay: number;
  readonly places: number;
  freeAt: number;
}

interface Arrival {
  readonly at: number;
  readonly flow: Flow;
  readonly sentAt: number;
  readonly lost: boolean;
}

/** Sends as the windows let, until `end`; the fate of each packet is known one round trip after it was sent. */
function run(flows: readonly Flow[], end: number, random: RandomStream, countFrom: number): void {
  const pending: Arrival[] = [];
  const fill = (flow: Flow, now: number): void => {
    while (flow.flying + DATAGRAM <= flow.state.window) {
      flow.flying += DATAGRAM;
      const { line } = flow;
      const sentAt = now + random.below(MS);
      const queued = Math.max(0, line.freeAt - sentAt) / line.perPacket;
      const fullness = queued / line.places;
      const lost = random.uniform() < 0.5 * fullness * fullness * fullness;
      if (!lost) line.freeAt = Math.max(line.freeAt, sentAt) + line.perPacket;
      insert(pending, { at: (lost ? Math.max(line.freeAt, sentAt) : line.freeAt) + line.delay, flow, sentAt, lost });
    }
  };
  for (const flow of flows) fill(flow, random.below(20 * MS));
  for (let next = pending.pop(); next !== undefined && next.at < end; next = pending.pop()) {
    const { flow, at, sentAt, lost } = next;
    flow.flying -= DATAGRAM;
    if (lost) flow.rules.onCongestion(flow.state, sentAt, at, flow.rtt);
    else {
      sampleRtt(flow.rtt, at - sentAt, 0, at);
      flow.rules.onAcked(flow.state, DATAGRAM, sentAt, at, flow.rtt, true);
      if (at >= countFrom) flow.delivered += DATAGRAM;
    }
    fill(flow, at);
  }
}

/** Latest first, so that the next one is popped. */
function insert(pending: Arrival[], arrival: Arrival): void {
  let low = 0;
  let high = pending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((pending[middle] as Arrival).at > arrival.at) low = middle + 1;
    else high = middle;
  }
  pending.splice(low, 0, arrival);
}

function createFlow(rules: Controller, line: Line): Flow {
  return { rules, state: rules.create({ datagram: DATAGRAM }, 0), rtt: createRtt(), line, flying: 0, delivered: 0 };
}

function coupledFlows(rules: Controller<CoupledState>, lines: readonly Line[]): Flow[] {
  const coupling = createCoupling();
  return lines.map((line, slot) => {
    const flow = createFlow(rules as unknown as Controller, line);
    joinCoupling(coupling, flow.state as CoupledState, slot);
    setCoupled(coupling, slot, true);
    return flow;
  });
}

function createLine(perPacketMs: number, delayMs: number, places: number): Line {
  return { perPacket: perPacketMs * MS, delay: delayMs * MS, places, freeAt: 0 };
}

/** What two coupled subflows together carry over one line, in shares of what one NewReno flow beside them carries. */
function shareOnSharedLine(rules: Controller<CoupledState>, seed: number): number {
  const line = createLine(1, 40, 40);
  const single = createFlow(NEWRENO as unknown as Controller, line);
  const [one, other] = coupledFlows(rules, [line, line]) as [Flow, Flow];
  run([one, single, other], 120_000 * MS, new RandomStream(seed, "coupled", "jitter"), 20_000 * MS);
  return (one.delivered + other.delivered) / single.delivered;
}

for (const [name, rules] of [
  ["LIA", LIA],
  ["OLIA", OLIA],
] as const) {
  test(`${name}: two subflows on one bottleneck take about one flow's share`, (t) => {
    const shares = Array.from({ length: 6 }, (_, seed) => shareOnSharedLine(rules, seed));
    const mean = sum(shares) / shares.length;
    t.log(`${name}: mean share ${mean.toFixed(3)} (${shares.map((share) => share.toFixed(2)).join(" ")})`);
    t.true(mean > 0.85 && mean < 1.2, `${mean}`);
  });

  test(`${name}: traffic moves off the congested path`, (t) => {
    const [free, crowded] = [createLine(1, 40, 40), createLine(1, 40, 40)];
    const competitors = Array.from({ length: 4 }, () => createFlow(NEWRENO as unknown as Controller, crowded));
    const [left, right] = coupledFlows(rules, [free, crowded]) as [Flow, Flow];
    run([left, right, ...competitors], 60_000 * MS, new RandomStream(1, "coupled", "jitter"), 20_000 * MS);
    const fair = sum(competitors.map(({ delivered }) => delivered)) / competitors.length;
    t.log(
      `${name}: ${(left.delivered / 40e6).toFixed(3)} of the free line, ${(right.delivered / fair).toFixed(3)} of a competitor's share`,
    );
    t.true(left.delivered > 0.8 * 40e6);
    t.true(right.delivered < 0.6 * fair);
  });
}

test("uncoupled NewReno subflows take two flows' share: the loop can tell", (t) => {
  const line = createLine(1, 40, 40);
  const flows = Array.from({ length: 3 }, () => createFlow(NEWRENO as unknown as Controller, line));
  run(flows, 120_000 * MS, new RandomStream(1, "coupled", "jitter"), 20_000 * MS);
  const [one, single, other] = flows.map(({ delivered }) => delivered) as [number, number, number];
  t.true((one + other) / single > 1.6, `${(one + other) / single}`);
});
