/** Places, lines and names on the map: what must hold of them, whatever the network. */
import test from "ava";
import { polygonContains } from "d3";
import type { Network } from "../../../core/scenario.ts";
import type { PresetValues } from "../../../topologies/presets/parameters.ts";
import { buildPreset } from "../../../topologies/presets.ts";
import { outlineOf } from "./fake-testing.ts";
import { hasGeography, middleOf, placeByPosition } from "./geography.ts";
import { graphOf, type MapGraph, shortName } from "./graph.ts";
import { type Box, nameBox, shownName } from "./labels.ts";
import { placeByIsd, type Places } from "./layout.ts";
import { stepOf } from "./level.ts";
import { linesOf, nearestDirection, neighbourTowards, pointAt } from "./lines.ts";
import { classify, emptyStates, markOf } from "./painter.ts";
import { extentWithNames, type Scene, sceneOf } from "./scene.ts";
import { find } from "./search.ts";
import { atOnce } from "./slices.ts";

function network(name: string, values: PresetValues = {}): Network {
  const built = buildPreset(name, values);
  if (!built.ok) throw new Error(built.error.map(({ message }) => message).join("\n"));
  return built.value;
}

function graph(name: string, values: PresetValues = {}): MapGraph {
  return graphOf(outlineOf(network(name, values), 0));
}

const NETWORKS: readonly (readonly [string, PresetValues])[] = [
  ["two-isds", {}],
  ["scionlab", {}],
  ["sciera", {}],
  ["internet", { ases: 80, isds: 4 }],
  ["waxman", {}],
];

const kept = new Map<string, { readonly graph: MapGraph; readonly places: Places }>();

function placed(name: string, values: PresetValues): { readonly graph: MapGraph; readonly places: Places } {
  const key = JSON.stringify([name, values]);
  const known = kept.get(key);
  if (known !== undefined) return known;
  const one = graph(name, values);
  const made = { graph: one, places: atOnce(placeByIsd(one, 1.3)) };
  kept.set(key, made);
  return made;
}

function laidOut(name: string, values: PresetValues, zoom = 0.7): Scene {
  const { graph, places } = placed(name, values);
  return sceneOf(graph, places, stepOf(zoom));
}

const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

test("the same network always gets the same places, all of them finite and apart", (t) => {
  for (const [name, values] of NETWORKS) {
    const { places } = laidOut(name, values);
    if (places.x.length < 40) t.deepEqual(atOnce(placeByIsd(graph(name, values), 1.3)), places, name);
    t.true([...places.x, ...places.y].every(Number.isFinite), name);
    const spots = new Set(Array.from(places.x, (x, n) => `${Math.round(x / 4)} ${Math.round((places.y[n] ?? 0) / 4)}`));
    t.is(spots.size, places.x.length, name);
  }
});

test("an ISD's border holds its own ASes and no others", (t) => {
  for (const [name, values] of NETWORKS) {
    const { graph: one, places, hulls } = laidOut(name, values);
    for (const { isd, corners } of hulls) {
      const border = corners.map(({ x, y }): [number, number] => [x, y]);
      const inside = one.ases.filter((_, n) => polygonContains(border, [places.x[n] ?? 0, places.y[n] ?? 0]));
      const own = one.ases.filter((as) => as.isd === isd);
      t.deepEqual(
        inside.map(({ ia }) => ia),
        own.map(({ ia }) => ia),
        `${name}: ISD ${isd}`,
      );
    }
  }
});

test("a large network is laid out in many steps, each ISD by itself", (t) => {
  const one = graph("internet", { ases: 5_000, isds: 6 });
  const steps = placeByIsd(one, 1);
  let count = 0;
  for (;;) {
    const { done, value } = steps.next();
    count++;
    if (done !== true) continue;
    t.true([...value.x, ...value.y].every(Number.isFinite));
    break;
  }
  t.true(count > 20, `${count} steps`);
});

