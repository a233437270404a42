/** Recorded runs stepped place by place in order of time: the same end as `replay`, however they come in and are gone about. */
import test, { type ExecutionContext } from "ava";
import * as Effect from "effect/Effect";
import { assemble } from "../../actors/assemble.ts";
import type { Assembly } from "../../actors/assembly.ts";
import { Recorder, type WorldObserver } from "../../actors/record.ts";
import { flowCounts } from "../../actors/results.ts";
import { RandomStream } from "../../core/rng.ts";
import type { LiveWorld } from "../../live/driver.ts";
import { runLive } from "../../live/run.ts";
import { recordedRun, recordsOf } from "../records-testing.ts";
import { replay } from "../replay.ts";
import { busyAssembly, busyScenario, channelsAssembly, measuringAssembly } from "../test-worlds.ts";
import { Exploration } from "./exploration.ts";
import { RecordedSource } from "./recorded-source.ts";
import type { Saved, Steppable } from "./source.ts";

const MS = 1_000_000;

interface Run {
  readonly assembly: Assembly;
  readonly texts: readonly string[];
  readonly end: number;
  /** Of `replay`. */
  readonly digest: string;
  readonly events: number;
}

function runOf(assembly: Assembly, lines: readonly (readonly string[])[], end: number): Run {
  const { identical, digest, events } = replay(assembly, recordsOf(lines));
  if (!identical) throw new Error("the record does not replay");
  return { assembly, texts: lines.map((of) => `${of.join("\n")}\n`), end, digest: digest[1], events };
}

function simulated(assembly: Assembly, end: number): Run {
  return runOf(assembly, recordedRun(assembly, end).lines, end);
}

/** As `pathloom live --record` does, marks included; nothing is written but at flushes. */
async function live(assembly: Assembly, end: number, flushed: (texts: readonly string[]) => void): Promise<Run> {
  const lines: string[][] = assembly.places.map(() => []);
  const recorders: (readonly [LiveWorld, Recorder])[] = [];
  const observe = (world: LiveWorld): Recorder => {
    const header = { world: "live", scenario: "s", build: "b", seed: assembly.seed } as const;
    const recorder = new Recorder(world, header, (place, line) => void lines[place]?.push(line));
    recorders.push([world, recorder]);
    return recorder;
  };
  const timer = setInterval(() => {
    for (const [world, recorder] of recorders) recorder.mark(world.earliest);
    flushed(lines.map((of) => of.map((line) => `${line}\n`).join("")));
  }, 40);
  await Effect.runPromise(runLive(assembly, { duration: end, observe }));
  clearInterval(timer);
  return runOf(assembly, lines, end);
}

/** All of a run's record at once. */
function whole({ assembly, texts, end }: Run): RecordedSource {
  const source = new RecordedSource(assembly, { duration: end });
  texts.forEach((text, place) => accepted(source.feed(place, text)));
  source.end();
  return source;
}

function accepted(problem: string | null): void {
  if (problem !== null) throw new Error(problem);
}

function runToEnd(steps: Steppable): void {
  let last = steps.now;
  while (steps.step()) {
    if (steps.now < last) throw new Error(`time goes back from ${last} to ${steps.now}`);
    last = steps.now;
  }
}

function endsAs(t: ExecutionContext, steps: Steppable, { digest, events }: Run): void {
  t.is(steps.verdict?.(), `replays identically, ${events} events, digest ${digest}`);
  t.is(steps.events, events);
  t.is(steps.world.digest(), digest);
  t.is(steps.nextAt(), Number.POSITIVE_INFINITY);
  t.false(steps.step());
}

const RUNS: readonly (readonly [name: string, make: () => Run])[] = [
  ["busy", () => simulated(busyAssembly(4), 700 * MS)],
  ["measuring", () => simulated(measuringAssembly(5), 400 * MS)],
  ["channels", () => simulated(channelsAssembly(6), 400 * MS)],
];

