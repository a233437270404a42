/** Paths on the topologies of SCION's own repository, against every walk that the rules of combination allow. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import test from "ava";
import { SegmentOracle } from "../../core/beaconing/oracle.ts";
import { bruteForce } from "../../core/combinator/brute-force-testing.ts";
import { interfacesOf } from "../../core/combinator/networks-testing.ts";
import { createPathFinder } from "../../core/path-finder.ts";
import { IMPORT_DEFAULTS } from "./options.ts";
import { importTopology } from "./import.ts";

const FOLDER = "../shared/data/topologies/scionproto";
const files = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith(".topo")) : [];

if (files.length === 0) {
  test("SCION's topologies", (t) => {
    t.log(`not run: no topologies in ${FOLDER}`);
    t.pass();
  });
}

for (const name of files) {
  test(`${name}: between any two ASes the same paths as brute force finds, shortest first`, (t) => {
    const file = { path: name, text: readFileSync(`${FOLDER}/${name}`, "utf8") };
    const read = importTopology({ path: name, folder: false, files: [file], staticInfo: null }, IMPORT_DEFAULTS, null);
    if (!read.ok) return t.fail(JSON.stringify(read.error));
    const { network } = read.value;
    const oracle = new SegmentOracle(network, 1_700_000_000);
    const finder = createPathFinder(oracle, { max: 1_000_000 });
    const full = network.ases.some(({ ia }) => oracle.segmentsTo(ia).length >= oracle.policy.bestSetSize);
    t.false(full, "no best set is full: nothing is left out");
    let compared = 0;
    for (const { ia: src } of network.ases) {
      for (const { ia: dst } of network.ases) {
        const paths = finder(src, dst);
        const expected = bruteForce(network, src, dst).map((interfaces) => interfacesOf({ interfaces }));
        t.deepEqual(paths.map(interfacesOf).toSorted(), expected.toSorted(), `${src} to ${dst}`);
        const costs = paths.map(({ length, segments }) => 4 * length + segments.length);
        t.true(costs.every((cost, at) => at === 0 || cost >= (costs[at - 1] ?? 0)));
        compared += paths.length;
      }
    }
    t.log(`${compared} paths of ${network.ases.length} ASes`);
    t.true(compared >= network.ases.length);
  });
}
