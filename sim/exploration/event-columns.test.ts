/** The columns hold what was delivered, the same as a plain list would; who sent what is pending is known however long it waits. */
import test from "ava";
import type { WorldObserver } from "../../actors/record.ts";
import type { World } from "../../actors/world.ts";
import type { ControlEvent } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import { linksAssembly } from "../link-worlds.ts";
import { Simulation } from "../simulation.ts";
import { busyAssembly, channelsAssembly } from "../test-worlds.ts";
import { EventColumns, rowOf } from "./event-columns.ts";
import { EventRecorder } from "./event-recorder.ts";

const MS = 1_000_000;

interface Row {
  readonly time: number;
  readonly target: number;
  readonly kind: string;
  readonly flow: number;
  readonly packet: number;
  readonly ifId: number;
  sender: number;
  sent: number;
  drop: string;
}

/** The same, in the plainest way there is. */
class PlainLog implements WorldObserver {
  readonly rows: Row[] = [];
  readonly asides: [event: number, actor: number, flow: number, packet: number, reason: string][] = [];
  readonly #pending = new Map<number, [number, number]>();
  readonly #world: World;
  #thing: unknown = null;

  constructor(world: World) {
    this.#world = world;
  }

  sent: NonNullable<WorldObserver["sent"]> = (from, _target, order) =>
    void this.#pending.set(order, [from.self, this.#world.now]);

  delivered: WorldObserver["delivered"] = (target, order, thing, isPacket, ifId) => {
    const time = this.#world.now;
    const [sender, sent] = this.#pending.get(order) ?? [-1, time];
    const { flow, l4, number } = thing as Packet;
    const of = isPacket
      ? { kind: flow < 0 ? `packet ${l4.kind}` : "packet", flow, packet: number, ifId }
      : { kind: (thing as ControlEvent).type, flow: -1, packet: 0, ifId: 0 };
    this.#thing = thing;
    this.rows.push({ time, target: target.self, ...of, sender, sent, drop: "" });
  };

  dropped: NonNullable<WorldObserver["dropped"]> = (at, packet, reason) => {
    if (packet === this.#thing) (this.rows.at(-1) as Row).drop = reason;
    else this.asides.push([this.rows.length, at.self, packet.flow, packet.number, reason]);
  };
}

/** Both listen to one run. */
function both(world: World, columns: EventColumns): { plain: PlainLog; observer: WorldObserver } {
  const [plain, recorder] = [new PlainLog(world), new EventRecorder(world, columns)];
  const observer: WorldObserver = {
    sent: (...told) => plain.sent(...told),
    delivered: (...told) => (plain.delivered(...told), recorder.delivered(...told)),
    dropped: (...told) => (plain.dropped(...told), recorder.dropped(...told)),
  };
  return { plain, observer };
}

function rowsOf(columns: EventColumns): Row[] {
  const rows: Row[] = [];
  for (let event = columns.first; event <= columns.last; event++) {
    const chunk = columns.chunkOf(event);
    const at = rowOf(event);
    if (chunk === null) throw new Error(`event ${event} is not there`);
    const [time, sent, target, sender] = [
      chunk.time[at],
      chunk.sent[at],
      chunk.target[at],
      chunk.sender[at],
    ] as number[];
    const [kind, flow, packet, ifId, drop] = [
      columns.kinds[chunk.kind[at] as number],
      chunk.flow[at],
      chunk.packet[at],
      chunk.ifId[at],
      columns.reasons[chunk.drop[at] as number],
    ];
    rows.push({ time, target, kind, flow, packet, ifId, sender, sent, drop } as Row);
  }
  return rows;
}

for (const [name, assembly, until] of [
  ["failover", busyAssembly(1), 2_000],
  ["links of every kind", linksAssembly(1), 900],
  ["channels", channelsAssembly(1), 600],
] as const) {
  test(`${name}: the columns say what a plain log says`, (t) => {
    const columns = new EventColumns();
    let plain: PlainLog | null = null;
    const observe = (world: World): WorldObserver => {
      const made = both(world, columns);
      plain = made.plain;
      return made.observer;
    };
    const world = Simulation.create(assembly, { observe });
    world.run(until * MS);
    const log = plain as PlainLog | null;
    t.is(columns.last, world.events);
    const [rows, expected] = [rowsOf(columns), log?.rows ?? []];
    const differs = rows.findIndex((row, at) => JSON.stringify(row) !== JSON.stringify(expected[at]));
    t.deepEqual(rows[differs], expected[differs]);
    t.is(rows.length, expected.length);
    t.true((log?.rows ?? []).some(({ drop }) => drop !== ""));
    const asides = [...columns.aside()].map(({ event, actor, flow, packet, reason }) => [
      event,
      actor,
      flow,
      packet,
      reason,
    ]);
    t.deepEqual(asides, log?.asides ?? []);
    if (name === "links of every kind") t.true(asides.length > 50);
    const drops = [...world.ledger.byReason.values()].reduce((sum, count) => sum + count, 0);
    t.is(asides.length + (log?.rows.filter(({ drop }) => drop !== "").length ?? 0), drops);
    const middle = log?.rows[Math.floor(world.events / 2)] as Row;
    const first = columns.firstFrom(middle.time);
    t.is(columns.timeOf(first), middle.time);
    t.true(columns.timeOf(first - 1) < middle.time);
  });
}

test("beyond its bound the oldest chunk goes and is counted", (t) => {
  const columns = new EventColumns({ maxRows: 131_072 });
  for (let n = 1; n <= 300_000; n++) {
    columns.append(n * 10, n % 7, 0, 1, n, 3, 0, true);
    columns.noteSent(2, n * 10 - 5);
  }
  t.deepEqual([columns.first, columns.last, columns.forgotten], [196_609, 300_000, 196_608]);
  t.is(columns.chunkOf(196_608), null);
  t.is(columns.timeOf(196_609), 1_966_090);
  t.is(columns.firstFrom(2_500_005), 250_001);
  t.is(columns.firstFrom(9e9), 300_001);
  t.is(columns.hashes(196_608, 10).length, 0);
  t.is(columns.hashes(250_000, 100_000).length, 2 * 50_001);
  t.is([...columns.chunks()].length, 2);
});

test("hashes hang on the events and not on the order in which kinds were met", (t) => {
  const [one, other] = [new EventColumns(), new EventColumns()];
  for (const kind of ["timer.a", "link.fail"]) other.kindOf(kind);
  const fill = (
    columns: EventColumns,
    changed: Partial<{ time: number; target: number; ifId: number; packet: number }>,
  ) => {
    for (const kind of ["link.fail", "packet", "timer.a", "packet"]) {
      const { time = 5e9, target = 3, ifId = 2, packet = 9 } = columns.last === 1 ? changed : {};
      columns.append(time, target, columns.kindOf(kind), kind === "packet" ? 4 : -1, packet, ifId, 77, true);
    }
    return columns.hashes(1, 4);
  };
  const expected = fill(one, {});
  t.deepEqual(fill(other, {}), expected);
  for (const changed of [{ time: 9e9 }, { target: 4 }, { ifId: 3 }, { packet: 8 }]) {
    const found = fill(new EventColumns(), changed);
    t.deepEqual(found.subarray(0, 2), expected.subarray(0, 2));
    for (const row of [1, 2, 3]) t.not(found[2 * row], expected[2 * row], JSON.stringify(changed));
  }
});
