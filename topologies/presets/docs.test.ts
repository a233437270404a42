/** docs/presets.md lists what there is, with the values it has. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { DEFAULT_DIRECTION, type LinkDirection } from "../../core/scenario.ts";
import { LINK_PRESETS } from "../link-presets.ts";
import { PRESETS } from "../presets.ts";

/** Rows of all tables of the page whose first cell is code: name, then the other cells. */
const rows = readFileSync(join(import.meta.dirname, "../../docs/presets.md"), "utf8")
  .split("\n")
  .flatMap((line) => {
    const [, name = "", rest = ""] = /^\| `([\w-]+)` \| (.*) \|$/.exec(line) ?? [];
    return name === "" ? [] : [{ name, cells: rest.split(" | ") }];
  });

test("every preset and generator has its row, and every parameter its default", (t) => {
  const known = rows.filter(({ name }) => PRESETS.has(name));
  t.deepEqual(known.map(({ name }) => name).sort(), [...PRESETS.keys()].sort());
  for (const { name, cells } of known.filter(({ cells: found }) => found.length === 2)) {
    const parameters = Object.entries(PRESETS.get(name)?.parameters ?? {});
    t.is(cells[0], parameters.map(([key, { default: value }]) => `\`${key}\` (${value})`).join(", "), name);
  }
});

test("every link preset has its row: rates, latency, queues", (t) => {
  const known = rows.filter(({ name }) => LINK_PRESETS.has(name));
  t.deepEqual(
    known.map(({ name }) => name),
    [...LINK_PRESETS.keys()],
  );
  for (const { name, cells } of known) {
    const { ab, ba } = LINK_PRESETS.get(name) ?? {};
    const [down, up] = [ab, ba].map((part): LinkDirection => ({ ...DEFAULT_DIRECTION, ...part })) as [
      LinkDirection,
      LinkDirection,
    ];
    const rate = ({ rate_bps }: LinkDirection): string =>
      rate_bps >= 1e9 ? `${rate_bps / 1e9} Gbit/s` : `${rate_bps / 1e6} Mbit/s`;
    const queue = ({ queue_bytes, rate_bps }: LinkDirection): string =>
      `${Math.round((8_000 * queue_bytes) / rate_bps)} ms`;
    const [rates, latency, delay, loss, queues] = cells;
    t.is(rates, `${rate(down)}, ${rate(up)}`, name);
    t.is(latency, `${down.latency_ns / 1e6} ms`, name);
    t.is(queues, `${queue(down)}, ${queue(up)}`, name);
    t.is(loss, down.burst === null ? "none" : `${down.burst.bad_ns / 1e6} ms each ${down.burst.good_ns / 1e9} s`, name);
    if (down.delay.kind === "normal") t.true(delay?.startsWith(`normal, ${down.delay.deviation_ns / 1e6} ms`), name);
  }
});
