/** The behaviours of Packeteer's scheduler, each twice over virtual time with the same log; then what is ours. */
import test from "ava";
import { type Connector, EVENTS } from "./connector.ts";
import { ok } from "./result.ts";
import {
  CallbackError,
  Scheduler,
  type SchedulerCallback,
  type SchedulerClock,
  type SchedulerOptions,
} from "./scheduler.ts";

const { READ, WRITE, OPEN, CLOSE, TIMEOUT, USER } = EVENTS;

/** Time that moves when told to. */
class VirtualClock implements SchedulerClock {
  time = 0;
  #due = Number.POSITIVE_INFINITY;
  #callback: (() => void) | null = null;

  now(): number {
    return this.time;
  }

  wake(due: number, callback: () => void): void {
    this.#due = Math.max(due, this.time);
    this.#callback = callback;
  }

  stop(): void {
    this.#due = Number.POSITIVE_INFINITY;
    this.#callback = null;
  }

  get waiting(): boolean {
    return this.#callback !== null;
  }

  pass(until: number): void {
    this.time = Math.max(this.time, until);
  }

  /** Lets time go by and calls whom it was asked to wake; `most` wakes at most. */
  advance(until: number, most = 10_000): number {
    let wakes = 0;
    while (this.#callback !== null && this.#due <= until && wakes < most) {
      const callback = this.#callback;
      this.time = this.#due;
      this.stop();
      wakes++;
      callback();
    }
    if (wakes < most) this.time = Math.max(this.time, until);
    return wakes;
  }
}

/** A connector with a queue of sizes, readable as long as something is in it. */
class FakeConnector implements Connector {
  readonly scheme = "fake";
  readonly behaviour = "stream";
  readonly lastError = null;
  listening = false;
  connected = true;
  readonly url: string;
  readonly #queue: number[] = [];
  notify: ((events: number) => void) | null = null;
  watches = 0;

  constructor(name = "a") {
    this.url = `fake://${name}`;
  }

  get communicating(): boolean {
    return this.connected;
  }

  peek(): number {
    return this.#queue.reduce((sum, size) => sum + size, 0);
  }

  put(size: number): void {
    this.#queue.push(size);
    this.notify?.(READ);
  }

  take(): number {
    return this.#queue.shift() ?? 0;
  }

  watch(notify: (events: number) => void): () => void {
    this.notify = notify;
    this.watches++;
    return () => {
      this.notify = null;
    };
  }

  listen = () => ok(undefined);
  connect = () => ok(undefined);
  accept = () => ok<Connector>(this);
  read = () => ok(new Uint8Array(this.take()));
  write = (bytes: Uint8Array) => ok(bytes.length);
  receive = () => ok({ bytes: new Uint8Array(this.take()), from: "fake://" });
  send = (bytes: Uint8Array) => ok(bytes.length);
  close = () => ok(undefined);
}

interface Stage {
  readonly clock: VirtualClock;
  readonly scheduler: Scheduler;
  readonly log: string[];
  /** A callback that writes down its name, the time and the events. */
  readonly note: (name: string, then?: () => ReturnType<SchedulerCallback>) => SchedulerCallback;
}

function stage(options: SchedulerOptions = {}): Stage {
  const clock = new VirtualClock();
  const log: string[] = [];
  const note: Stage["note"] = (name, then) => (now, events) => {
    log.push(`${now} ${name} ${events}`);
    return then?.();
  };
  return { clock, scheduler: new Scheduler(clock, options), log, note };
}

/** One behaviour, run twice: the log is as expected, and the same both times. */
function behaviour(name: string, expected: readonly string[], play: (on: Stage) => void): void {
  test(name, (t) => {
    for (let round = 0; round < 2; round++) {
      const on = stage();
      play(on);
      t.deepEqual(on.log, expected);
    }
  });
}

/** Pumps until nothing is left within `end`, each time up to the next thing due. */
function pump({ scheduler, clock }: Stage, end: number): void {
  while (clock.time < end) if (!scheduler.process(end - clock.time).ok) return;
}

test("soft_timeout: process waits to the first thing due, not to the end of the timeout", (t) => {
  const on = stage();
  on.scheduler.scheduleOnce(50, on.note("timer"));
  t.deepEqual(on.scheduler.process(20), {
    ok: false,
    error: { name: "timeout", message: "Nothing became ready within 20 ns." },
  });
  t.is(on.clock.time, 20);
  t.deepEqual(on.scheduler.process(1_000), ok(1));
  t.is(on.clock.time, 50);
  t.is(on.scheduler.process(0).ok, false);
});

