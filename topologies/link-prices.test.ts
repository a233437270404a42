/** `carbon` and `cost` of links: in a topology, as a scenario's override, written and read back, added up along paths. */
import test from "ava";
import { createPathFinder } from "../core/path-finder.ts";
import type { Network } from "../core/scenario.ts";
import { resolveTopology } from "./resolve-topology.ts";
import { DIAMOND, LINK, scenarioOf, TINY, wrongLink } from "./scenario-testing.ts";
import { networkToYaml } from "./write.ts";

const pricesOf = ({ links }: Network) =>
  links.map(({ carbon_g_per_gb, cost_per_gb }) => [carbon_g_per_gb, cost_per_gb]);

test("a link's prices stand in a topology, and are unknown where they do not", (t) => {
  const text = `name: n
ases: { 1-1: { core: true }, 1-2: { core: true } }
links:
  - { a: "1-1#1", b: "1-2#1", type: core, carbon: 12.5, cost: 0 }
  - { a: "1-1#2", b: "1-2#2", type: core, cost: 0.02 }
`;
  const network = resolveTopology(text, { file: "n.yaml" });
  if (!network.ok) throw new Error(network.error[0]?.message);
  t.deepEqual(pricesOf(network.value), [
    [12.5, 0],
    [undefined, 0.02],
  ]);
  const again = resolveTopology(networkToYaml(network.value), { file: "again.yaml" });
  t.deepEqual(again.ok && again.value, network.value);
});

test("a scenario's override sets them for one link or for all", (t) => {
  const { network } = scenarioOf(
    `${TINY}flows: []\nlinks: [{all: true, carbon: 1}, {link: "${LINK}", carbon: 2, cost: 3}]\n`,
  );
  t.deepEqual(pricesOf(network), [
    [2, 3],
    [1, undefined],
  ]);
});

test("a path costs what its links cost together; one unknown link makes it unknown", (t) => {
  const { network } = scenarioOf(
    `${DIAMOND}links: [{all: true, carbon: 1.5}, {link: "1-ff00:0:110#1", carbon: 4, cost: 1}]\n`,
  );
  const paths = createPathFinder(network, { max: 10 })("1-ff00:0:110", "1-ff00:0:120");
  t.deepEqual(
    paths.map(({ length, carbonGPerGb, costPerGb }) => [length, carbonGPerGb, costPerGb]),
    paths.map(({ length, interfaces }) => [length, 1.5 * length + (interfaces[0]?.ifId === 1 ? 2.5 : 0), null]),
  );
  t.true(paths.length > 1);
});

test("a price below zero is refused", (t) => {
  t.regex(wrongLink("carbon: -1").join(), /carbon: expected a number from 0 to 1000000000000, found -1/);
  t.regex(wrongLink("cost: much").join(), /cost: expected a number from 0 to/);
});
