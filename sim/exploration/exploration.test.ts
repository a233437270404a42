/** What is collected while a run is run ahead: copies that keep their bound, bookmarks that say what the results say, news in pieces. */
import test from "ava";
import fc from "fast-check";
import { assemble } from "../../actors/assemble.ts";
import { results } from "../../actors/results.ts";
import type { Bookmark } from "../../core/exploration.ts";
import type { Scenario } from "../../core/scenario.ts";
import { MILLISECOND } from "../../core/units.ts";
import { Simulation } from "../simulation.ts";
import { busyScenario, channelScenario } from "../test-worlds.ts";
import { Checkpoints } from "./checkpoints.ts";
import { Exploration } from "./exploration.ts";
import { simSource } from "./sim-source.ts";

function explored(scenario: Scenario): Exploration {
  const assembly = assemble(scenario, { repeat: "npx ava sim/exploration/" });
  return new Exploration({ source: simSource(assembly, scenario.duration_ns), scenario, assembly, world: "sim" });
}

test("copies are evenly spaced, keep their bound, and the one before any event is found", (t) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 2, maxLength: 300 });
  fc.assert(
    fc.property(sizes, (bytes) => {
      const checkpoints = new Checkpoints({ maxBytes: 400_000, spacing: 100 });
      let events = 0;
      for (const size of bytes) {
        t.true(checkpoints.wants(events));
        const saved = { events, now: 10 * events, bytes: size, state: null };
        checkpoints.add({ saved, hash: new Int32Array(2), followers: [] });
        t.true(checkpoints.bytes <= 400_000 || checkpoints.count === 1);
        t.false(checkpoints.wants(events));
        events = checkpoints.nextAfter(events);
      }
      const { spacing } = checkpoints;
      for (const event of [0, 99, 100, 12_345, events - 1]) {
        const found = checkpoints.before(event)?.saved.events ?? -1;
        t.is(found, Math.min(Math.floor(event / spacing), checkpoints.count - 1) * spacing);
        t.is(checkpoints.beforeTime(10 * event)?.saved.events, found);
        t.is(
          checkpoints.beforeTime(10 * event - 1)?.saved.events ?? -1,
          checkpoints.before(event - 1)?.saved.events ?? -1,
        );
      }
    }),
    { numRuns: 50 },
  );
});

test("by themselves copies stand 20,000 events apart, and further where they are large", (t) => {
  const spacingOf = (bytes: number): number => {
    const checkpoints = new Checkpoints();
    checkpoints.add({ saved: { events: 0, now: 0, bytes, state: null }, hash: new Int32Array(2), followers: [] });
    return checkpoints.spacing;
  };
  t.deepEqual([1_000, 150_000, 300_000, 100_000_000].map(spacingOf), [20_000, 40_000, 80_000, 80_000]);
});

test("bookmarks are the faults, switches and first drops of the results, each at its event", (t) => {
  const scenario = busyScenario(5);
  const exploration = explored(scenario);
  exploration.work(() => false);
  const { bookmarks, ended, digest, known_ns } = exploration.progress();
  const world = Simulation.create(assemble(scenario, { repeat: "" }));
  world.run(scenario.duration_ns);
  const expected = results(world, scenario);
  t.deepEqual([ended, digest, known_ns], [true, world.digest(), scenario.duration_ns]);
  const texts = (kind: Bookmark["kind"]): string[] =>
    bookmarks.filter((one) => one.kind === kind).map(({ time_ns, text }) => `${time_ns / MILLISECOND} ${text}`);
  t.deepEqual(texts("fault"), ["500 link 1-1#3 to 1-5#1 fails (down)", "1200 link 1-1#3 to 1-5#1 recovers"]);
  const switches = expected.timeline.flatMap((one) =>
    one.event === "switch" ? [`${one.at_ms} ${one.flow} goes over to path ${String(one.path).slice(0, 8)}`] : [],
  );
  t.true(switches.length > 3);
  const brief = texts("switch");
  t.deepEqual(brief.map((text) => text.replace(/ \(.*/, "")).sort(), switches.sort());
  for (const text of brief) t.regex(text, / \(\d(-\d)+\)$/);
  for (const text of texts("drop"))
    t.regex(text, /first packet dropped at (\d-\d|\d-\d's link to \d-\d|[a-z]+\/.+): \w+$/);
  const reasons = new Set(texts("drop").map((text) => text.split(": ")[1]));
  t.deepEqual([...reasons].sort(), Object.keys(expected.drops).sort());
  t.true(texts("state").includes("550 1-1 learns that its interface 3 is down"));
  t.true(texts("state").includes("1250 1-5 learns that its interface 1 is up"));
  for (const { event, time_ns, kind, actor } of bookmarks) {
    exploration.seek({ event });
    t.is(exploration.cursor.now, time_ns, `${kind} at ${actor}`);
  }
});

test("news comes in pieces that together are the whole, and a seek goes no further than is known", (t) => {
  const scenario = channelScenario(3);
  const [whole, pieces] = [explored(scenario), explored(scenario)];
  whole.work(() => false);
  const all = whole.progress();
  t.true(pieces.work(() => true));
  t.false(pieces.reaches({ time: scenario.duration_ns }));
  const known = pieces.progress();
  t.true(known.events >= 1_000 && known.events < all.events && known.digest === null);
  t.is(pieces.seek({ event: 1e9 }).event, known.events);
  t.is(pieces.seek({ time: scenario.duration_ns }).event, known.events);
  t.is(pieces.step({ by: -3 }).event, known.events - 3);
  const bookmarks = [...known.bookmarks];
  const bins = new Map<string, number[]>();
  const take = (series: typeof all.series): void => {
    for (const { name, of, from, values } of series) {
      const so = bins.get(`${name} ${of}`) ?? [];
      t.is(so.length, from, `${name} ${of}`);
      bins.set(`${name} ${of}`, [...so, ...values]);
    }
  };
  take(known.series);
  while (pieces.work(() => true)) {
    const { bookmarks: more, series } = pieces.progress();
    bookmarks.push(...more);
    take(series);
  }
  const last = pieces.progress();
  take(last.series);
  t.deepEqual([...bookmarks, ...last.bookmarks], all.bookmarks);
  t.is(last.digest, all.digest);
  for (const { name, of, from, values } of all.series) t.deepEqual(bins.get(`${name} ${of}`)?.slice(from), [...values]);
  t.is(pieces.seek({ time: 77.5 * MILLISECOND }).now, 77.5 * MILLISECOND);
  t.deepEqual(pieces.progress().bookmarks, []);
});
