/** The event log against the plainest reading of its columns. */
import test from "ava";
import fc from "fast-check";
import type { LogFilter, LogRow } from "../../core/exploration.ts";
import type { DropReason } from "../../core/env.ts";
import { type EventChunk, EventColumns, rowOf } from "./event-columns.ts";
import { LogIndex, MAX_LOG_ROWS } from "./log-query.ts";

const ACTORS = ["host/a", "node/A", "link/A-B", "link/B-A", "node/B", "host/b"];
const FLOWS = ["video", "ping"];
const KINDS = ["packet", "link.fail", "tick"];
const REASONS: readonly DropReason[] = ["queue_overflow", "link_down"];

interface Event {
  readonly target: number;
  readonly sender: number;
  readonly kind: number;
  readonly flow: number;
  readonly packet: number;
  readonly drop: DropReason | null;
  readonly aside: readonly { readonly flow: number; readonly packet: number }[];
}

/** The n-th event (from 0) lies at 10 n ns, two at each instant. */
function fill(columns: EventColumns, events: readonly Event[]): void {
  for (const { target, sender, kind, flow, packet, drop, aside } of events) {
    const time = 20 * (columns.last >> 1);
    const isPacket = kind === 0;
    columns.append(
      time,
      target,
      columns.kindOf(KINDS[kind] as string),
      isPacket ? flow : -1,
      isPacket ? packet : 0,
      isPacket ? 1 : 0,
      0,
      true,
    );
    columns.noteSent(sender, Math.max(0, time - 5));
    if (isPacket && drop !== null) columns.noteDropped(drop);
    for (const one of aside) columns.noteAside(time, target, one.flow, one.packet, "link_down");
  }
}

/** One row after the other, as its documentation says. */
function plainly(columns: EventColumns, filter: LogFilter): number[] {
  const found: number[] = [];
  const contains = (whole: string | null, part = ""): boolean =>
    part === "" || (whole ?? "\0").toLowerCase().includes(part.toLowerCase());
  for (let event = columns.first; event <= columns.last; event++) {
    const chunk = columns.chunkOf(event) as EventChunk;
    const row = rowOf(event);
    const time = chunk.time[row] as number;
    if (time < (filter.from_ns ?? 0) || time > (filter.to_ns ?? Infinity)) continue;
    const fits = (kind: string, actor: number, flow: number, packet: number, dropped: boolean): boolean =>
      contains(ACTORS[actor] as string, filter.actor) &&
      contains(kind, filter.kind) &&
      contains(flow < 0 ? null : (FLOWS[flow] as string), filter.flow) &&
      (filter.packet === undefined || (flow >= 0 && packet === filter.packet)) &&
      (filter.dropped === undefined || filter.dropped === dropped);
    const kind = columns.kinds[chunk.kind[row] as number] as string;
    const own = fits(
      kind,
      chunk.target[row] as number,
      chunk.flow[row] as number,
      chunk.packet[row] as number,
      chunk.drop[row] !== 0,
    );
    const asksForPackets = filter.dropped !== undefined || filter.packet !== undefined || (filter.flow ?? "") !== "";
    const aside = [...columns.aside(event)].filter((one) => one.event === event);
    if (own || (asksForPackets && aside.some((one) => fits("packet", one.actor, one.flow, one.packet, true))))
      found.push(event);
  }
  return found;
}

