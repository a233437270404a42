/** Sessions of pieces on a network of their own, in virtual time: clocks that differ, delays, floods, old and forged datagrams. */
import test from "ava";
import fc from "fast-check";
import { keyIdOf, pieceKey } from "./identity.ts";
import { openHello } from "./message.ts";
import type { PieceNews } from "./message.ts";
import { createRoster, forgetSilent, GONE_AFTER, learn, placesUp } from "./roster.ts";
import { PieceSession } from "./session.ts";

const MS = 1_000_000;
const KEY = pieceKey({ seed: 1 }, "secret");
const IDENTITY = { scenario: "ab".repeat(32), keyId: keyIdOf(KEY), pathloom: "1", build: "b" };

interface Delay {
  readonly there: number;
  readonly back: number;
}

/** A chain of pieces, an AS each; link n leads from piece n to piece n + 1. */
class Chain {
  time = 1_000 * MS;
  readonly sessions: PieceSession[];
  /** Everything that was ever sent: to whom, on which of its links. */
  readonly sent: { readonly to: number; readonly link: number; readonly bytes: Uint8Array }[] = [];
  readonly #queue: { readonly at: number; readonly to: number; readonly link: number; readonly bytes: Uint8Array }[] =
    [];
  readonly #clocks: readonly number[];
  readonly #delays: readonly Delay[];
  readonly #machine: (piece: number) => string;

  constructor(
    clocks: readonly number[],
    delays: readonly Delay[],
    machine = (piece: number): string => hexId(piece + 100),
  ) {
    this.#clocks = clocks;
    this.#delays = delays;
    this.#machine = machine;
    this.sessions = clocks.map((_, own) => this.make(own, hexId(own + 1)));
  }