for (const [name, make] of RUNS) {
  test(`${name}: stepped to its end, and from copies taken anywhere, it ends as replay does`, (t) => {
    const run = make();
    const source = whole(run);
    const steps = source.begin();
    const copies: { readonly saved: Saved; readonly digest: string }[] = [];
    const random = new RandomStream(7, name, "copies");
    while (steps.step()) {
      if (random.uniform() < 3 / run.events) copies.push({ saved: steps.save(), digest: steps.world.digest() });
    }
    endsAs(t, steps, run);
    t.true(copies.length > 0);
    for (const { saved, digest } of copies) {
      for (const again of [source.restore(saved), source.restore(saved)]) {
        t.is(again.world.digest(), digest);
        t.is(again.events, saved.events);
        t.is(again.now, saved.now);
        runToEnd(again);
        endsAs(t, again, run);
      }
    }
  });
}

test("fed in pieces cut anywhere, in any order of places, it never steps too early and ends the same", (t) => {
  const run = simulated(busyAssembly(8), 600 * MS);
  for (const seed of [1, 2, 3]) {
    const random = new RandomStream(seed, "pieces", "cut");
    const source = new RecordedSource(run.assembly, { duration: run.end });
    const fed = run.texts.map(() => 0);
    let steps: Steppable | null = null;
    let early = 0;
    while (fed.some((at, place) => at < (run.texts[place] as string).length)) {
      const place = Math.floor(random.uniform() * run.texts.length);
      const at = fed[place] as number;
      const next = at + Math.floor(random.uniform() * 60_000);
      accepted(source.feed(place, (run.texts[place] as string).slice(at, next)));
      fed[place] = next;
      if (source.ready) steps ??= source.begin();
      if (steps === null) continue;
      runToEnd(steps);
      t.is(steps.verdict?.(), null);
      if (steps.events > 0 && steps.events < run.events) early++;
      // A copy taken where nothing more is known goes on with what comes later.
      if (random.uniform() < 0.2) steps = source.restore(steps.save());
    }
    t.true(early > 2);
    source.end();
    const last = steps as Steppable | null;
    if (last === null) throw new Error("the record never began");
    runToEnd(last);
    endsAs(t, last, run);
  }
});

test("a live run that is followed while it is written is never ahead of itself, and ends as replay does", async (t) => {
  const busy = busyScenario(9);
  const assembly = (): Assembly =>
    assemble({ ...busy, revocation_ns: 100 * MS }, { repeat: "npx ava sim/exploration" });
  const source = new RecordedSource(assembly(), { duration: 700 * MS, expect: { world: "live", scenario: "s" } });
  const fed = busy.network.ases.map(() => 0);
  let steps: Steppable | null = null;
  const seen: number[] = [];
  const feed = (texts: readonly string[]): void => {
    texts.forEach((text, place) => {
      accepted(source.feed(place, text.slice(fed[place])));
      fed[place] = text.length;
    });
    if (source.ready) steps ??= source.begin();
    if (steps === null) return;
    runToEnd(steps);
    t.is(steps.verdict?.(), null);
    seen.push(steps.now);
  };
  const run = await live(assembly(), 700 * MS, feed);
  t.true(
    seen.some((at) => at > 0 && at < 700 * MS),
    `seen at ${seen.map((at) => at / MS).join(", ")} ms`,
  );
  feed(run.texts);
  source.end();
  const last = steps as Steppable | null;
  if (last === null) throw new Error("the record never began");
  runToEnd(last);
  endsAs(t, last, run);
});