// worker_count has nothing to count: there is one thread.

behaviour("delayed", ["70 first 128", "100 second 128"], (on) => {
  on.scheduler.scheduleOnce(100, on.note("second"));
  on.scheduler.scheduleOnce(70, on.note("first"));
  pump(on, 200);
});

behaviour("timed", ["30 at 128", "30 past 128"], (on) => {
  on.clock.time = 10;
  on.scheduler.scheduleAt(30, on.note("at"));
  pump(on, 30);
  on.scheduler.scheduleAt(5, on.note("past"));
  on.scheduler.process(0);
});

behaviour(
  "repeat: count calls, count 0 is one",
  ["10 thrice 128", "10 once 128", "15 thrice 128", "20 thrice 128"],
  (on) => {
    on.scheduler.schedule(10, 5, 3, on.note("thrice"));
    on.scheduler.schedule(10, 5, 0, on.note("once"));
    pump(on, 100);
  },
);

behaviour("infinite: until it is taken back", ["10 tick 128", "20 tick 128", "30 tick 128"], (on) => {
  const tick = on.note("tick");
  on.scheduler.schedule(10, 10, -1, tick);
  pump(on, 35);
  on.scheduler.unschedule(tick);
  pump(on, 100);
});

behaviour("delayed_repeat: the first delay is not the interval", ["50 tick 128", "53 tick 128"], (on) => {
  on.scheduler.schedule(50, 3, 2, on.note("tick"));
  pump(on, 100);
});

behaviour(
  "parallel: interleaved, by time and then by order of registration",
  ["10 b 128", "10 a 128", "20 b 128", "20 a 128", "30 b 128", "30 a 128", "30 c 128"],
  (on) => {
    on.scheduler.schedule(10, 10, 3, on.note("b"));
    on.scheduler.schedule(10, 10, 3, on.note("a"));
    on.scheduler.scheduleAt(30, on.note("c"));
    pump(on, 100);
  },
);

behaviour("user", [`0 both ${USER | (USER << 1)}`, `0 second ${USER << 1}`, `0 second ${USER << 1}`], (on) => {
  const both = on.note("both");
  on.scheduler.registerEvent(USER, both);
  on.scheduler.registerEvent(USER << 1, both);
  on.scheduler.registerEvent(USER << 1, on.note("second"));
  on.scheduler.fireEvents(USER | (USER << 1));
  on.scheduler.process(0);
  on.scheduler.unregisterEvent(USER | (USER << 1), both);
  on.scheduler.fireEvents(USER | (USER << 1));
  on.scheduler.process(0);
});

behaviour("io_callback: readable when bytes come, writable at once", [`0 io ${WRITE}`, `7 io ${READ}`], (on) => {
  const connector = new FakeConnector();
  on.scheduler.register(
    connector,
    READ | WRITE,
    on.note("io", () => void connector.take()),
  );
  on.scheduler.process(0);
  on.clock.time = 7;
  connector.put(4);
  on.scheduler.process(0);
  on.scheduler.process(0);
});

behaviour("io_oneshot", [`0 io ${READ}`], (on) => {
  const connector = new FakeConnector();
  on.scheduler.register(connector, READ, on.note("io"), { once: true });
  connector.put(4);
  on.scheduler.process(0);
  connector.put(4);
  on.scheduler.process(0);
});

behaviour(
  "io_repeat: again while the callback answers repeat_action",
  [`0 io ${WRITE}`, `0 io ${WRITE}`, `0 io ${WRITE}`],
  (on) => {
    let left = 3;
    const again = on.note("io", () => (--left > 0 ? "repeat_action" : undefined));
    on.scheduler.register(new FakeConnector(), WRITE, again, { repeat: true });
    on.scheduler.process(0);
    on.scheduler.process(0);
  },
);

behaviour(
  "io_registration_sequence: READ and WRITE one after the other are one interest",
  [`0 io ${READ | WRITE}`],
  (on) => {
    const connector = new FakeConnector();
    const io = on.note("io", () => void connector.take());
    connector.put(1);
    on.scheduler.register(connector, READ, io);
    on.scheduler.register(connector, WRITE, io);
    on.scheduler.process(0);
  },
);