const number = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
const events: fc.Arbitrary<Event[]> = fc.array(
  fc.record({
    target: number(5),
    sender: fc.integer({ min: -1, max: 5 }),
    kind: fc.constantFrom(0, 0, 0, 1, 2),
    flow: fc.integer({ min: -1, max: 1 }),
    packet: number(4),
    drop: fc.constantFrom(null, null, null, ...REASONS),
    aside: fc.oneof(
      { weight: 6, arbitrary: fc.constant([]) },
      {
        weight: 1,
        arbitrary: fc.array(fc.record({ flow: number(1), packet: number(4) }), { minLength: 1, maxLength: 3 }),
      },
    ),
  }),
  { maxLength: 60 },
);
const filters = fc.record(
  {
    actor: fc.constantFrom("", "node", "LINK", "a-b", "nothing"),
    kind: fc.constantFrom("", "pack", "link", "tick"),
    flow: fc.constantFrom("", "vid", "PING", "none"),
    packet: number(5),
    dropped: fc.boolean(),
    from_ns: number(300),
    to_ns: number(600),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<LogFilter>;

test("pages hold the rows that match, in order, also while the log grows", (t) => {
  fc.assert(
    fc.property(
      events,
      events,
      filters,
      number(70),
      number(20),
      number(70),
      (before, after, filter, first, count, around) => {
        const columns = new EventColumns();
        const index = new LogIndex(columns, { actors: ACTORS, flows: FLOWS });
        for (const part of [before, after]) {
          fill(columns, part);
          const expected = plainly(columns, filter);
          const page = index.query(filter, first, count);
          t.is(page.total, expected.length);
          t.is(page.keptFrom, 0);
          t.deepEqual(
            page.rows.map(({ event }) => event),
            expected.slice(page.first, page.first + count),
          );
          t.is(page.first, Math.min(first, expected.length));
          const near = index.query(filter, 0, count, around);
          t.deepEqual(
            near.rows.map(({ event }) => event),
            expected.slice(near.first, near.first + count),
          );
          t.is(near.rows.length, Math.min(count, expected.length));
          const nearest = expected.find((event) => event >= around);
          if (nearest !== undefined && count > 1)
            t.true(
              near.rows.some(({ event }) => event === nearest),
              "the row asked for is there",
            );
        }
      },
    ),
    { seed: 10, numRuns: 300 },
  );
});

test("a row says what its columns hold", (t) => {
  const columns = new EventColumns();
  const packet: Event = { target: 2, sender: 1, kind: 0, flow: 0, packet: 7, drop: "queue_overflow", aside: [] };
  const lost = [
    { flow: 0, packet: 5 },
    { flow: 1, packet: 6 },
  ];
  fill(columns, [packet, { ...packet, kind: 1, sender: -1, aside: lost }, { ...packet, flow: 5, drop: null }]);
  const { rows } = new LogIndex(columns, { actors: ACTORS, flows: FLOWS }).query({}, 0, 10);
  t.deepEqual(rows[0], {
    event: 1,
    time_ns: 0,
    actor: "link/A-B",
    kind: "packet",
    flow: "video",
    packet: 7,
    ifId: 1,
    from: "node/A",
    sent_ns: 0,
    dropped: "queue_overflow",
  } satisfies LogRow);
  const fault = rows[1] as LogRow;
  t.deepEqual(
    [fault.kind, fault.flow, fault.packet, fault.ifId, fault.from, fault.dropped],
    ["link.fail", null, null, null, null, null],
  );
  t.deepEqual(fault.others, [{ reason: "link_down", packets: 2 }]);
  t.is(rows[2]?.flow, "#5", "flows beyond the names have their number");
});

test("what the log forgets is no match any more, and answers are bounded", (t) => {
  const columns = new EventColumns({ maxRows: 131_072 });
  const index = new LogIndex(columns, { actors: ACTORS, flows: FLOWS });
  const row = (n: number): Event => ({ target: n % 6, sender: 0, kind: 0, flow: 0, packet: n, drop: null, aside: [] });
  for (let n = 0; n < 200_000; n++) {
    fill(columns, [row(n)]);
    if (n % 40_000 === 0) index.query({ actor: "host" }, 0, 1);
  }
  t.true(columns.forgotten > 0);
  for (const filter of [{}, { actor: "host" }]) {
    const page = index.query(filter, 0, 1_000_000);
    t.is(page.keptFrom, columns.first);
    t.is(page.rows.length, MAX_LOG_ROWS);
    t.true((page.rows[0] as LogRow).event >= columns.first);
    t.is(page.total, plainly(columns, filter).length);
  }
});

test("new actors and new kinds are met by a filter that was asked before", (t) => {
  const columns = new EventColumns();
  const actors = ["node/A"];
  const index = new LogIndex(columns, { actors, flows: FLOWS });
  const row: Event = { target: 0, sender: -1, kind: 0, flow: 0, packet: 1, drop: null, aside: [] };
  fill(columns, [row]);
  t.is(index.query({ actor: "stream" }, 0, 5).total, 0);
  t.is(index.query({ kind: "tick" }, 0, 5).total, 0);
  actors.push("stream/1");
  fill(columns, [{ ...row, target: 1, kind: 2 }]);
  t.is(index.query({ actor: "stream" }, 0, 5).total, 1);
  t.is(index.query({ kind: "tick" }, 0, 5).total, 1);
});
