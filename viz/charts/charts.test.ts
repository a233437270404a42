/** Charts are text: well-formed, whatever the data hold; their colours can be seen. */
import test from "ava";
import { SaxesParser } from "saxes";
import { areaChart } from "./areas.ts";
import { barChart } from "./bars.ts";
import { forestChart } from "./forest.ts";
import { heatBox, heatChart } from "./heat.ts";
import { lineChart } from "./lines.ts";
import { el, escapeText, type Markup, shorten } from "./markup.ts";
import { layoutNetwork, loadClass, networkChart } from "./network.ts";
import { DARK, LIGHT, type Theme } from "./palette.ts";
import { slopeChart } from "./slope.ts";
import { formatDifference, formatValue, scaleOf } from "./units.ts";

const HOSTILE = `</text><script>alert("x")</script>&'`;
const described = { title: HOSTILE, description: HOSTILE };
const text = String;

/** Names and attributes of all elements; throws where the markup is not well-formed. */
function elements({ html }: Markup): { name: string; attributes: Record<string, string> }[] {
  const found: { name: string; attributes: Record<string, string> }[] = [];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) =>
    found.push({ name, attributes: attributes as Record<string, string> }),
  );
  parser.write(html).close();
  return found;
}

test("text and attributes are escaped, markup is not escaped again", (t) => {
  t.is(
    el("b", { title: `"<&'` }, "<i>", el("i", {}, "&")).html,
    `<b title="&quot;&lt;&amp;&#39;">&lt;i&gt;<i>&amp;</i></b>`,
  );
  t.is(escapeText("a\u0000b\ud800c"), "a\ufffdb\ufffdc");
  t.is(el("br").html, "<br/>");
  t.is(el("p", { id: null }).html, "<p></p>");
  t.is(shorten("\u{1f600}\u{1f600}\u{1f600}", 2), "\u{1f600}\u2026");
});

const dot = { series: 0, note: HOSTILE, title: HOSTILE, interval: null };
const forest = { ...described, width: 360, unit: "%", scale: 0.01, text };
const lines = {
  ...described,
  width: 360,
  height: 200,
  x: { domain: [0, 10], label: "s" },
  y: { domain: [0, 1], text },
} as const;
const areas = { ...described, width: 360, height: 200, domain: [0, 10], label: "s" } as const;
const heat = { ...described, width: 360, domain: [0, 10], label: "s", full: 5, text } as const;
const network = {
  name: HOSTILE,
  ases: ["1-1", "1-2", "2-1"].map((ia) => ({ ia, label: HOSTILE, core: ia === "1-1" })),
  links: [
    { a: "1-1#1", b: "1-2#1", type: "child", rate_bps: 1, latency_ms: 1, directions: ["x", HOSTILE] },
    { a: "1-1#2", b: "9-9#1", type: "peer", rate_bps: 1, latency_ms: 1, directions: ["y", "z"] },
  ],
} as const;

const CHARTS: Readonly<Record<string, Markup>> = {
  forest: forestChart({
    ...forest,
    rows: [
      {
        label: HOSTILE,
        dots: [
          { ...dot, value: 0.5 },
          { ...dot, value: null },
        ],
      },
    ],
  }),
  "forest of nothing": forestChart({ ...forest, rows: [] }),
  "forest of one value": forestChart({
    ...forest,
    rows: [{ label: "a", dots: [{ ...dot, value: 0, interval: [0, 0] }] }],
  }),
  lines: lineChart({
    ...lines,
    lines: [0, 1].map((series) => ({
      name: HOSTILE,
      series,
      points: [
        [0, 1],
        [1, null],
        [2, 0.5],
      ],
      data: { policy: HOSTILE },
    })),
    bands: [{ from: 1, to: 99, label: HOSTILE }],
    stretches: [{ from: 0, to: 5, label: HOSTILE }],
  }),
  "lines of nothing": lineChart({ ...lines, lines: [] }),
  "lines over no width": lineChart({
    ...lines,
    lines: [{ name: "a", series: 0, points: [[1, 1]] }],
    x: { domain: [Infinity, -Infinity], label: "" },
  }),
  slope: slopeChart({
    ...described,
    width: 430,
    heads: [HOSTILE, "b"],
    left: [{ name: HOSTILE, series: 0, text: "1" }],
    right: [{ name: "b", series: 11, text: HOSTILE }],
    strong: [HOSTILE],
  }),
  "slope of nothing": slopeChart({ ...described, width: 430, heads: ["a", "b"], left: [], right: [], strong: [] }),
  areas: areaChart({
    ...areas,
    times: [1, 2, 3],
    layers: [{ name: HOSTILE, series: 0, key: HOSTILE, values: [1, 0, 3] }],
  }),
  "areas of nothing": areaChart({ ...areas, times: [], layers: [] }),
  heat: heatChart({ ...heat, rows: [{ name: HOSTILE, label: HOSTILE, values: [0, 1, 1, Number.NaN, 5] }] }),
  "heat of nothing": heatChart({ ...heat, rows: [] }),
  bars: barChart({
    ...described,
    width: 430,
    unit: HOSTILE,
    text,
    parts: [{ name: HOSTILE, series: 0 }],
    rows: [{ label: HOSTILE, values: [3] }],
  }),
  "bars of nothing": barChart({ ...described, width: 430, unit: "", text, parts: [], rows: [] }),
  network: networkChart({
    ...described,
    width: 300,
    height: 200,
    network,
    layout: layoutNetwork(network, 300, 200),
    load: new Map([["x", 0.9]]),
  }),
};