behaviour("io_registration_simultaneous", [`0 io ${READ | WRITE}`], (on) => {
  const connector = new FakeConnector();
  connector.put(1);
  on.scheduler.register(
    connector,
    READ | WRITE,
    on.note("io", () => void connector.take()),
  );
  on.scheduler.process(0);
});

test("io_remove_all: the connector alone takes back every callback of it", (t) => {
  const on = stage();
  const connector = new FakeConnector();
  on.scheduler.register(connector, READ, on.note("a"));
  on.scheduler.register(connector, READ | WRITE, on.note("b"));
  connector.put(1);
  t.true(on.scheduler.unregister(connector).ok);
  t.is(on.scheduler.process(0).ok, false);
  t.is(on.scheduler.size, 0);
  t.is(connector.notify, null);
});

test("io_remove_completely: event by event, until nothing is left of it", (t) => {
  const on = stage();
  const connector = new FakeConnector();
  const [a, b] = [on.note("a"), on.note("b")];
  on.scheduler.register(connector, READ | WRITE, a);
  on.scheduler.register(connector, READ | WRITE, b);
  on.scheduler.unregister(connector, WRITE, a);
  connector.put(1);
  on.scheduler.unregister(connector, READ, b);
  on.scheduler.process(0);
  t.deepEqual(on.log, [`0 a ${READ}`, `0 b ${WRITE}`]);
  on.scheduler.unregister(connector, READ, a);
  t.is(on.scheduler.size, 1);
  on.scheduler.unregister(connector, WRITE);
  t.is(on.scheduler.size, 0);
  t.is(connector.notify, null);
});

test("READ stands as long as something waits: at once where the callback took some, else with the next process", (t) => {
  const on = stage();
  const connector = new FakeConnector();
  for (const size of [3, 2, 1]) connector.put(size);
  on.scheduler.register(
    connector,
    READ,
    on.note("io", () => void connector.take()),
  );
  t.deepEqual(on.scheduler.process(0), ok(3));
  const lazy = new FakeConnector();
  lazy.put(5);
  on.scheduler.register(lazy, READ, on.note("lazy"));
  t.deepEqual(on.scheduler.process(0), ok(1));
  t.deepEqual(on.scheduler.process(0), ok(1));
  lazy.take();
  t.deepEqual(on.scheduler.process(0), ok(1));
  t.is(on.scheduler.process(0).ok, false);
});

for (const once of [false, true]) {
  test(`a listener's READ counts connections: accepting one a call loses none (${once ? "one-shot" : "standing"})`, (t) => {
    const on = stage();
    const listener = Object.assign(new FakeConnector(), { listening: true, connected: false });
    const accept: SchedulerCallback = on.note("accept", () => {
      if (once) on.scheduler.register(listener, READ, accept, { once });
    });
    on.scheduler.register(listener, READ, accept, { once });
    for (let client = 0; client < 3; client++) listener.notify?.(READ);
    t.deepEqual(on.scheduler.process(0), ok(3));
    t.is(on.scheduler.process(0).ok, false);
  });
}

test("what was told while nobody asked for it is told when somebody does", (t) => {
  const on = stage();
  const connector = new FakeConnector();
  on.scheduler.register(connector, READ, on.note("read"));
  connector.notify?.(OPEN | CLOSE);
  t.is(on.scheduler.process(0).ok, false);
  on.scheduler.register(connector, OPEN, on.note("open"));
  on.scheduler.process(0);
  t.deepEqual(on.log, [`0 open ${OPEN}`]);
});

test("callbacks that change registrations: what is added waits a round, what is taken back is not called", (t) => {
  const on = stage();
  const [victim, late] = [on.note("victim"), on.note("late")];
  on.scheduler.scheduleAt(
    0,
    on.note("first", () => {
      on.scheduler.unschedule(victim);
      on.scheduler.scheduleAt(0, late);
    }),
  );
  on.scheduler.scheduleAt(0, victim);
  on.scheduler.scheduleAt(0, on.note("last"));
  on.scheduler.process(0);
  t.deepEqual(on.log, ["0 first 128", "0 last 128", "0 late 128"]);
});

