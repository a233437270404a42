/** Programs on connectors inside a simulated network: what arrives, when, what is lost, and that it is so twice. */
import test, { type ExecutionContext } from "ava";
import { type Connector, EVENTS, type Outcome } from "../core/connector.ts";
import type { LinkDirection } from "../core/scenario.ts";
import { Scheduler } from "../core/scheduler.ts";
import type { TraceRecord } from "../core/trace.ts";
import { buildPreset } from "../topologies/presets.ts";
import { quietScenario, simClock, SimNetwork, type SimNetworkOptions } from "./sim-connectors.ts";
import { Simulation } from "./simulation.ts";
import { busyAssembly, busyScenario } from "./test-worlds.ts";

const MS = 1_000_000;
const CORE = "1-ff00:0:110";
const LEFT = "1-ff00:0:111";
const RIGHT = "1-ff00:0:112";

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.error.name}: ${outcome.error.message}`);
  return outcome.value;
}

function error<T>(outcome: Outcome<T>): string {
  return outcome.ok ? "ok" : outcome.error.name;
}

interface Change extends Partial<SimNetworkOptions> {
  readonly line?: Partial<LinkDirection>;
  readonly seed?: number;
  readonly preset?: string;
}

function world({ line = {}, seed = 1, preset = "tiny", ...options }: Change = {}): SimNetwork {
  const built = buildPreset(preset);
  if (!built.ok) throw new Error(`no preset ${preset}`);
  const links = built.value.links.map((link) => ({
    ...link,
    ab: { ...link.ab, ...line },
    ba: { ...link.ba, ...line },
  }));
  const scenario = quietScenario({ ...built.value, links }, { seed, detection_ns: 10 * MS });
  return value(SimNetwork.create({ scenario, ...options }));
}

function listening(network: SimNetwork, url: string): Connector {
  const connector = value(network.open(url));
  value(connector.listen());
  return connector;
}

function drain(connector: Connector): { bytes: Uint8Array; from: string }[] {
  const all: { bytes: Uint8Array; from: string }[] = [];
  for (let next = connector.receive(); next.ok; next = connector.receive()) all.push(next.value);
  return all;
}

const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const bytesOf = (letters: string): Uint8Array => Uint8Array.from(letters, (letter) => letter.charCodeAt(0));

/** Ping-pong over whatever network: the server echoes, the client repeats what is not answered in time. */
function pingPong(network: SimNetwork, rounds: number): { log: string[]; sent: () => number } {
  const scheduler = new Scheduler(simClock(network.simulation));
  const server = listening(network, `sim://${RIGHT},10.0.0.1:31000`);
  const client = listening(network, `sim://${LEFT},10.0.0.1`);
  const log: string[] = [];
  let [round, sent] = [0, 0];
  const ask = (): void => {
    sent++;
    value(client.send(bytesOf(`ping ${round}`), server.url));
    scheduler.scheduleOnce(100 * MS, ask);
  };
  scheduler.register(server, EVENTS.READ, () => {
    for (const { bytes, from } of drain(server)) value(server.send(bytes, from));
  });
  scheduler.register(client, EVENTS.READ, (now) => {
    for (const { bytes } of drain(client)) {
      if (text(bytes) !== `ping ${round}`) continue;
      log.push(`${now} ${text(bytes)}`);
      scheduler.unschedule(ask);
      if (++round < rounds) ask();
    }
  });
  scheduler.attach();
  ask();
  return { log, sent: () => sent };
}

test("a datagram crosses the network, with its sender and after the links' delays", (t) => {
  const records: TraceRecord[] = [];
  const network = world({ trace: (record) => void records.push(record) });
  const server = listening(network, `sim://${RIGHT},10.0.0.1:31000`);
  const client = listening(network, `sim://${LEFT},10.0.0.1`);
  t.is(client.url, `sim://${LEFT},10.0.0.1:31000`);
  t.is(value(client.send(bytesOf("hello"), server.url)), 5);
  t.is(error(server.receive()), "repeat_action");
  network.run();
  t.is(server.peek(), 5);
  const { bytes, from } = value(server.receive());
  t.deepEqual([text(bytes), from], ["hello", client.url]);
  t.is(server.peek(), 0);
  t.true(network.simulation.now >= 10 * MS, `two links in ${network.simulation.now} ns`);
  t.deepEqual(
    records.map(({ kind }) => kind).filter((kind) => kind === "app.send" || kind === "host.deliver"),
    ["app.send", "host.deliver"],
  );
});

