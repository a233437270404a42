/**
 * Sends its words to an echo server over any scheme, prints what comes back, and ends.
 * Run it: npx tsx examples/05-echo-client.ts tcp://127.0.0.1:7007 hello there
 */
import { type ConnectorErrorName, EVENTS, type Outcome } from "../core/connector.ts";
import { Scheduler } from "../core/scheduler.ts";
import { SECOND } from "../core/units.ts";
import { MonotonicClock } from "../live/clock.ts";
import { createRegistry } from "../live/connectors/registry.ts";

const { CLOSE, ERROR, OPEN, READ } = EVENTS;
const [url = "tcp://127.0.0.1:7007", ...words] = process.argv.slice(2);
const message = new TextEncoder().encode(words.length > 0 ? words.join(" ") : "hello");
const registry = createRegistry();
const scheduler = new Scheduler(new MonotonicClock());
const target = must(registry.open(url));
const isStream = target.behaviour === "stream";
/** Datagrams need a place of one's own to be answered at. */
const client = isStream ? target : must(registry.open(target.scheme === "udp6" ? "udp6://[::]" : "udp4://0.0.0.0"));
const echoed: number[] = [];

function must<T>(outcome: Outcome<T>, harmless?: ConnectorErrorName): T | never {
  if (outcome.ok) return outcome.value;
  if (outcome.error.name === harmless) return undefined as T;
  console.error(outcome.error.message);
  process.exit(1);
}

function begin(): void {
  if (client.lastError !== null) must({ ok: false, error: client.lastError });
  must(isStream ? client.write(message) : client.send(message, target.url));
}

function hear(): void {
  if (isStream) {
    for (let got = client.read(65_536); got.ok; got = client.read(65_536)) echoed.push(...got.value);
  } else echoed.push(...must(client.receive()).bytes);
  if (echoed.length >= message.length) end();
}

function end(): void {
  console.log(new TextDecoder().decode(Uint8Array.from(echoed)));
  client.close();
  scheduler.unregister(client);
  scheduler.unschedule(late);
}

function late(): void {
  console.error(`${target.url}: no answer within 5 s; does an echo server listen there?`);
  process.exit(1);
}

scheduler.attach();
scheduler.scheduleOnce(5 * SECOND, late);
scheduler.register(client, OPEN | ERROR, begin, { once: true });
scheduler.register(client, READ | CLOSE, hear);
must(isStream ? client.connect() : client.listen(), "async");
if (client.communicating) begin();