test("a one-shot callback may register anew, and loses nothing that was told meanwhile", (t) => {
  const on = stage();
  const connector = new FakeConnector();
  const io: SchedulerCallback = on.note("io", () => {
    connector.take();
    connector.put(1);
    if (on.log.length < 3) on.scheduler.register(connector, READ, io, { once: true });
  });
  on.scheduler.register(connector, READ, io, { once: true });
  connector.put(1);
  pump(on, 1);
  t.is(on.log.length, 3);
  t.is(connector.watches, 1);
  t.is(on.scheduler.size, 0);
});

test("one-shot and repeat: taken back once it stops answering repeat_action", (t) => {
  const on = stage();
  let left = 3;
  const again = on.note("io", () => (--left > 0 ? "repeat_action" : undefined));
  on.scheduler.register(new FakeConnector(), WRITE, again, { once: true, repeat: true });
  t.deepEqual(on.scheduler.process(0), ok(3));
  t.is(on.scheduler.size, 0);
});

test("a timer takes itself back from inside its own call", (t) => {
  const on = stage();
  const tick: SchedulerCallback = on.note("tick", () => void (on.log.length === 2 && on.scheduler.unschedule(tick)));
  on.scheduler.schedule(0, 5, -1, tick);
  pump(on, 100);
  t.deepEqual(on.log, ["0 tick 128", "5 tick 128"]);
});

test("unschedule says how many timers there were", (t) => {
  const on = stage();
  const tick = on.note("tick");
  for (let n = 0; n < 3; n++) on.scheduler.scheduleOnce(n, tick);
  t.deepEqual(on.scheduler.unschedule(tick), ok(3));
  t.deepEqual(on.scheduler.unschedule(tick), ok(0));
  t.is(on.scheduler.size, 0);
});

test("calls missed while the loop was busy are left out but do not count; the grid stays", (t) => {
  const on = stage();
  on.scheduler.schedule(10, 10, 3, on.note("tick"));
  on.clock.time = 47;
  on.scheduler.process(0);
  pump(on, 100);
  t.deepEqual(on.log, ["47 tick 128", "50 tick 128", "60 tick 128"]);
});

test("an endless repeat yields after a batch, and leaves the others their turn", (t) => {
  const on = stage({ batch: 10 });
  on.scheduler.register(
    new FakeConnector("endless"),
    WRITE,
    on.note("endless", () => "repeat_action"),
    { repeat: true },
  );
  on.scheduler.scheduleAt(0, on.note("other"));
  t.deepEqual(on.scheduler.process(0), ok(10));
  t.is(on.log[1], "0 other 128");
  on.scheduler.attach();
  on.scheduler.scheduleAt(2_500, on.note("later"));
  on.clock.advance(10_000, 100);
  t.true(on.log.includes("2500 later 128") || on.log.includes("3000 later 128"), "virtual time goes on");
});

test("attached, the clock calls; detached, nothing does", (t) => {
  const on = stage();
  on.scheduler.attach();
  on.scheduler.schedule(10, 10, -1, on.note("tick"));
  t.is(on.scheduler.process(0).ok, false);
  on.clock.advance(25);
  on.scheduler.scheduleOnce(1, on.note("sooner"));
  on.clock.advance(30);
  t.deepEqual(on.log, ["10 tick 128", "20 tick 128", "26 sooner 128", "30 tick 128"]);
  on.scheduler.detach();
  t.false(on.clock.waiting);
  on.clock.advance(100);
  t.is(on.log.length, 4);
});

test("with nothing left the clock is let go, so that a process can end", (t) => {
  const on = stage();
  const tick = on.note("tick");
  on.scheduler.attach();
  on.scheduler.scheduleOnce(10, tick);
  t.true(on.clock.waiting);
  on.scheduler.unschedule(tick);
  t.false(on.clock.waiting);
});

test("nobody is called from inside register, schedule or fireEvents", (t) => {
  const on = stage();
  on.scheduler.attach();
  on.scheduler.register(new FakeConnector(), WRITE, on.note("io"));
  on.scheduler.registerEvent(USER, on.note("user"));
  on.scheduler.fireEvents(USER);
  t.deepEqual(on.log, []);
  on.clock.advance(0);
  t.deepEqual(on.log, [`0 io ${WRITE}`, `0 user ${USER}`]);
});

test("what a callback throws surfaces from process, and the others keep their turn", (t) => {
  const on = stage();
  on.scheduler.scheduleAt(
    0,
    on.note("bad", () => {
      throw new Error("broken");
    }),
  );
  on.scheduler.scheduleAt(0, on.note("good"));
  t.throws(() => on.scheduler.process(0), { message: "broken" });
  t.deepEqual(on.scheduler.process(0), ok(1));
  t.deepEqual(on.log, ["0 bad 128", "0 good 128"]);
});

