/** The cases that every connector must pass, inside a simulated network: time passes as the cases ask for it. */
import test from "ava";
import { type Connector, type Outcome, refuse } from "../../core/connector.ts";
import { ok } from "../../core/result.ts";
import { MILLISECOND } from "../../core/units.ts";
import { quietScenario, SIM_RULES, SimNetwork } from "../../sim/sim-connectors.ts";
import { buildPreset } from "../../topologies/presets.ts";
import { createRegistry } from "./registry.ts";
import { casesFor, nameOf, type SuiteUrls, type SuiteWorld, valueOf } from "./suite.ts";

const PATIENCE = 100_000 * MILLISECOND;
const SERVER = "sim://1-ff00:0:111,10.0.0.1";
const PEER = "sim://1-ff00:0:112,10.0.0.1";

function tinyNetwork(): SimNetwork {
  const network = buildPreset("tiny");
  if (!network.ok) throw new Error("the preset tiny does not build");
  return valueOf(SimNetwork.create({ scenario: quietScenario(network.value) }));
}

class SimSuiteWorld implements SuiteWorld {
  readonly urls: SuiteUrls;
  readonly #network = tinyNetwork();
  readonly #registry = createRegistry();

  constructor(server: string, peers: readonly string[]) {
    this.urls = { server, peers, nobody: null };
    valueOf(this.#registry.addScheme("sim", this.#network.factory, SIM_RULES));
  }

  open(url: string): Outcome<Connector> {
    return this.#registry.open(url);
  }

  pump(until: () => boolean): void {
    const { simulation } = this.#network;
    const deadline = simulation.now + PATIENCE;
    while (!until()) {
      if (simulation.now > deadline) throw new Error(`nothing happened for ${PATIENCE} ns`);
      this.#network.run(simulation.now + 10 * MILLISECOND);
    }
  }
}

for (const [where, peers] of [
  ["across the network", [PEER, PEER, `${PEER}:40000`]],
  ["within a host", [SERVER, SERVER, `${SERVER}:40000`]],
] as const) {
  for (const one of casesFor("datagram", ["many", "exclusive", "bounded"])) {
    test(`sim, ${where}: ${one.name}`, async (t) => {
      await one.run(new SimSuiteWorld(`${SERVER}:31000`, peers));
      t.pass();
    });
  }
}

test("sim: parameters are the registry's to allow, streams are refused with what will bring them", (t) => {
  const registry = createRegistry();
  valueOf(registry.addScheme("sim", tinyNetwork().factory, SIM_RULES));
  t.is(nameOf(registry.open(`${SERVER}?policy=lowest-latency`)), "invalid_option");
  valueOf(registry.addParameter("policy", (value) => (value === "none" ? refuse("invalid_option", "No.") : ok(value))));
  t.is(nameOf(registry.open(`${SERVER}?policy=lowest-latency`)), "ok");
  t.is(nameOf(registry.open(`${SERVER}?behaviour=stream`)), "unsupported_action");
});
