/** Wherever the cursor goes, and however it got there, the world is that of a straight run. */
import test from "ava";
import fc from "fast-check";
import { stateHash } from "../../actors/record.ts";
import type { World } from "../../actors/world.ts";
import type { Assembly } from "../../actors/assembly.ts";
import { hashText, hexHash } from "../../core/digest.ts";
import { Simulation } from "../simulation.ts";
import { busyAssembly } from "../test-worlds.ts";
import { Checkpoints } from "./checkpoints.ts";
import { Cursor } from "./cursor.ts";
import { EventColumns } from "./event-columns.ts";
import { EXPLORED } from "./exploration-worlds.ts";
import { Scout } from "./scout.ts";
import { simSource } from "./sim-source.ts";

const MS = 1_000_000;
/** At which nothing happens. */
const MOMENT = 30_500_001;

function fullHash(world: World): string {
  const states = world.allCells().map((cell) => `${cell.id} ${stateHash(cell)}`);
  return `${world.digest()} ${hexHash(hashText(states.sort().join("\n")))} at ${world.now}`;
}

/** Hash of the world after each of these events. */
function straight(assembly: Assembly, at: ReadonlySet<number>, until: number): Map<number, string> {
  const world = Simulation.create(assembly);
  const hashes = new Map<number, string>();
  do if (at.has(world.events)) hashes.set(world.events, fullHash(world));
  while (world.step(until));
  return hashes;
}

for (const { name, make, until } of EXPLORED) {
  test(`${name}: seeks back and forth by event and by time`, (t) => {
    const source = simSource(make(), until);
    const checkpoints = new Checkpoints({ spacing: 700 });
    const scout = new Scout(source, { columns: new EventColumns(), checkpoints });
    while (scout.advance(10_000));
    t.true(checkpoints.count > 2, `${checkpoints.count} copies of ${scout.events} events`);
    t.is(scout.digest, runTo(make(), until).digest());
    const cursor = new Cursor(source, checkpoints);
    const numbers = fc.array(fc.integer({ min: 0, max: scout.events }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(numbers, (events) => {
        const wanted = new Set(events.flatMap((event) => [event, Math.max(0, event - 1)]));
        const hashes = straight(make(), wanted, until);
        for (const event of events) {
          cursor.seekEvent(event);
          t.is(cursor.events, event);
          t.is(fullHash(cursor.world), hashes.get(event) as string, `event ${event}`);
          cursor.seekEvent(event - 1);
          t.is(fullHash(cursor.world), hashes.get(Math.max(0, event - 1)) as string, `back from event ${event}`);
        }
      }),
      { numRuns: 1 },
    );
    const times = fc.array(fc.integer({ min: 0, max: until }), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(times, (instants) => {
        for (const time of instants) {
          cursor.seekTime(time);
          t.is(fullHash(cursor.world), fullHash(runTo(make(), time)), `at ${time} ns`);
          cursor.seekEvent(cursor.events + 1);
        }
      }),
      { numRuns: 1 },
    );
  });
}

function runTo(assembly: Assembly, time: number): Simulation {
  const world = Simulation.create(assembly);
  world.run(time);
  return world;
}

test("a time moved on past the last event is not that event's: seeking the event goes back to its time", (t) => {
  const source = simSource(busyAssembly(1), 100 * MS);
  const checkpoints = new Checkpoints();
  const scout = new Scout(source, { columns: new EventColumns(), checkpoints });
  while (scout.advance(10_000));
  const cursor = new Cursor(source, checkpoints);
  cursor.seekTime(MOMENT);
  const event = cursor.events;
  cursor.seekEvent(event);
  t.true(cursor.now < MOMENT);
  const { now } = cursor;
  cursor.seekTime(MOMENT);
  t.deepEqual([cursor.events, cursor.now], [event, MOMENT]);
  cursor.seekEvent(event - 1);
  cursor.seekEvent(event);
  t.is(cursor.now, now);
  cursor.seekEvent(1e12);
  t.is(cursor.events, scout.events);
  cursor.seekTime(-5);
  t.is(cursor.now, 0);
});