test("datagrams keep their borders, empty ones too, and the caller may use its buffer again", (t) => {
  const network = world();
  const here = listening(network, `sim://${CORE},10.0.0.1:40000`);
  const there = listening(network, `sim://${LEFT},10.0.0.1:40000`);
  const buffer = bytesOf("abc");
  value(here.send(buffer, there.url));
  buffer.fill(0);
  value(here.send(new Uint8Array(0), there.url));
  value(here.send(new Uint8Array(3), there.url));
  network.run();
  t.deepEqual(
    drain(there).map(({ bytes }) => [...bytes]),
    [[97, 98, 99], [], [0, 0, 0]],
  );
});

test("bytes that look like the payload header of Pathloom's own applications come through as they are", (t) => {
  const network = world();
  const here = listening(network, `sim://${CORE},10.0.0.1:40000`);
  const header = Uint8Array.from({ length: 24 }, (_, at) => [0x50, 0x4c, 1, 0][at] ?? (at >= 12 && at < 15 ? 0 : at));
  value(here.send(header, here.url));
  network.run();
  t.deepEqual(value(here.receive()).bytes, header);
  // The record holds what its bytes hold, so counters see the flow that the header names.
  value(here.send(header, `sim://${CORE},10.0.0.1:9`));
  network.run();
  t.deepEqual([...network.simulation.ledger.byFlow], [[0x04050607, 1]]);
});

test("within an AS, and to oneself", (t) => {
  const network = world({ hosts: [`${CORE},10.0.0.1`, `${CORE},fd00::2`] });
  const four = listening(network, `sim://${CORE},10.0.0.1:1`);
  const six = listening(network, `sim://${CORE},[fd00::2]:2`);
  value(four.send(bytesOf("to six"), six.url));
  value(six.send(bytesOf("to four"), four.url));
  value(four.send(bytesOf("to me"), four.url));
  network.run();
  t.deepEqual(
    drain(six).map(({ bytes, from }) => [text(bytes), from]),
    [["to six", four.url]],
  );
  t.deepEqual(
    drain(four)
      .map(({ bytes }) => text(bytes))
      .sort(),
    ["to four", "to me"],
  );
});

test("ping-pong on a scheduler: round trips of the links' delays, and the same twice", (t) => {
  const run = (): { log: string[]; digest: string; sent: number } => {
    const network = world();
    const { log, sent } = pingPong(network, 5);
    network.run(1_000 * MS);
    return { log, digest: network.simulation.digest(), sent: sent() };
  };
  const first = run();
  t.is(first.log.length, 5);
  t.is(first.sent, 5);
  t.deepEqual(run(), first);
});

test("ping-pong over a lossy network repeats itself until it is through; another seed loses others", (t) => {
  const run = (seed: number): string[] => {
    const network = world({ line: { loss: 0.3 }, seed });
    const { log, sent } = pingPong(network, 20);
    network.run(60_000 * MS);
    t.is(log.length, 20);
    t.true(sent() > 20, `${sent()} datagrams for 20 rounds`);
    t.true((network.simulation.ledger.byReason.get("loss") ?? 0) > 0);
    return log;
  };
  t.deepEqual(run(1), run(1));
  t.notDeepEqual(run(1), run(2));
});

test("the pump lets virtual time pass, to the first thing that happens", (t) => {
  const network = world();
  const scheduler = new Scheduler(simClock(network.simulation));
  const server = listening(network, `sim://${RIGHT},10.0.0.1:31000`);
  const client = listening(network, `sim://${LEFT},10.0.0.1`);
  const got: string[] = [];
  scheduler.register(server, EVENTS.READ, () => void got.push(text(value(server.receive()).bytes)));
  t.is(error(scheduler.process(5 * MS)), "timeout");
  t.is(network.simulation.now, 5 * MS);
  value(client.send(bytesOf("one"), server.url));
  t.is(value(scheduler.process(1_000 * MS)), 1);
  t.true(network.simulation.now < 1_000 * MS);
  t.deepEqual(got, ["one"]);
  t.is(error(scheduler.process(Number.POSITIVE_INFINITY)), "timeout");
});