for (const [name, drawn] of Object.entries(CHARTS)) {
  test(`${name}: well-formed, named, nothing smuggled in, every number a number`, (t) => {
    const found = elements(drawn);
    t.is(found[0]?.name, "svg");
    t.is(found[0]?.attributes["role"], "img");
    t.deepEqual(
      found.slice(1, 3).map((one) => one.name),
      ["title", "desc"],
    );
    t.false(found.some((one) => one.name === "script"));
    t.notRegex(drawn.html, /NaN|undefined|Infinity/);
  });
}

test("cells of a heat map cover their time, those that look alike as one, empty ones not at all", (t) => {
  const values = [0, 1, 1, Number.NaN, 5];
  const { left, right } = heatBox(360, 1);
  const cells = elements(heatChart({ ...heat, rows: [{ name: "a", label: "a", values }] }))
    .map(({ attributes }) => attributes)
    .filter(({ class: of }) => of?.startsWith("cell") === true);
  t.deepEqual(
    cells.map(({ class: of }) => of),
    ["cell l1", "cell l4"],
  );
  const fifth = (right - left) / 5;
  const [first, last] = cells.map(({ x, width }) => [Number(x), Number(width)]);
  t.true(Math.abs((first?.[0] ?? 0) - left - fifth) < 0.1 && Math.abs((first?.[1] ?? 0) - 2 * fifth) < 0.1);
  t.true(Math.abs((last?.[0] ?? 0) - right + fifth) < 0.1 && Math.abs((last?.[1] ?? 0) - fifth) < 0.1);
});

test("a dot stands where its value says, in the unit shown", (t) => {
  const drawn = forestChart({
    ...forest,
    bounds: [0, 100],
    rows: [
      {
        label: "a",
        dots: [
          { ...dot, value: 0, interval: [0, 1] },
          { ...dot, value: 0.5 },
        ],
      },
    ],
  });
  const places = [...drawn.html.matchAll(/class="mk s0" transform="translate\(([\d.]+),/g)].map(([, x]) => Number(x));
  t.deepEqual(places, [134, (134 + 328) / 2]);
});

test("numbers on a forest's axis stand apart, and no whisker leaves its plot", (t) => {
  const wide = forestChart({
    ...forest,
    unit: "/min",
    scale: 1,
    text: (value) => value.toLocaleString("en"),
    bounds: [0, Number.POSITIVE_INFINITY],
    rows: [{ label: "a", dots: [{ ...dot, note: "", value: 9_500, interval: [-4_000, 11_900] }] }],
  });
  const ticks = [...wide.html.matchAll(/<text class="tick mid" x="([\d.]+)"[^>]*>([\d,]+)</g)];
  t.true(ticks.length > 1);
  t.is(ticks[0]?.[2], "0");
  ticks.slice(1).forEach(([, x, label = ""], n) => t.true(Number(x) - Number(ticks[n]?.[1]) > label.length * 6, label));
  const [, left] = /<path [^>]*d="M([\d.-]+),/.exec(wide.html) ?? [];
  t.is(left, ticks[0]?.[1]);
});

test("without an interval there is a dot and no whisker", (t) => {
  const one = forestChart({ ...forest, rows: [{ label: "a", dots: [{ ...dot, value: 0.5 }] }] });
  t.notRegex(one.html, /class="ln/);
});

test("the layout of a network is the same each time and stays inside", (t) => {
  const layout = layoutNetwork(network, 300, 200);
  t.deepEqual([...layout], [...layoutNetwork(network, 300, 200)]);
  for (const { x, y } of layout.values()) t.true(x >= 0 && x <= 300 && y >= 0 && y <= 200);
  t.deepEqual([0, 0.2, 0.5, 0.8, 0.95, 1].map(loadClass), [0, 1, 2, 3, 4, 4]);
});

test("values: three significant digits, what shares lack, the unit's own prefix", (t) => {
  const share = scaleOf("share", [1]);
  t.deepEqual(
    [0.9996, 0.99999, 1, 0.5, 0, null].map((value) => formatValue(value, share)),
    ["99.96", "99.9990", "100", "50", "0", "\u2013"],
  );
  const rate = scaleOf("bit/s", [20_250_000, null]);
  t.is(`${formatValue(20_250_000, rate)} ${rate.unit}`, "20.3 Mbit/s");
  t.is(formatDifference(-0.0123, share), "\u22121.23");
  t.is(formatDifference(0.995, share), "+99.5");
  t.deepEqual([scaleOf("ms", [1_200]).unit, scaleOf("ms", [900]).unit], ["s", "ms"]);
});

function channel(hex: string): number {
  const value = Number.parseInt(hex, 16) / 255;
  return value <= 0.03928 ? value / 12.92 : Math.pow((value + 0.055) / 1.055, 2.4);
}

/** Relative luminance and contrast as WCAG 2 defines them. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => channel(colour.slice(at, at + 2))) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

test("contrast is computed as WCAG says", (t) => {
  t.is(contrast("#000000", "#ffffff"), 21);
  t.is(contrast("#777777", "#ffffff").toFixed(2), "4.48");
});

for (const [name, theme] of Object.entries({ light: LIGHT, dark: DARK } satisfies Record<string, Theme>)) {
  test(`${name}: series, loads and axes stand out at least 3 : 1, words 4.5 : 1`, (t) => {
    for (const colour of [...theme.series, ...theme.load, theme.axis]) {
      t.true(contrast(colour, theme.background) >= 3, `${colour}: ${contrast(colour, theme.background)}`);
    }
    for (const colour of [theme.text, theme.muted, theme.accent]) {
      for (const ground of [theme.background, theme.panel]) {
        t.true(contrast(colour, ground) >= 4.5, `${colour} on ${ground}: ${contrast(colour, ground)}`);
      }
    }
    t.is(new Set(theme.series).size, theme.series.length);
  });
}