test("attached, what a callback throws surfaces from the clock's wake; the rest comes with the next", (t) => {
  const on = stage();
  on.scheduler.attach();
  on.scheduler.scheduleAt(
    0,
    on.note("bad", () => {
      throw new Error("broken");
    }),
  );
  on.scheduler.scheduleAt(0, on.note("good"));
  t.throws(() => on.clock.advance(0), { message: "broken" });
  on.clock.advance(0);
  t.deepEqual(on.log, ["0 bad 128", "0 good 128"]);
});

test("a failed handler gets what was thrown and what was answered; calls go on", (t) => {
  const failures: unknown[] = [];
  const on = stage({ failed: (error) => void failures.push(error) });
  on.scheduler.scheduleAt(0, () => {
    throw new Error("broken");
  });
  on.scheduler.register(new FakeConnector(), WRITE, () => "fs_error");
  on.scheduler.scheduleAt(0, on.note("good"));
  t.deepEqual(on.scheduler.process(0), ok(3));
  t.is((failures[0] as Error).message, "broken");
  t.is((failures[1] as CallbackError).error.name, "fs_error");
  t.is((failures[1] as Error).message, `The callback of fake://a for events ${WRITE} answered fs_error.`);
});

test("an error answered without a handler comes back from process; async and repeat_action are none", (t) => {
  const on = stage();
  on.scheduler.scheduleAt(0, () => "aborted");
  const answered = on.scheduler.process(0);
  t.is(answered.ok ? "" : answered.error.name, "aborted");
  on.scheduler.scheduleAt(0, () => "async");
  on.scheduler.scheduleAt(0, () => "repeat_action");
  t.deepEqual(on.scheduler.process(0), ok(2));
});

test("what cannot be asked for is refused by name", (t) => {
  const { scheduler, note } = stage({ most: 1 });
  const none = undefined as unknown as SchedulerCallback;
  const connector = new FakeConnector();
  const name = (outcome: { ok: true } | { ok: false; error: { name: string } }) =>
    outcome.ok ? "ok" : outcome.error.name;
  t.is(name(scheduler.register(connector, READ, none)), "empty_callback");
  t.is(name(scheduler.scheduleOnce(1, none)), "empty_callback");
  t.is(name(scheduler.unschedule(none)), "empty_callback");
  t.is(name(scheduler.registerEvent(USER, none)), "empty_callback");
  t.is(name(scheduler.unregisterEvent(USER, none)), "empty_callback");
  t.is(name(scheduler.register(connector, 0, note("x"))), "invalid_value");
  t.is(name(scheduler.register(connector, TIMEOUT, note("x"))), "invalid_value");
  t.is(name(scheduler.registerEvent(READ, note("x"))), "invalid_value");
  t.is(name(scheduler.fireEvents(USER | READ)), "invalid_value");
  t.is(name(scheduler.fireEvents(0)), "invalid_value");
  t.is(name(scheduler.schedule(0, 0, -1, note("x"))), "invalid_value");
  t.is(name(scheduler.schedule(Number.NaN, 1, 0, note("x"))), "invalid_value");
  t.is(name(scheduler.schedule(0, 1, 1.5, note("x"))), "invalid_value");
  t.is(connector.notify, null);
  t.is(name(scheduler.scheduleOnce(1, note("x"))), "ok");
  t.is(name(scheduler.scheduleOnce(1, note("x"))), "num_items");
});

test("process from inside a callback is refused", (t) => {
  const on = stage();
  let inside = "";
  on.scheduler.scheduleAt(0, () => {
    const outcome = on.scheduler.process(0);
    inside = outcome.ok ? "ok" : outcome.error.name;
  });
  on.scheduler.process(0);
  t.is(inside, "unsupported_action");
});

test("a hundred thousand timers fire in order", (t) => {
  const on = stage();
  const fired: number[] = [];
  for (let n = 0; n < 100_000; n++) {
    const due = (n * 7_919) % 1_000;
    on.scheduler.scheduleAt(due, () => void fired.push(due * 1_000_000 + n));
  }
  pump(on, 1_000);
  t.is(fired.length, 100_000);
  t.true(fired.every((key, at) => at === 0 || key > (fired[at - 1] as number)));
});
