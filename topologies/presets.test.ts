import test from "ava";
import type { IA } from "../core/address.ts";
import { canonicalJson } from "../core/canonical.ts";
import { createPathFinder } from "../core/path-finder.ts";
import type { Network } from "../core/scenario.ts";
import { buildPreset, PRESETS } from "./presets.ts";
import { findNetworkFaults } from "./topology-checks.ts";

const OPTIONS = { max: 20, epochS: 1_700_000_000 };

function preset(name: string, values: Record<string, number> = {}): Network {
  const built = buildPreset(name, values);
  if (!built.ok) throw new Error(built.error[0]?.message);
  return built.value;
}

function waysBetween(network: Network, src: string, dst: string): { via: string; ms: number; kbps: number | null }[] {
  const paths = createPathFinder(network, OPTIONS)(src as IA, dst as IA);
  return paths.map(({ interfaces, latencyNs, bandwidthKbps }) => ({
    via: interfaces.flatMap(({ ia, ifId }, at) => (at % 2 === 0 ? [`${ia.split(":").at(-1)}#${ifId}`] : [])).join(" "),
    ms: (latencyNs ?? 0) / 1e6,
    kbps: bandwidthKbps,
  }));
}

function deadEnds(network: Network): string[] {
  const finder = createPathFinder(network, { max: 1 });
  return network.ases.flatMap(({ ia: src }) =>
    network.ases.filter(({ ia }) => finder(src, ia).length === 0).map(({ ia }) => `${src} to ${ia}`),
  );
}

test("every preset works with its defaults, in every direction, the same each time", (t) => {
  for (const name of PRESETS.keys()) {
    const network = preset(name);
    t.deepEqual(findNetworkFaults(network.ases, network.links), [], name);
    t.is(canonicalJson(preset(name)), canonicalJson(network), name);
    if (network.ases.length <= 50) t.deepEqual(deadEnds(network), [], name);
  }
});

test("every parameter may be as small and as large as it says, or goes against another one", (t) => {
  for (const [name, { parameters }] of PRESETS) {
    for (const [key, { minimum, maximum }] of Object.entries(parameters)) {
      for (const value of [minimum, maximum]) {
        const built = buildPreset(name, { [key]: value });
        if (built.ok)
          t.deepEqual(findNetworkFaults(built.value.ases, built.value.links), [], `${name} ${key} ${value}`);
        else t.regex(built.error[0]?.message ?? "", /expected (at least|more|a tree)/);
      }
    }
  }
});

test("diamond: the shortest path is not the fastest, and neither is the widest", (t) => {
  t.deepEqual(waysBetween(preset("diamond"), "1-ff00:0:110", "1-ff00:0:120"), [
    { via: "110#3 150#2", ms: 60, kbps: 100_000 },
    { via: "110#1 130#2", ms: 40, kbps: 50_000 },
    { via: "110#2 140#2 141#2", ms: 15, kbps: 20_000 },
  ]);
});

test("tiny, line, grid and parallel are what their names say", (t) => {
  t.deepEqual(waysBetween(preset("tiny"), "1-ff00:0:111", "1-ff00:0:112"), [
    { via: "111#41 110#2", ms: 10, kbps: 100_000 },
  ]);
  t.deepEqual(waysBetween(preset("line", { length: 4 }), "1-ff00:0:110", "1-ff00:0:113"), [
    { via: "110#2 111#2 112#2", ms: 15, kbps: 100_000 },
  ]);
  t.deepEqual(
    waysBetween(preset("parallel"), "1-ff00:0:110", "1-ff00:0:120").map(({ kbps }) => kbps),
    [64_000, 8_000, 32_000, 16_000],
  );
  const grid = preset("grid");
  t.is(grid.ases.length, 9);
  t.is(grid.links.length, 12);
  t.is(createPathFinder(grid, { max: 1_000 })("1-ff00:0:110", "1-ff00:0:118").length, 12);
});

test("unknown presets and parameters, and values out of range, are named with what was expected", (t) => {
  const errorOf = (name: string, values: Record<string, number> = {}): unknown => {
    const built = buildPreset(name, values);
    return built.ok
      ? null
      : built.error.map(({ parameter, message, didYouMean }) => ({ parameter, message, didYouMean }));
  };
  t.deepEqual(errorOf("gird"), [
    {
      parameter: null,
      message:
        'unknown preset "gird": expected tiny, diamond, parallel, two-isds, scionlab, sciera, line, ring, star, grid, tree, barabasi-albert, waxman or internet',
      didYouMean: "grid",
    },
  ]);
  t.deepEqual(errorOf("grid", { row: 2, columns: 0 }), [
    { parameter: "row", message: 'preset grid has no parameter "row": expected rows or columns', didYouMean: "rows" },
    { parameter: "columns", message: "columns: expected a whole number from 1 to 100, found 0", didYouMean: undefined },
  ]);
  t.deepEqual(errorOf("tiny", { rows: 2 }), [
    {
      parameter: "rows",
      message: 'preset tiny has no parameter "rows": expected no parameters',
      didYouMean: undefined,
    },
  ]);
  t.deepEqual(errorOf("line", { length: 64 }), [
    { parameter: "length", message: "length: expected a whole number from 2 to 63, found 64", didYouMean: undefined },
  ]);
  for (const name of ["__proto__", "constructor", ""]) t.false(buildPreset(name).ok);
  t.false(buildPreset("grid", { constructor: 1 } as unknown as Record<string, number>).ok);
});
