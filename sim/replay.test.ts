import test from "ava";
import { recordedRun, recordsOf } from "./records-testing.ts";
import { parseRecord, replay } from "./replay.ts";
import { Simulation } from "./simulation.ts";
import { busyAssembly } from "./test-worlds.ts";

const END = 2_000_000_000;

/** Lines of each place's record of the busy world. */
function record(seed: number, lanes = true): { lines: string[][]; digest: string; events: number } {
  const { world, lines } = recordedRun(busyAssembly(seed), END, { lanes });
  return { lines, digest: world.digest(), events: world.events };
}

test("a simulation's record replays: every output, digest and final state", (t) => {
  for (const lanes of [true, false]) {
    const { lines, digest, events } = record(1, lanes);
    const found = replay(busyAssembly(1), recordsOf(lines));
    t.deepEqual(found, { identical: true, digest: [digest, digest], events, firstDifference: null });
  }
});

test("recording does not change the run", (t) => {
  const plain = Simulation.create(busyAssembly(1));
  plain.run(END);
  t.is(record(1).digest, plain.digest());
});

test("a record of another seed differs, and the first difference has time and actor", (t) => {
  const found = replay(busyAssembly(2), recordsOf(record(1).lines));
  t.false(found.identical);
  t.truthy(found.firstDifference?.actor);
});

/** Changes the n-th entry of one kind in the first place and expects the replay to stumble over it. */
function tampered(kind: string, change: (entry: unknown[]) => unknown[]): ReturnType<typeof replay> {
  const { lines } = record(1);
  const first = lines[0] as string[];
  const at = first.findIndex((line, n) => n > 300 && line.startsWith(`["${kind}"`));
  first[at] = JSON.stringify(change(JSON.parse(first[at] as string)));
  return replay(busyAssembly(1), recordsOf(lines));
}

test("one changed delivery, output, packet or state is found", (t) => {
  const later = tampered("i", ([kind, now, ref]) => [kind, (now as number) + 1, ref]);
  const output = tampered("o", (entry) => [...entry.slice(0, 5), "0000000000000000"]);
  const packet = tampered("p", ([kind, now, target, ifId, hex]) => [
    kind,
    now,
    target,
    ifId,
    `${(hex as string).slice(0, -2)}ff`,
  ]);
  const state = tampered("end", ([kind, now, count, digests, states]) => [
    kind,
    now,
    count,
    digests,
    { ...(states as object), "node/1-1": "0" },
  ]);
  for (const found of [later, output, packet, state]) {
    t.false(found.identical);
    t.truthy(found.firstDifference);
  }
  t.is(state.firstDifference?.actor, "node/1-1");
  t.true(output.firstDifference?.expected.includes("0000000000000000"));
});

test("a record that a killed run left replays as far as it goes, wherever it was cut", (t) => {
  const { lines } = record(1);
  for (const keep of [1, 2, 57, 400, 401, 402, 1_303]) {
    const cut = lines.map((of) => {
      const kept = of.slice(0, Math.min(keep, of.length - 1));
      // The last line was being written.
      const found = parseRecord([...kept, (of[kept.length] as string).slice(0, -3)], true);
      if (!found.ok) throw new Error(found.error);
      t.is(found.value.entries.length, kept.length - 1);
      return found.value;
    });
    const { identical, digest, firstDifference, stopped } = replay(busyAssembly(1), cut);
    t.is(firstDifference, null, `${keep} lines`);
    t.true(identical);
    t.is(digest[0], "");
    t.is(stopped?.length, lines.length);
  }
});

test("a cut record with a changed output is found out", (t) => {
  const cut = record(1).lines.map((of) => of.slice(0, 500));
  const first = cut[0] as string[];
  const at = first.findIndex((line, n) => n > 300 && line.startsWith('["o"'));
  first[at] = (first[at] as string).replace(/"[0-9a-f]+"/, '"0000000000000000"');
  const records = cut.map((of) => parseRecord(of, true)).map((found) => (found.ok ? found.value : null));
  t.false(replay(busyAssembly(1), records).identical);
});

test("places without a record are left out: each of the others replays alone", (t) => {
  const records = recordsOf(record(1).lines);
  for (let only = 0; only < records.length; only++) {
    const { identical, events, firstDifference } = replay(
      busyAssembly(1),
      records.map((one, place) => (place === only ? one : null)),
    );
    t.true(identical, JSON.stringify(firstDifference));
    t.true(events > 0);
  }
});

test("a truncated, foreign or damaged record is refused with the line", (t) => {
  const lines = record(1).lines[0] as string[];
  const errorOf = (changed: readonly string[]): string => {
    const found = parseRecord(changed);
    return found.ok ? "accepted" : found.error;
  };
  t.regex(errorOf(lines.slice(0, -1)), /end mark is missing/);
  t.regex(errorOf([]), /no Pathloom record/);
  t.regex(errorOf(['{"other":1}']), /no Pathloom record/);
  t.regex(
    errorOf([lines[0]?.replace('"version":1', '"version":9') ?? "", ...lines.slice(1)]),
    /version 9; this build reads version 1/,
  );
  t.regex(errorOf([...lines.slice(0, 40), ...lines.slice(41)]), /lines are missing/);
  t.regex(
    errorOf([...lines.slice(0, 40), (lines[40] as string).slice(0, 9), ...lines.slice(41)]),
    /line 41: .*damaged/,
  );
  t.regex(
    errorOf([...lines.slice(0, 40), '["i",1]', ...lines.slice(41)]),
    /line 41: entry "i" does not have the fields/,
  );
});
