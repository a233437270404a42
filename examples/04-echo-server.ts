/**
 * Echoes whatever comes, over any scheme: tcp://127.0.0.1:7007, udp://127.0.0.1:7007, local:///tmp/echo, fifo:///tmp/echo ...
 * Run it: npx tsx examples/04-echo-server.ts tcp://127.0.0.1:7007
 */
import { type Connector, EVENTS, type Outcome } from "../core/connector.ts";
import { Scheduler } from "../core/scheduler.ts";
import { MonotonicClock } from "../live/clock.ts";
import { createRegistry } from "../live/connectors/registry.ts";

const { CLOSE, ERROR, OPEN, READ, WRITE } = EVENTS;
const scheduler = new Scheduler(new MonotonicClock());
const server = must(createRegistry().open(process.argv[2] ?? "tcp://127.0.0.1:7007"));
/** What was read but could not be written yet. */
const unwritten = new Map<Connector, Uint8Array>();

function must<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  console.error(outcome.error.message);
  process.exit(1);
}

function serve(): void {
  if (server.lastError !== null && !server.listening) must({ ok: false, error: server.lastError });
  if (server.behaviour === "datagram") return echoDatagrams();
  for (let client = server.accept(); client.ok; client = server.accept()) {
    scheduler.register(client.value, READ | WRITE | CLOSE, (_now, _events, connector) => echo(connector as Connector));
  }
}

function echoDatagrams(): void {
  for (let got = server.receive(); got.ok; got = server.receive()) server.send(got.value.bytes, got.value.from);
}

function echo(client: Connector): void {
  for (;;) {
    const waiting = unwritten.get(client);
    const got = waiting === undefined ? client.read(65_536) : { ok: true as const, value: waiting };
    if (!got.ok) return got.error.name === "async" ? undefined : leave(client);
    const put = client.write(got.value);
    if (!put.ok && put.error.name !== "repeat_action") return leave(client);
    const rest = got.value.subarray(put.ok ? put.value : 0);
    if (rest.length === 0) unwritten.delete(client);
    else return void unwritten.set(client, rest);
  }
}

function leave(client: Connector): void {
  unwritten.delete(client);
  scheduler.unregister(client);
  client.close();
}

scheduler.attach();
scheduler.register(server, OPEN | READ | ERROR, serve);
const bound = server.listen();
if (bound.ok) console.log(`listening at ${server.url}`);
else if (bound.error.name !== "async") must(bound);
else scheduler.register(server, OPEN, () => console.log(`listening at ${server.url}`), { once: true });
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(server.close().ok ? 0 : 1));
