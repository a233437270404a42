/** Which variation of a delay a link has, where its latency changes. */
import test from "ava";
import { directionWith, LINK, scenarioOf, TINY, wrongLink } from "./scenario-testing.ts";

test("a variation of the delay: one asked for fits the latency, one that was there is cut off at it", (t) => {
  const delay = (fields: string): unknown => directionWith(fields).delay;
  t.deepEqual(delay("preset: satellite"), { kind: "normal", deviation_ns: 10e6, bound_ns: 30e6 });
  t.deepEqual(delay("preset: satellite, latency: 20ms"), { kind: "normal", deviation_ns: 10e6, bound_ns: 20e6 });
  t.deepEqual(delay("preset: satellite, latency: 0s"), { kind: "fixed" });
  t.deepEqual(delay("preset: wifi, latency: 1us"), delay("preset: wifi"), "what only adds has no bound below");
  t.deepEqual(wrongLink("preset: satellite, latency: 20ms, jitter: 30ms"), [
    "links[0]: expected a jitter of at most the latency, 20ms, found 30ms",
  ]);
  t.deepEqual(wrongLink("latency: 20ms, jitter: 10ms, back: {latency: 5ms}"), [
    "links[0].back: expected a jitter of at most the latency, 5ms, found 10ms",
  ]);
  const later = (fields: string): unknown =>
    scenarioOf(`${TINY}flows: []\nlinks: [{all: true, latency: 9ms, jitter: 9ms}, {link: "${LINK}", ${fields}}]\n`)
      .network.links[0]?.ab.delay;
  t.deepEqual(later("latency: 2ms"), { kind: "uniform", width_ns: 2e6 });
  t.deepEqual(later("loss: 1%"), { kind: "uniform", width_ns: 9e6 });
});