test("no name covers an AS or another name, and fewer are shown from afar", (t) => {
  for (const [name, values] of NETWORKS) {
    const counts = [1.2, 0.5, 0.3].map((zoom) => {
      const { graph: one, places, level, labels, isdBoxes } = laidOut(name, values, zoom);
      const shown = [...labels.entries()].filter(([, side]) => side > 0);
      const boxes = shown.map(([as, side]) => nameBox(one, places, as, level, side));
      const all = [...boxes, ...isdBoxes];
      // One assertion for all pairs: there are thousands.
      const spots = Array.from(places.x, (x, as): Box => {
        const y = places.y[as] ?? 0;
        return { left: x - 1, right: x + 1, top: y - 1, bottom: y + 1 };
      });
      const covered = boxes.filter(
        (box, n) => all.slice(n + 1).some((other) => overlap(box, other)) || spots.some((spot) => overlap(box, spot)),
      );
      t.deepEqual(covered, [], `${name} at ${zoom}`);
      return shown.length;
    });
    t.true((counts[0] ?? 0) >= (counts[1] ?? 0) && (counts[1] ?? 0) >= (counts[2] ?? 0), `${name}: ${counts}`);
    t.true((counts[0] ?? 0) > 0, name);
  }
});

test("what is fitted in holds the names that are shown", (t) => {
  const scene = laidOut("sciera", {});
  const { left, right, top, bottom } = extentWithNames(scene);
  t.true(left < scene.extent.left && right > scene.extent.right);
  t.true(top < scene.extent.top && bottom > scene.extent.bottom);
});

test("parallel links and the two directions of a link run apart, each from AS to AS", (t) => {
  // BRIDGES and GEANT have two links.
  const scene = laidOut("sciera", {}, 1);
  const { graph: one, lines, level } = scene;
  const twins = [...one.links.keys()].filter((link) => one.links[link]?.bend !== 0);
  t.is(twins.length, 2);
  const middles = twins.flatMap((link) => [pointAt(lines, 2 * link, 0.5), pointAt(lines, 2 * link + 1, 0.5)]);
  middles.forEach((a, n) => {
    for (const b of middles.slice(n + 1)) t.true(Math.hypot(a.x - b.x, a.y - b.y) > 3 * level.line);
  });
  for (const direction of twins.map((link) => 2 * link)) {
    const { x, y } = pointAt(lines, direction, 0.3);
    t.is(nearestDirection(lines, { x, y }, 2), direction);
  }
  const alone = [...one.links.keys()].find((link) => one.links[link]?.bend === 0) ?? 0;
  const [forth, back] = [pointAt(lines, 2 * alone, 0.5), pointAt(lines, 2 * alone + 1, 0.5)];
  t.true(Math.hypot(forth.x - back.x, forth.y - back.y) > 3 * level.line);
});

test("traffic keeps to the right", (t) => {
  const one: MapGraph = graphOf({
    ases: ["1-1", "1-2"].map((ia) => ({ ia, core: true, label: null, position: null, mtu: 1500 })),
    links: [{ a: "1-1#1", b: "1-2#1", type: "core", mtu: 1500, latency_ms: 1, rate_bps: 0 }],
  });
  const places = { x: new Float64Array([0, 100]), y: new Float64Array([0, 0]) };
  const lines = linesOf(one, places, { step: 0, pixel: 1, radius: 10, line: 1, font: 11 });
  // East on a screen, whose y grows downwards: the right-hand side is below.
  t.true(pointAt(lines, 0, 0.5).y > 0);
  t.true(pointAt(lines, 1, 0.5).y < 0);
  t.true(pointAt(lines, 0, 0).x >= 10 && pointAt(lines, 0, 1).x <= 90);
  t.true(pointAt(lines, 1, 0).x > pointAt(lines, 1, 1).x);
});

test("arrow keys go to the neighbour that lies there", (t) => {
  const ends = ["1-1", "1-2", "1-3", "1-4"];
  const one = graphOf({
    ases: ends.map((ia) => ({ ia, core: true, label: null, position: null, mtu: 1500 })),
    links: [2, 3].map((n) => ({ a: `1-1#${n}`, b: `1-${n}#1`, type: "core", mtu: 1500, latency_ms: 1, rate_bps: 0 })),
  });
  const places = { x: new Float64Array([0, 300, 0, 40]), y: new Float64Array([0, 0, 100, 0]) };
  // The linked one comes before the nearer one without a link.
  t.is(neighbourTowards(one, places, 0, { x: 1, y: 0 }), 1);
  t.is(neighbourTowards(one, places, 0, { x: 0, y: 1 }), 2);
  t.is(neighbourTowards(one, places, 0, { x: -1, y: 0 }), null);
  t.is(neighbourTowards(one, places, 3, { x: -1, y: 0 }), 0);
});

