/** What the inspector says of actors, in runs of the examples. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { LOGICS } from "../../actors/logics.ts";
import type { ActorView, ContextView } from "../../core/exploration.ts";
import { actorView } from "./actor-view.ts";
import { ok } from "../../core/result.ts";
import { explore, scenarioFrom } from "./view-testing.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples");
const read = (path: string): string => readFileSync(join(EXAMPLES, path), "utf8");
const EVENTS = 4_000;
/** Of one view as JSON. */
const MOST_CHARACTERS = 250_000;

/** Actors that no example has. */
const MORE = `
topology: diamond
duration: 3s
bfd: on
flows:
  - {id: rtt, app: constant-rate, from: "1-ff00:0:110", to: "1-ff00:0:120", rate: 400kbit/s, packet_size: 500B, policy: {name: lowest-rtt}}
  - {id: most, app: constant-rate, from: "1-ff00:0:110", to: "1-ff00:0:120", rate: 400kbit/s, packet_size: 500B, policy: {name: highest-goodput}}
  - {id: asks, app: request-response, transport: channel, from: "1-ff00:0:110", to: "1-ff00:0:120", response: 5kB, think: 50ms}
`;

function viewsOf(text: string): ActorView[] {
  const explored = explore(
    scenarioFrom(text, (path) => ok(read(path))),
    EVENTS,
  );
  explored.cursor.seekEvent(explored.scout.events);
  const standing = explored.standing();
  return explored.cursor.world.allCells().map(({ id }) => actorView(standing, id) as ActorView);
}

function deepest(view: ContextView): number {
  return view.kind === "value" ? 0 : 1 + Math.max(0, ...view.entries.map(([, one]) => deepest(one)));
}

/** States that are left and entered one at a time, so that what was entered less what was left is what it is in. */
function balances({ current, states, transitions }: ActorView["chart"]): boolean {
  return states.slice(1).every(({ path, entered }) => {
    const left = transitions.filter(({ from, to }) => from === path && to !== null);
    const stays = left.reduce((sum, { taken }) => sum + taken, 0);
    // From a state around it, the root at last, a transition may leave it, too: then it is not known which state was left.
    const around = transitions.some(({ from, to, taken }) => from === "" && to !== null && taken > 0);
    return around || entered - stays === (current.includes(path) ? 1 : 0);
  });
}

test("every actor of every example can be looked at", (t) => {
  const logics = new Set<string>();
  const faces = new Set<string>();
  const files = readdirSync(EXAMPLES).filter((name) => name.endsWith(".yaml"));
  const texts = [...files.map((file) => [file, read(file)] as const), ["more", MORE] as const];
  for (const [file, text] of texts) {
    for (const view of viewsOf(text)) {
      const where = `${file} ${view.id}`;
      const { length } = JSON.stringify(structuredClone(view));
      t.true(length < MOST_CHARACTERS, `${where}: ${length} characters`);
      t.true(deepest(view.context) <= 6, `${where}: ${deepest(view.context)} deep`);
      t.true(view.state === "stopped" || view.chart.current.length > 0, where);
      for (const path of view.chart.current)
        t.true(
          view.chart.states.some((state) => state.path === path),
          where,
        );
      if (view.state !== "stopped") t.true(balances(view.chart), `${where}: ${JSON.stringify(view.chart)}`);
      const { coverage } = view.chart;
      t.true(coverage.states >= 1 && coverage.states <= coverage.ofStates, where);
      t.true(coverage.transitions <= coverage.ofTransitions, where);
      for (const { due_ns } of view.timers) t.true(due_ns >= view.now, where);
      logics.add(view.logic);
      if (view.face !== null) faces.add(view.face.kind);
    }
  }
  t.deepEqual([...faces].sort(), ["counters", "link", "node", "selector", "transport"]);
  // Those are of live runs and of the command traceroute.
  t.deepEqual(
    [...LOGICS.keys()].filter((name) => !logics.has(name)),
    ["outside-host", "traceroute"],
  );
});

test("nobody has an unknown id", (t) => {
  const explored = explore(scenarioFrom("topology: tiny\nduration: 1s\nflows: []\n"), 10);
  t.is(actorView(explored.standing(), "node/9-9"), null);
});
