/** The path manager against whatever may happen: offers, wishes, ways that come and go, peers that move. */
import test from "ava";
import fc from "fast-check";
import { createEnds, type End, type Ends, flush, MS, runUntil, sendData, type Way } from "./ends-testing.ts";
import { offerCandidates, pathDown, startPaths } from "./offer.ts";
import { pickPath } from "./schedulers.ts";
import { pathIndex, QUARANTINE } from "./table.ts";
import type { Candidate, SchedulerName } from "./types.ts";

const KEYS = ["a", "b", "c", "d", "e", "f"] as const;
const MTU = 1_400;

type Step =
  | {
      readonly what: "offer";
      readonly keys: readonly string[];
      readonly unusable: readonly string[];
      readonly wish: number;
    }
  | { readonly what: "way"; readonly key: string; readonly up: boolean }
  | { readonly what: "down"; readonly key: string; readonly role: "initiator" | "responder" }
  | { readonly what: "move"; readonly from: string; readonly to: string }
  | { readonly what: "data"; readonly role: "initiator" | "responder"; readonly packets: number }
  | { readonly what: "run"; readonly ms: number };

const key = fc.constantFrom(...KEYS);
const role = fc.constantFrom("initiator" as const, "responder" as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    what: fc.constant("offer" as const),
    keys: fc.uniqueArray(key, { maxLength: 6 }),
    unusable: fc.uniqueArray(key, { maxLength: 3 }),
    wish: fc.integer({ min: -1, max: 5 }),
  }),
  fc.record({ what: fc.constant("way" as const), key, up: fc.boolean() }),
  fc.record({ what: fc.constant("down" as const), key, role }),
  fc.record({ what: fc.constant("move" as const), from: key, to: key }),
  fc.record({ what: fc.constant("data" as const), role, packets: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ what: fc.constant("run" as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
);

const world = fc.record({
  seed: fc.nat(1_000_000),
  scheduler: fc.constantFrom<SchedulerName>("single", "minrtt", "round-robin", "weighted", "redundant", "blest", "ecf"),
  maxPaths: fc.integer({ min: 1, max: 4 }),
  controller: fc.constantFrom("newreno" as const, "lia" as const, "olia" as const),
  mtus: fc.array(fc.constantFrom(1_500, 1_300, 1_200), { minLength: 6, maxLength: 6 }),
  steps: fc.array(step, { maxLength: 25 }),
});

function create({
  seed,
  scheduler,
  maxPaths,
  controller,
  mtus,
}: Omit<typeof world extends fc.Arbitrary<infer W> ? W : never, "steps">): Ends {
  const ways = KEYS.map((name, at): [string, Way] => [
    name,
    { up: true, delay: (5 + 7 * at) * MS, mtu: mtus[at] as number },
  ]);
  const recovery = { controller, pacing: false };
  const ends = createEnds(Object.fromEntries(ways), { scheduler, maxPaths, recovery }, seed);
  for (const end of [ends.initiator, ends.responder]) startPaths(end.paths, "a", MTU, 10 * MS, 0);
  ends.responder.proven.add("a");
  return ends;
}

function candidatesOf(keys: readonly string[], unusable: readonly string[]): Candidate[] {
  return keys.map((name) => ({ key: name, mtu: MTU, latencyNs: 20 * MS, usable: !unusable.includes(name) }));
}

function take(ends: Ends, one: Step): void {
  switch (one.what) {
    case "offer":
      return offerCandidates(ends.initiator.paths, candidatesOf(one.keys, one.unusable), one.wish, ends.now);
    case "way":
      (ends.ways.get(one.key) as Way).up = one.up;
      return;
    case "down":
      return pathDown(ends[one.role].paths, (name) => name === one.key, ends.now);
    case "move":
      ends.alias = (name) => (name === one.from ? one.to : name);
      return;
    case "data":
      for (let packet = 0; packet < one.packets; packet++) sendData(ends, one.role);
      return flush(ends);
    case "run":
      return runUntil(ends, ends.now + one.ms * MS);
  }
}

/** What must hold at any time; answers what does not. */
function broken(ends: Ends, { role: name, paths }: End): string | null {
  const ids = paths.list.map(({ id }) => id);
  if (new Set(ids).size < ids.length) return `${name}: an id stands twice: ${ids}`;
  if (paths.list.length > 2 * paths.options.maxPaths) return `${name}: ${paths.list.length} paths`;
  if (ids.length + paths.retired.filter(({ id }) => !ids.includes(id)).length > 256) return `${name}: too many ids`;
  if (paths.events.length > 64) return `${name}: events`;
  const slots = new Set(paths.list.map(({ slot }) => slot));
  if (slots.size < paths.list.length || Math.max(-1, ...slots) >= 2 * paths.options.maxPaths) return `${name}: slots`;
  const ready = paths.list.filter(({ state }) => state === "active" || state === "standby");
  const active = paths.list.filter(({ state }) => state === "active");
  if (ready.length > 0 && active.length === 0) return `${name}: ready paths, none active`;
  if (paths.options.scheduler === "single" && active.length > 1) return `${name}: two paths in use`;
  const picked = paths.list[pickPath(paths, 1_000, ends.now)];
  if (picked !== undefined && picked.state !== "active" && (name === "initiator" || picked.state !== "validating")) {
    return `${name}: picked ${picked.state}`;
  }
  return null;
}

test("whatever happens: tables are bounded, numbers and ids are never used twice, nothing is sent where it may not be", (t) => {
  fc.assert(
    fc.property(world, ({ steps, ...settings }) => {
      const ends = create(settings);
      for (const one of steps) {
        take(ends, one);
        const found = broken(ends, ends.initiator) ?? broken(ends, ends.responder) ?? ends.faults[0];
        if (found !== undefined && found !== null) throw new Error(`${JSON.stringify(one)}: ${found}`);
      }
      return true;
    }),
    { numRuns: 100 },
  );
  t.pass();
});

test("where some candidate is usable and answers, data flows both ways again, whatever happened before", (t) => {
  fc.assert(
    fc.property(world, key, ({ steps, ...settings }, good) => {
      const ends = create(settings);
      for (const one of steps) take(ends, one);
      for (const way of ends.ways.values()) way.up = false;
      Object.assign(ends.ways.get(good) as Way, { up: true, mtu: 1_500 });
      ends.alias = (name) => name;
      offerCandidates(ends.initiator.paths, candidatesOf(KEYS, []), -1, ends.now);
      const before = [ends.responder.data.length, ends.initiator.data.length] as const;
      let nextAt = ends.now;
      runUntil(ends, ends.now + 60_000 * MS, (now) => {
        if (now < nextAt) return;
        nextAt = now + 500 * MS;
        for (const end of ["initiator", "responder"] as const) sendData(ends, end);
      });
      const there = ends.responder.data.length > before[0];
      const back = ends.initiator.data.length > before[1];
      if (!there || !back) throw new Error(`there ${there}, back ${back}`);
      return ends.initiator.paths.list.some((path) => path.state === "active" && path.key === good);
    }),
    { numRuns: 25 },
  );
  t.pass();
});

test("an id is opened again only after its quarantine, when the peer has forgotten it", (t) => {
  const ends = create({
    seed: 1,
    scheduler: "minrtt",
    maxPaths: 2,
    controller: "newreno",
    mtus: [1_500, 1_500, 1_500, 1_500, 1_500, 1_500],
  });
  ends.initiator.paths.nextId = 250;
  const opened: { id: number; at: number }[] = [];
  for (let turn = 0; turn < 60; turn++) {
    const keys = [KEYS[turn % 3], KEYS[(turn + 1) % 3]] as string[];
    const before = new Set(ends.initiator.paths.list.map(({ id }) => id));
    const known = new Set(ends.responder.paths.list.map(({ id }) => id));
    for (const { id, freeAt } of ends.responder.paths.retired) if (freeAt > ends.now) known.add(id);
    offerCandidates(ends.initiator.paths, candidatesOf(keys, []), 0, ends.now);
    for (const { id } of ends.initiator.paths.list) {
      if (before.has(id)) continue;
      t.false(known.has(id), `${id} is known by the peer`);
      opened.push({ id, at: ends.now });
    }
    runUntil(ends, ends.now + (QUARANTINE / 20) * (1 + (turn % 3)));
  }
  t.true(opened.length > 20, `${opened.length}`);
  t.true(new Set(opened.map(({ id }) => id)).size < opened.length, "ids are opened again");
  t.true(ends.initiator.paths.counts.noId > 0, "there were times without a free id");
  t.deepEqual(ends.faults, []);
  t.is(pathIndex(ends.initiator.paths, 256), -1);
});