test("by position: north is up, east is right, the date line cuts nothing in two", (t) => {
  const one = graph("sciera");
  t.true(hasGeography(one));
  t.false(hasGeography(graph("two-isds")));
  const { x, y, graticule } = atOnce(placeByPosition(one));
  const spot = (label: string): readonly [number, number] => {
    const n = one.ases.findIndex(({ outlined }) => outlined.label?.startsWith(label));
    return [x[n] ?? 0, y[n] ?? 0];
  };
  t.true(spot("KISTI Amsterdam")[1] < spot("WACREN")[1]);
  t.true(spot("Princeton")[0] < spot("CybExer")[0] && spot("CybExer")[0] < spot("KISTI Daejeon")[0]);
  t.true(graticule.length > 1000);
  t.is(middleOf([170, -170]), 180);
  t.is(middleOf([-10, 30]), 10);
});

test("an AS without a position stands among its neighbours", (t) => {
  const built = network("sciera");
  const ases = built.ases.map((as) => {
    const { position: _, ...rest } = as;
    return as.ia === "71-559" ? rest : as;
  });
  const one = graphOf(outlineOf({ ...built, ases }, 0));
  const { x } = atOnce(placeByPosition(one));
  const at = (ia: string): number => x[one.indexOf.get(ia) ?? 0] ?? 0;
  t.true(Math.abs(at("71-559") - at("71-20965")) < 60);
});

test("names are short where the rest goes without saying", (t) => {
  t.deepEqual(["1-ff00:0:110", "71-2:0:3b", "1-64512"].map(shortName), ["110", "2:0:3b", "64512"]);
});

test("search finds ASes by number and name and links by their ends, the best match first", (t) => {
  const built = network("sciera");
  const outline = outlineOf(built, 0);
  const one = graphOf(outline);
  const texts = (text: string): string[] => find(one, outline.links, text).map((found) => found.text);
  t.is(texts("71-225")[0], "71-225 University of Virginia, Charlottesville");
  t.regex(texts("zurich")[0] ?? "", /SWITCH/);
  t.true(texts("71-20965#1").some((text) => text.includes("\u2013")));
  t.deepEqual(texts("  "), []);
  t.deepEqual(texts("nowhere"), []);
  t.true(texts("71-").length <= 12);
});

test("classes follow from a frame: load by its steps, queues by eighths, marks by what is down or impaired", (t) => {
  const states = emptyStates(6, 2);
  const zeros = new Int32Array(0);
  classify(
    {
      now: 0,
      event: 0,
      playing: false,
      load: Float32Array.of(0, 0.19, 0.25, 0.6, 0.9, 1),
      queue: Float32Array.of(0, 0.01, 0.5, 1, 1.5, 0),
      link: Uint8Array.of(1, 1, 0, 2, 1, 2),
      node: Uint8Array.of(0, 1),
      underWay: 0,
      packetDirection: zeros,
      packetPlace: new Float32Array(0),
      packetFlow: zeros,
      packetPath: zeros,
      paths: [],
    },
    states,
  );
  t.deepEqual([...states.load], [0, 0, 1, 2, 3, 4]);
  t.deepEqual([...states.queue], [0, 1, 4, 8, 8, 0]);
  t.deepEqual([...states.node], [0, 1]);
  t.deepEqual(
    [0, 1, 2].map((link) => markOf(states, link)),
    [
      { kind: "cut", direction: null },
      { kind: "impaired", direction: 3 },
      { kind: "cut", direction: 4 },
    ],
  );
  t.is(markOf(emptyStates(2, 1), 0), null);
});

test("long names are cut after a word", (t) => {
  t.is(shownName("University of Virginia, Charlottesville"), "University of\u2026");
  t.is(shownName("GEANT, Frankfurt"), "GEANT, Frankfurt");
  t.is(shownName("Donaudampfschifffahrtsgesellschaft"), "Donaudampfschifffah\u2026");
});