test("inside a callback time stands still, for the pump of another scheduler too", (t) => {
  const network = world();
  const [outer, inner] = [new Scheduler(simClock(network.simulation)), new Scheduler(simClock(network.simulation))];
  const log: string[] = [];
  inner.scheduleAt(20, () => void log.push("inner"));
  outer.attach();
  outer.scheduleAt(10, (now) => void log.push(`${now} ${error(inner.process(1_000))} ${network.simulation.now}`));
  network.run(100);
  t.deepEqual(log, ["10 timeout 10"]);
});

test("two schedulers on one network wake at their own times", (t) => {
  const network = world();
  const log: string[] = [];
  for (const name of ["a", "b"]) {
    const scheduler = new Scheduler(simClock(network.simulation));
    scheduler.schedule(name === "a" ? 10 : 5, 10, 3, (now) => void log.push(`${now} ${name}`));
    scheduler.attach();
  }
  network.run();
  t.deepEqual(log, ["5 b", "10 a", "15 b", "20 a", "25 b", "30 a"]);
});

test("what a callback throws stops the run and says when", (t) => {
  const network = world();
  const scheduler = new Scheduler(simClock(network.simulation));
  scheduler.attach();
  scheduler.scheduleAt(3 * MS, () => {
    throw new Error("broken");
  });
  t.throws(() => network.run(), {
    message: /^actor alarm failed at 0\.003000000 s while handling alarm\.ring: broken/,
  });
});

test("a link that fails: other paths take over once the news is here", (t) => {
  const network = world({ preset: "diamond" });
  const [src, dst] = [CORE, "1-ff00:0:120"];
  const here = listening(network, `sim://${src},10.0.0.1:1`);
  const there = listening(network, `sim://${dst},10.0.0.1:1`);
  const paths = network.paths(src, dst);
  const first = paths[0]?.interfaces[0];
  const end = `${first?.ia}#${first?.ifId}`;
  const attempt = (letters: string): string[] => {
    value(here.send(bytesOf(letters), there.url));
    network.run(network.simulation.now + 500 * MS);
    return drain(there).map(({ bytes }) => text(bytes));
  };
  t.deepEqual(attempt("up"), ["up"]);
  value(network.setLink(end, false));
  network.run(network.simulation.now + 50 * MS);
  t.deepEqual(attempt("lost, and answered with an SCMP error"), []);
  t.deepEqual(attempt("round"), ["round"]);
  t.is(error(network.setLink("1-ff00:0:110#999", true)), "invalid_value");
  t.is(error(network.setLink("nonsense", true)), "invalid_value");
});

test("the policy stands in the URL, with its parameters", (t) => {
  const arrival = (query: string): number => {
    const network = world({ preset: "diamond" });
    const here = listening(network, `sim://${CORE},10.0.0.1:1${query}`);
    const there = listening(network, "sim://1-ff00:0:120,10.0.0.1:1");
    value(here.send(bytesOf("x"), there.url));
    network.run();
    t.is(drain(there).length, 1);
    return network.simulation.now;
  };
  t.true(arrival("?policy=lowest-latency") < arrival("?policy=shortest"));
  t.is(arrival("?policy=pinned&path=0"), arrival(""));
  const network = world({ preset: "diamond" });
  t.is(error(network.open(`sim://${CORE},10.0.0.1?policy=fastest`)), "invalid_option");
  const wrong = listening(network, `sim://${CORE},10.0.0.1?policy=pinned&path=99`);
  t.is(error(wrong.send(bytesOf("x"), "sim://1-ff00:0:120,10.0.0.1:1")), "invalid_option");
});

test("ports and hosts nobody has cost the datagram, not the run", (t) => {
  const network = world();
  const here = listening(network, `sim://${LEFT},10.0.0.1:1`);
  value(here.send(bytesOf("x"), `sim://${RIGHT},10.0.0.1:9`));
  value(here.send(bytesOf("x"), `sim://${RIGHT},10.9.9.9:9`));
  network.run();
  t.deepEqual(Object.fromEntries(network.simulation.ledger.byReason), { unknown_port: 1, unknown_host: 1 });
});