  make(own: number, instance: string): PieceSession {
    const ends = [own - 1, own + 1].filter((to) => to >= 0 && to < this.#clocks.length);
    return new PieceSession({
      identity: IDENTITY,
      key: KEY,
      machine: this.#machine(own),
      instance,
      places: this.#clocks.map((_, place) => `1-${place + 1}`),
      here: [own],
      foreign: [],
      links: ends.map((to) => ({ name: `1-${own + 1}#${to + 1}`, ia: `1-${to + 1}` })),
      send: (link, bytes) => this.#send(own, ends[link] as number, bytes),
      clock: () => this.clockOf(own),
    });
  }

  clockOf(piece: number): number {
    return this.time + (this.#clocks[piece] as number);
  }

  #send(from: number, to: number, bytes: Uint8Array): void {
    const delay = this.#delays[Math.min(from, to)] as Delay;
    // The link's number at the other end: 0 leads back, unless that end is the first.
    const link = to === 0 || from < to ? 0 : 1;
    this.sent.push({ to, link, bytes });
    this.#queue.push({ at: this.time + (from < to ? delay.there : delay.back), to, link, bytes });
  }

  /** `alive`: who ticks and hears. */
  run(ms: number, alive: (piece: number) => boolean = () => true): void {
    for (let n = 0; n < ms; n++) {
      this.time += MS;
      if (n % 100 === 0) this.sessions.forEach((session, own) => alive(own) && session.tick());
      const due = this.#queue.filter(({ at }) => at <= this.time);
      this.#queue.splice(0, this.#queue.length, ...this.#queue.filter(({ at }) => at > this.time));
      for (const { to, link, bytes } of due) if (alive(to)) (this.sessions[to] as PieceSession).receive(link, bytes);
    }
  }
}

const hexId = (n: number): string => n.toString(16).padStart(16, "0");

test("clocks that differ: every piece knows the epoch to within what it says", (t) => {
  const clock = fc.integer({ min: -500 * MS, max: 500_000 * MS });
  const delay = fc.record({ there: fc.integer({ min: 1, max: 40 * MS }), back: fc.integer({ min: 1, max: 40 * MS }) });
  fc.assert(
    fc.property(
      fc.array(clock, { minLength: 2, maxLength: 5 }),
      fc.array(delay, { minLength: 4, maxLength: 4 }),
      (clocks, delays) => {
        const chain = new Chain(clocks, delays);
        chain.run(2_000);
        const first = chain.sessions[0]?.epoch?.at ?? Number.NaN;
        chain.sessions.forEach(({ epoch, missing }, piece) => {
          t.deepEqual(missing, []);
          const wrong = (epoch?.at ?? Number.NaN) - (clocks[piece] as number) - (first - (clocks[0] as number));
          // The chain moves in steps of a millisecond.
          t.true(
            Math.abs(wrong) <= (epoch?.error ?? 0) + piece * MS,
            `piece ${piece} is wrong by ${wrong}, and says ${epoch?.error}`,
          );
        });
        t.is(new Set(chain.sessions.map(({ epoch }) => epoch?.run)).size, 1);
      },
    ),
    { numRuns: 30 },
  );
});

test("on one machine the epoch is exact, however long datagrams take", (t) => {
  const chain = new Chain(
    [0, 0, 0],
    [
      { there: 30 * MS, back: MS },
      { there: MS, back: 30 * MS },
    ],
    () => hexId(7),
  );
  chain.run(1_000);
  t.is(new Set(chain.sessions.map(({ epoch }) => epoch?.at)).size, 1);
  t.true(chain.sessions.every(({ epoch }) => epoch !== null && epoch.error === 0));
});

test("nobody proposes before all are up; the one that is missing is named", (t) => {
  const chain = new Chain(
    [0, 0, 0],
    [
      { there: MS, back: MS },
      { there: MS, back: MS },
    ],
  );
  chain.run(1_000, (piece) => piece !== 2);
  t.deepEqual(chain.sessions[0]?.missing, ["1-3"]);
  t.is(chain.sessions[0]?.epoch, null);
  chain.run(1_000);
  t.true(chain.sessions.every(({ epoch }) => epoch !== null));
});

test("a piece that is started again learns the epoch, the first of them too; the dead are forgotten everywhere", (t) => {
  const chain = new Chain(
    [0, 9 * MS, -5 * MS],
    [
      { there: MS, back: MS },
      { there: MS, back: MS },
    ],
  );
  chain.run(2_000);
  const before = chain.sessions.map(({ epoch }) => epoch?.run);
  for (const session of chain.sessions) session.begin();
  chain.run(8_000, (piece) => piece !== 0);
  t.deepEqual(chain.sessions[2]?.missing, ["1-1"]);
  t.regex(chain.sessions[2]?.takeNews().join() ?? "", /nothing is heard any more of 1-1/);
  chain.sessions[0] = chain.make(0, hexId(50));
  chain.run(1_000);
  t.is(chain.sessions[0].epoch?.run, before[0]);
  t.deepEqual(chain.sessions[2]?.missing, []);
  t.deepEqual(chain.sessions[2]?.others.map(({ instance }) => instance).toSorted(), [hexId(2), hexId(50)]);
  t.regex(chain.sessions[2]?.takeNews().join() ?? "", /1-1 is here again/);
});

test("datagrams of an earlier run, or sent again, change nothing", (t) => {
  const old = new Chain([0, 0], [{ there: MS, back: MS }]);
  old.run(1_000);
  const fresh = new Chain([0, 0], [{ there: MS, back: MS }]);
  fresh.sessions[0] = fresh.make(0, hexId(60));
  fresh.sessions[1] = fresh.make(1, hexId(61));
  // Only what the earlier second piece said, and no second piece.
  for (const { to, link, bytes } of old.sent) if (to === 0) fresh.sessions[0].receive(link, bytes);
  fresh.run(300, (piece) => piece === 0);
  t.is(fresh.sessions[0].epoch, null);
  t.deepEqual(fresh.sessions[0].missing, ["1-2"]);
  t.deepEqual(fresh.sessions[0].others, []);
  fresh.run(1_000);
  const before = fresh.sessions[0].epoch;
  const told = [...fresh.sent];
  const { stale } = fresh.sessions[0].counters;
  const replayed = told.filter(({ to }) => to === 0);
  for (const { link, bytes } of replayed) fresh.sessions[0].receive(link, bytes);
  t.is(fresh.sessions[0].epoch, before);
  t.true(fresh.sessions[0].counters.stale - stale >= replayed.length - 2, "all but those that greet a stranger");
});

test("a flood is answered by a few datagrams, whatever it is made of", (t) => {
  const chain = new Chain([0, 0], [{ there: MS, back: MS }]);
  const [first, second] = chain.sessions as [PieceSession, PieceSession];
  second.tick();
  const hello = chain.sent.find(({ to }) => to === 0)?.bytes as Uint8Array;
  t.truthy(openHello(hello));
  const forged = Uint8Array.from(hello);
  forged[forged.length - 1] = (forged.at(-1) as number) ^ 1;
  const other = Uint8Array.from(hello);
  other[30] = (other[30] as number) ^ 1;
  const before = chain.sent.length;
  for (let n = 0; n < 1_000; n++)
    for (const bytes of [hello, forged, other, new Uint8Array(1_400), new Uint8Array()]) first.receive(0, bytes);
  t.true(chain.sent.length - before <= 4, `${chain.sent.length - before} answers`);
  const { hellos, garbage, forged: bad, foreign, unanswered } = first.counters;
  t.deepEqual({ hellos, garbage, bad, foreign }, { hellos: 3_000, garbage: 2_000, bad: 1_000, foreign: 1_000 });
  t.true(unanswered >= 1_990);
  t.is(first.problem, null, "what does not echo us may come from anybody");
  t.deepEqual(first.others, []);
});

test("the roster: bounded, places checked, the dead stay dead until their own beat rises", (t) => {
  const roster = createRoster(hexId(1), [0], 4);
  const news = (n: number, beat: number, ...places: number[]): PieceNews => {
    return { instance: hexId(n), machine: hexId(9), beat, ended: false, places };
  };
  t.is(learn(roster, news(2, 5, 1), 0), "new");
  t.is(learn(roster, news(2, 5, 1), 1), "old");
  t.is(learn(roster, news(3, 1, 4), 1), "refused");
  t.is(learn(roster, news(3, 1, 2, 2), 1), "refused");
  t.is(learn(roster, news(3, 1), 1), "refused");
  t.is(learn(roster, news(3, 1, 0), 1), "old");
  t.deepEqual(
    forgetSilent(roster, GONE_AFTER + 1).map(({ instance }) => instance),
    [hexId(2)],
  );
  t.is(learn(roster, news(2, 5, 1), GONE_AFTER + 2), "old");
  t.is(learn(roster, news(2, 6, 1), GONE_AFTER + 2), "new");
  t.deepEqual([...placesUp(roster)], [1]);
  for (let n = 10; n < 5_000; n++) learn(roster, news(n, n, 1 + (n % 3)), GONE_AFTER + 3);
  t.true(roster.pieces.size <= 4 && roster.forgotten.size <= 1_024);
});
