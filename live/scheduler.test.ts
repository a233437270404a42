/** The scheduler on real time: the order of calls, and that none comes before its time. How late they are is not tested. */
import test from "ava";
import { type Connector, EVENTS, type Outcome } from "../core/connector.ts";
import { Scheduler } from "../core/scheduler.ts";
import { MILLISECOND, type Nanos } from "../core/units.ts";
import { MonotonicClock } from "./clock.ts";
import { createRegistry } from "./connectors/registry.ts";

const { OPEN, READ, USER, WRITE } = EVENTS;

interface Stage {
  readonly clock: MonotonicClock;
  readonly scheduler: Scheduler;
  readonly log: string[];
  /** Rejects with what a callback throws. */
  until(done: () => boolean): Promise<void>;
}

function stage(): Stage {
  const clock = new MonotonicClock();
  const failures: unknown[] = [];
  const scheduler = new Scheduler(clock, { failed: (error) => void failures.push(error) });
  scheduler.attach();
  const until = async (done: () => boolean): Promise<void> => {
    const deadline = Date.now() + 20_000;
    while (!done()) {
      if (failures.length > 0) throw failures[0];
      if (Date.now() > deadline) throw new Error("nothing happened for 20 s");
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { clock, scheduler, log: [], until };
}

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.error.name}: ${outcome.error.message}`);
  return outcome.value;
}

function open(url: string): Connector {
  return value(createRegistry().open(url));
}

test("delayed, timed and parallel: by time, and never early", async (t) => {
  const { clock, scheduler, log, until } = stage();
  const due = new Map<string, Nanos>();
  const note = (name: string, after: Nanos) => {
    due.set(name, clock.now() + after);
    return (now: Nanos): void => {
      t.true(now >= (due.get(name) as Nanos), `${name} at ${now}`);
      log.push(name);
    };
  };
  scheduler.scheduleOnce(30 * MILLISECOND, note("third", 30 * MILLISECOND));
  scheduler.scheduleAt(clock.now() + 20 * MILLISECOND, note("second", 20 * MILLISECOND));
  scheduler.scheduleOnce(10 * MILLISECOND, note("first", 10 * MILLISECOND));
  await until(() => log.length === 3);
  t.deepEqual(log, ["first", "second", "third"]);
});

test("repeat, delayed_repeat and infinite", async (t) => {
  const { clock, scheduler, log, until } = stage();
  const start = clock.now();
  const forever = (): void => void log.push("forever");
  scheduler.schedule(start + 5 * MILLISECOND, 2 * MILLISECOND, 3, () => void log.push("thrice"));
  scheduler.schedule(start, MILLISECOND, -1, forever);
  await until(() => log.filter((name) => name === "thrice").length === 3 && log.length > 10);
  t.true(clock.now() - start >= 9 * MILLISECOND);
  t.is(value(scheduler.unschedule(forever)), 1);
  t.is(scheduler.size, 0);
});

test("soft_timeout: the pump does not wait for real time, it handles what is due", async (t) => {
  const { scheduler, until, clock } = stage();
  scheduler.detach();
  let calls = 0;
  scheduler.scheduleOnce(5 * MILLISECOND, () => void calls++);
  t.deepEqual(scheduler.process(1_000 * MILLISECOND).ok, false);
  const due = clock.now() + 5 * MILLISECOND;
  await until(() => clock.now() > due);
  t.is(value(scheduler.process(0)), 1);
  t.is(calls, 1);
});

test("user events, and an endless repeat that leaves the loop its turns", async (t) => {
  const { scheduler, until } = stage();
  let [fired, calls] = [0, 0];
  const again = (): "repeat_action" => {
    calls++;
    return "repeat_action";
  };
  const connector = open("anon://");
  value(connector.listen());
  value(scheduler.register(connector, WRITE, again, { repeat: true }));
  scheduler.registerEvent(USER, () => void fired++);
  scheduler.fireEvents(USER);
  await until(() => fired === 1 && calls > 2_000);
  value(scheduler.unregister(connector));
  const before = calls;
  await new Promise((resolve) => setTimeout(resolve, 5));
  t.is(calls, before);
  value(connector.close());
});

for (const [scheme, url] of [
  ["tcp", "tcp://127.0.0.1"],
  ["udp", "udp://127.0.0.1"],
] as const) {
  test(`io over ${scheme}: an echo, with one-shot and standing callbacks`, async (t) => {
    const { scheduler, log, until } = stage();
    const server = open(url);
    server.listen();
    await until(() => server.listening);
    const client = open(scheme === "tcp" ? server.url : url);
    if (scheme === "tcp") echoStream(scheduler, server, client, log);
    else {
      client.listen();
      await until(() => client.listening);
      echoDatagrams(scheduler, server, client, log);
    }
    await until(() => log.length === 3);
    t.deepEqual(log, ["1", "2", "3"]);
    for (const connector of [server, client]) {
      value(scheduler.unregister(connector));
      value(connector.close());
    }
    await until(() => !server.listening);
  });
}

function echoStream(scheduler: Scheduler, server: Connector, client: Connector, log: string[]): void {
  scheduler.register(server, READ, () => {
    const peer = value(server.accept());
    scheduler.register(peer, READ | EVENTS.CLOSE, () => {
      const bytes = peer.read(100);
      if (bytes.ok) value(peer.write(bytes.value));
      else if (bytes.error.name === "no_connection") {
        scheduler.unregister(peer);
        peer.close();
      }
    });
  });
  scheduler.register(client, OPEN, () => void value(client.write(Uint8Array.of(1))), { once: true });
  scheduler.register(client, READ, () => {
    const [first = 0] = value(client.read(100));
    log.push(`${first}`);
    if (first < 3) value(client.write(Uint8Array.of(first + 1)));
  });
  const started = client.connect();
  if (!started.ok && started.error.name !== "async") throw new Error(started.error.message);
}

function echoDatagrams(scheduler: Scheduler, server: Connector, client: Connector, log: string[]): void {
  scheduler.register(server, READ, () => {
    const { bytes, from } = value(server.receive());
    value(server.send(bytes, from));
  });
  scheduler.register(client, READ, () => {
    const [first = 0] = value(client.receive()).bytes;
    log.push(`${first}`);
    if (first < 3) value(client.send(Uint8Array.of(first + 1), server.url));
  });
  value(client.send(Uint8Array.of(1), server.url));
}

test("what a callback throws reaches the failed handler", async (t) => {
  const { scheduler, until } = stage();
  scheduler.scheduleOnce(0, () => {
    throw new Error("broken");
  });
  await t.throwsAsync(
    until(() => false),
    { message: "broken" },
  );
});