test("a queue that is full drops and counts", (t) => {
  const network = world({ line: { queue_packets: 0, rate_bps: 0 } });
  const here = listening(network, `sim://${CORE},10.0.0.1:1`);
  for (let n = 0; n < 1_500; n++) value(here.send(bytesOf("x"), here.url));
  network.run();
  t.is(here.dropped, 476);
  t.is(network.simulation.ledger.byReason.get("queue_overflow"), 476);
  t.is(drain(here).length, 1_024);
});

test("too many datagrams in one instant: repeat_action, and WRITE when there is room", (t) => {
  const network = world();
  const here = listening(network, `sim://${CORE},10.0.0.1:1`);
  let sent = 0;
  while (here.send(bytesOf("x"), here.url).ok) sent++;
  t.is(sent, 4_096);
  const told: number[] = [];
  here.watch((events) => void told.push(events));
  network.run();
  t.is(told.filter((events) => events === EVENTS.WRITE).length, 1);
  t.true(here.send(bytesOf("x"), here.url).ok);
});

const REFUSED: readonly (readonly [string, string])[] = [
  [`sim://${CORE},10.0.0.1:1?behaviour=stream`, "unsupported_action"],
  [`sim://${CORE},10.0.0.1:1?behaviour=wild`, "invalid_option"],
  [`sim://${CORE}`, "format"],
  ["sim://", "format"],
  [`sim://${CORE},10.0.0.1:70000`, "format"],
  [`sim://${CORE},10.0.0.1:1/path`, "format"],
  ["sim://nonsense,10.0.0.1:1", "format"],
  [`tcp://${CORE},10.0.0.1:1`, "invalid_value"],
  ["sim://1-42,10.0.0.1:1", "address_not_available"],
  [`sim://${CORE},10.0.0.2:1`, "address_not_available"],
];

test("URLs that name no connector are refused by name", (t) => {
  const network = world();
  for (const [url, name] of REFUSED) t.is(error(network.open(url)), name, url);
  const stream = network.open(`sim://${CORE},10.0.0.1:1?behaviour=stream`);
  t.regex(stream.ok ? "" : stream.error.message, /channels/);
});

test("calls out of turn are refused by name", (t) => {
  const network = world();
  const here = value(network.open(`sim://${CORE},10.0.0.1:1`));
  const refusals = (names: readonly string[], ...outcomes: Outcome<unknown>[]) =>
    t.deepEqual(outcomes.map(error), names);
  refusals(
    ["initialization", "repeat_action", "initialization"],
    here.close(),
    here.receive(),
    here.send(bytesOf("x"), here.url),
  );
  refusals(["unsupported_action", "unsupported_action"], here.accept(), here.connect());
  value(here.listen());
  refusals(["initialization", "unsupported_action"], here.listen(), here.connect());
  refusals(["unsupported_action", "unsupported_action"], here.read(1), here.write(bytesOf("x")));
  t.is(value(here.accept()), here);
  refusals(["address_in_use"], value(network.open(here.url)).listen());
  refusals(
    ["invalid_value", "invalid_value", "network_unreachable"],
    here.send(bytesOf("x"), "udp4://10.0.0.1:1"),
    here.send(new Uint8Array(70_000), here.url),
    here.send(bytesOf("x"), "sim://1-42,10.0.0.1:1"),
  );
  value(here.close());
  t.false(here.communicating);
  value(listening(network, here.url).close());
});

function refusedHosts(t: ExecutionContext, hosts: readonly string[], name: string): void {
  const made = SimNetwork.create({ scenario: busyScenario(1), hosts });
  t.is(error(made), name, hosts.join());
}

test("hosts are checked when the network is made, and flows run beside connectors", (t) => {
  refusedHosts(t, ["1-1"], "format");
  refusedHosts(t, ["1-77,10.0.0.1"], "address_not_available");
  refusedHosts(t, ["1-1,10.0.0.1"], "address_in_use");
  const network = value(SimNetwork.create({ scenario: busyScenario(1) }));
  const here = listening(network, "sim://1-2,10.0.0.1:1");
  const there = listening(network, "sim://1-3,10.0.0.1:1");
  value(here.send(bytesOf("between"), there.url));
  network.run(1_000 * MS);
  t.is(drain(there).length, 1);
  t.true(network.simulation.read<{ received: number }>("app/video/sink").context.received > 0);
});

test("simClock says what it needs", (t) => {
  t.throws(() => simClock(Simulation.create(busyAssembly())), {
    message: /^simClock needs the simulation of a SimNetwork/,
  });
});