test("observers are told of every sending and delivery once, and packets are known from one place to the next", (t) => {
  const run = simulated(busyAssembly(3), 600 * MS);
  const underWay = new Map<number, string>();
  let delivered = 0;
  let unknown = 0;
  const observer: WorldObserver = {
    sent: (from, _target, order) => {
      t.false(underWay.has(order));
      underWay.set(order, from.id);
    },
    delivered: (_cell, order, _thing, isPacket) => {
      delivered++;
      if (!underWay.delete(order) && isPacket) unknown++;
    },
    recalled: (_from, orders) => {
      for (const order of orders) t.true(underWay.delete(order));
    },
    cancelled: (order) => void underWay.delete(order),
  };
  const traced: string[] = [];
  const steps = whole(run).begin({ observe: () => observer, trace: ({ kind }) => void traced.push(kind) });
  runToEnd(steps);
  t.is(delivered, run.events);
  t.is(unknown, 0);
  t.true(traced.includes("node.forward"));
  // What is left: events after the end, and packets under way then.
  const pending = steps.pending();
  t.true(pending.length > 0);
  t.deepEqual(pending.map(({ order }) => order).toSorted(), [...underWay.keys()].toSorted());
  const visited: number[] = [];
  steps.visitPackets?.((_time, order) => void visited.push(order));
  const packetOrders = pending.flatMap(({ ifId, order }) => (ifId >= 0 ? [order] : []));
  t.deepEqual(visited.toSorted(), packetOrders.toSorted());
  const { world } = steps;
  const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, one) => total + one, 0);
  const counts = flowCounts(world, busyScenario(3));
  const made = sum(counts.map(({ sent }) => sent)) + sum(world.ledger.duplicated.values());
  const gone = sum(counts.map(({ received, duplicates }) => received + duplicates)) + sum(world.ledger.byFlow.values());
  t.is(pending.filter(({ ifId }) => ifId >= 0).length, made - gone);
  t.true(made - gone > 0);
});

/** What the source says of records that were changed, and how far it got. */
function verdictOf(run: Run, change: (texts: string[]) => void, ends = true): { verdict: string; events: number } {
  const texts = [...run.texts];
  change(texts);
  const source = new RecordedSource(run.assembly, { duration: run.end, expect: { world: "sim", scenario: "test" } });
  texts.forEach((text, place) => void source.feed(place, text));
  if (ends) source.end();
  const steps = source.begin();
  runToEnd(steps);
  return { verdict: steps.verdict?.() ?? "", events: steps.events };
}

function editLine(
  texts: string[],
  place: number,
  at: (line: string, n: number) => boolean,
  edit: (line: string) => string,
): void {
  const lines = (texts[place] as string).split("\n");
  const n = lines.findIndex(at);
  if (n < 0) throw new Error("no such line");
  lines[n] = edit(lines[n] as string);
  texts[place] = lines.join("\n");
}

test("damaged, changed, foreign and cut records are a verdict, and what stands before can be looked at", (t) => {
  const run = simulated(busyAssembly(2), 600 * MS);
  const late = (kind: string) => (line: string, n: number) => n > 500 && line.startsWith(`["${kind}"`);
  const says = (pattern: RegExp, change: (texts: string[]) => void): number => {
    const { verdict, events } = verdictOf(run, change);
    t.regex(verdict, pattern);
    return events;
  };
  t.true(
    says(/^the record of 1-1, line \d+: .*damaged$/, (texts) =>
      editLine(texts, 0, late("i"), (line) => line.slice(0, 5)),
    ) > 100,
  );
  t.true(
    says(/^the record of 1-4, line \d+: unknown kind of entry "q"$/, (texts) =>
      editLine(texts, 3, late("i"), () => '["q",1]'),
    ) > 100,
  );
  says(/differs from the record at 0\.\d+ s .*link\/1-1#.*recorded \["o".*"00"\], replayed/, (texts) =>
    editLine(texts, 0, late("o"), (line) => line.replace(/"[0-9a-f]+"\]$/, '"00"]')),
  );
  says(/1-4.*bytes that are no packet|recorded a packet, replayed bytes/, (texts) =>
    editLine(texts, 3, late("p"), (line) => line.replace(/"[0-9a-f]+"\]$/, '"zz"]')),
  );
  says(/time goes from \d+ to 5 ns/, (texts) => editLine(texts, 0, late("i"), (line) => line.replace(/\d+/, "5")));
  says(/no such actor/, (texts) => editLine(texts, 0, late("i"), () => '["f",600000000,99999,{"type":"x"}]'));
  says(/time goes from|an event with its type/, (texts) =>
    editLine(
      texts,
      0,
      (line, n) => n > 500 && line.startsWith('["i"'),
      (line) => `["f",${(JSON.parse(line) as number[])[1]},0,{"kind":"x"}]\n${line}`,
    ),
  );
  says(/final state 0, replayed final state/, (texts) =>
    editLine(
      texts,
      0,
      (line) => line.startsWith('["end"'),
      (line) =>
        line.replace(/("node\/1-1":)"[0-9a-f]+"\}\]$|("node\/1-1":)"[0-9a-f]+"(,[^{}]*\}\])$/, (all) =>
          all.replace(/("node\/1-1":)"[0-9a-f]+"/, '$1"0"'),
        ),
    ),
  );
  says(/\d+ entries, but the end mark counts \d+: lines are missing|differs/, (texts) =>
    editLine(texts, 4, late("i"), () => '["k",1]'),
  );
  says(/^the record of 1-3, line 1: this is no Pathloom record/, (texts) => (texts[2] = "{}\n"));
  says(/line 1: this is the record of 1-2, not of 1-3/, (texts) => (texts[2] = texts[1] as string));
  says(/expected world sim, found live/, (texts) => (texts[0] = (texts[0] as string).replace('"sim"', '"live"')));
  const cut = says(/^the record stops at 0\.\d+ s|^the record stops between 0\.\d+ s and 0\.\d+ s/, (texts) => {
    texts.forEach((text, place) => (texts[place] = text.slice(0, Math.floor(text.length / 2))));
  });
  t.true(cut > 100 && cut < run.events);
  says(/^no place of this run has a record/, (texts) => texts.fill(""));
});

