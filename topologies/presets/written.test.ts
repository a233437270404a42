/** The written networks, compared with what is published about them and what docs/presets.md promises. */
import test from "ava";
import type { IA } from "../../core/address.ts";
import { createPathFinder } from "../../core/path-finder.ts";
import type { Network, NetworkLink } from "../../core/scenario.ts";
import { greatCircleKm } from "../geography.ts";
import { buildPreset } from "../presets.ts";

const OPTIONS = { max: 50, epochS: 1_700_000_000 };

function preset(name: string): Network {
  const built = buildPreset(name);
  if (!built.ok) throw new Error(built.error[0]?.message);
  return built.value;
}

/** `1-ff00:0:111` is 111. */
function short(ia: IA): string {
  return ia.split(":").at(-1) ?? ia;
}

function row({ a, b, type, ab }: NetworkLink): string {
  return `${short(a.ia)}-${short(b.ia)} ${type} ${ab.rate_bps / 1e6} ${ab.latency_ns / 1e6}`;
}

const TWO_ISDS = `
110-120 core 50 3
110-130 core 50 5
110-210 core 10 10
110-111 child 30 2
110-113 child 30 3
110-114 child 30 2
110-116 child 30 3
112-11a child 30 2
112-212 peer 4 6
120-130 core 50 4
120-220 core 20 25
120-111 child 30 3
120-112 child 30 2
120-114 child 30 3
120-115 child 30 2
130-230 core 15 15
130-112 child 30 3
130-113 child 30 2
130-115 child 30 3
130-116 child 30 2
210-220 core 50 3
210-230 core 50 5
210-211 child 30 2
210-213 child 30 3
210-214 child 30 2
210-216 child 30 3
212-21a child 30 2
220-230 core 50 4
220-211 child 30 3
220-212 child 30 2
220-214 child 30 3
220-215 child 30 2
230-212 child 30 3
230-213 child 30 2
230-215 child 30 3
230-216 child 30 2`;

test("two-isds: every link (Mbit/s, ms), the same both ways, with 50 ms of drop-tail queue", (t) => {
  const { ases, links } = preset("two-isds");
  t.deepEqual(links.map(row), TWO_ISDS.trim().split("\n"));
  t.is(ases.length, 20);
  t.is(ases.filter(({ core }) => core).length, 6);
  for (const { ab, ba } of links) {
    t.deepEqual(ba, ab);
    t.is((ab.queue_bytes * 8) / ab.rate_bps, 0.05);
    t.like(ab, { queue_packets: 0, discipline: { kind: "drop-tail" }, loss: 0, delay: { kind: "fixed" } });
  }
});

test("two-isds: labels name the cores A to F, and leaves by their cores", (t) => {
  const labels = preset("two-isds").ases.map(({ ia, label }) => `${short(ia)} ${label}`);
  t.deepEqual(labels.slice(0, 10), [
    "110 A",
    "111 AB1",
    "112 BC1",
    "113 CA1",
    "114 AB2",
    "115 BC2",
    "116 CA2",
    "11a BC1 child",
    "120 B",
    "130 C",
  ]);
  t.deepEqual(
    labels.filter((label) => / [A-F]$/.test(label)).map((label) => label.at(-1)),
    ["A", "B", "C", "D", "E", "F"],
  );
});

test("two-isds: the peering link is the fast and narrow way between its ends and their children", (t) => {
  const between = (src: IA, dst: IA): { ms: number; mbit: number; peer: boolean }[] =>
    createPathFinder(preset("two-isds"), OPTIONS)(src, dst).map(({ latencyNs, bandwidthKbps, segments }) => ({
      ms: (latencyNs ?? 0) / 1e6,
      mbit: (bandwidthKbps ?? 0) / 1e3,
      peer: segments.some(({ peer }) => peer),
    }));
  const ends = between("1-ff00:0:112", "2-ff00:0:212");
  t.deepEqual(ends[0], { ms: 6, mbit: 4, peer: true });
  t.is(Math.min(...ends.filter(({ peer }) => !peer).map(({ ms }) => ms)), 20);
  t.deepEqual(between("1-ff00:0:11a", "2-ff00:0:21a")[0], { ms: 10, mbit: 4, peer: true });
  t.false(between("1-ff00:0:111", "2-ff00:0:211").some(({ peer }) => peer));
});

for (const [name, ases, isds] of [
  ["scionlab", 36, [16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26]],
  ["sciera", 18, [71]],
] as const) {
  test(`${name}: places, labels, latencies no better than light in fibre allows`, (t) => {
    const network = preset(name);
    t.is(network.ases.length, ases);
    t.deepEqual([...new Set(network.ases.map(({ ia }) => Number(ia.split("-")[0])))], [...isds]);
    const places = new Map(network.ases.map(({ ia, position }) => [ia, position]));
    for (const { label } of network.ases) t.truthy(label);
    for (const { a, b, ab } of network.links) {
      const [from, to] = [places.get(a.ia), places.get(b.ia)];
      if (from === undefined || to === undefined) return t.fail();
      const least_ns = Math.max(100_000, (greatCircleKm(from, to) / 299_792.458) * 1.5e9);
      t.true(Math.abs(ab.latency_ns - least_ns) <= 500, `${a.ia} to ${b.ia}`);
    }
  });
}

test("scionlab: the links of SCIONLab's own test fixture between ASes of that fixture", (t) => {
  // netsec-ethz/scionlab, scionlab/fixtures/testtopo.py, last group of the AS numbers; its Korea is made up there.
  const fixture = [
    "1101>1103",
    "1103>1102",
    "1102>1107",
    "1301-1302",
    "1301>1303",
    "1301>1304",
    "1303>1305",
    "1304>1305",
  ];
  const own = preset("scionlab").links.flatMap(({ a, b, type }) => {
    const sign = type === "child" ? ">" : "-";
    return [
      `${short(a.ia)}${sign}${short(b.ia)}`,
      ...(type === "child" ? [] : [`${short(b.ia)}${sign}${short(a.ia)}`]),
    ];
  });
  for (const link of [...fixture, "1101-1301", "1101-1302"]) t.true(own.includes(link), link);
});