test("a record cut at any byte never throws", (t) => {
  const run = simulated(busyAssembly(2), 120 * MS);
  const random = new RandomStream(3, "cut", "anywhere");
  for (let n = 0; n < 40; n++) {
    const { verdict } = verdictOf(run, (texts) => {
      texts.forEach((text, place) => (texts[place] = text.slice(0, Math.floor(random.uniform() * text.length))));
    });
    t.regex(verdict, /^the record stops|^the replay differs|^no place/);
  }
});

test("a record over its limit is refused, not kept", (t) => {
  const run = simulated(busyAssembly(2), 120 * MS);
  const source = new RecordedSource(run.assembly, { duration: run.end, limit: 10_000 });
  const problems = run.texts.map((text, place) => source.feed(place, text));
  t.regex(problems.at(-1) ?? "", /^the record is larger than 10000 bytes; record a shorter run/);
  t.is(source.begin().verdict?.(), problems.at(-1));
});

test("explored: the scout goes to the end of a record, waits where it grows, and any event can be gone back to", (t) => {
  const run = simulated(busyAssembly(6), 500 * MS);
  const scenario = { ...busyScenario(6), duration_ns: 500 * MS };
  const source = new RecordedSource(run.assembly, { duration: run.end });
  const halves = run.texts.map((text, place) => (place === 0 ? Math.floor(text.length / 2) : text.length));
  run.texts.forEach((text, place) => accepted(source.feed(place, text.slice(0, halves[place]))));
  const explored = new Exploration({ source, scenario, assembly: run.assembly, world: "sim" });
  while (explored.work(() => false));
  t.false(explored.ended);
  const half = explored.progress();
  t.true(half.events > 100 && half.verdict === null);
  run.texts.forEach((text, place) => accepted(source.feed(place, text.slice(halves[place]))));
  source.end();
  while (explored.work(() => false));
  const { verdict, digest, events, ended } = explored.progress();
  t.true(ended);
  t.is(verdict, `replays identically, ${run.events} events, digest ${run.digest}`);
  t.deepEqual([digest, events], [run.digest, run.events]);
  const straight = source.begin();
  for (const event of [half.events + 50, 3, half.events, run.events]) {
    explored.seek({ event });
    t.is(explored.cursor.events, event);
  }
  for (const event of [100, half.events]) {
    while (straight.events < event) straight.step();
    explored.seek({ event });
    t.is(explored.cursor.world.digest(), straight.world.digest());
  }
  t.true(explored.frame().event === half.events);
});
