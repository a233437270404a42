/** The contract suite with a namespace and a process for each AS. */
import test from "ava";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Scope from "effect/Scope";
import type { Assembly } from "../../actors/assembly.ts";
import { CONTRACT } from "../../actors/contract.ts";
import type { Scenario } from "../../core/scenario.ts";
import type { PlacePlan, UnderlayPlan } from "../underlay/plan.ts";
import { type Children, startChildren } from "./children.ts";
import type { FromContractChild, ToContractChild } from "./contract-child.ts";
import { GatheredWorld, type WorldPart } from "./gathered-world.ts";
import { openNamespaces } from "./namespaces.ts";
import { expectNamespaces, hasNamespaces, netnsTest } from "./netns-testing.ts";
import { planNamespaces } from "./plan.ts";

const MS = 1_000_000n;
/** Cases that run at once, each on ports of its own. */
const AT_ONCE = 2;
const FIRST_PORT = 30_200;

/** The largest of the cases' networks: the others are part of it. */
const whole = CONTRACT.map(({ assembly }) => assembly().scenario)
  .filter((scenario): scenario is Scenario => scenario !== null)
  .reduce((most, one) => (one.network.links.length > most.network.links.length ? one : most));
const places = whole.network.ases.map(({ ia }) => ia);

const scope = Effect.runSync(Scope.make());
const heard = new Map<number, (place: number, message: FromContractChild) => void>();
let children: Children | null = null;
const idle: (() => void)[] = [];
const busy = new Set<number>();

test.before(async () => {
  if (!hasNamespaces) return;
  const open = Effect.gen(function* () {
    const names = yield* openNamespaces(places, planNamespaces(whole));
    return yield* startChildren({
      places,
      names,
      entry: new URL("./contract-child.ts", import.meta.url),
      onMessage: (place, message) => {
        const said = message as FromContractChild;
        heard.get(said.number)?.(place, said);
      },
      onText: (place, line) => console.error(`${places[place]}: ${line}`),
      onEnd: (place, how) => {
        for (const [number, hear] of heard) hear(place, { kind: "failed", number, message: how });
      },
    });
  });
  children = await Effect.runPromise(Scope.provide(open, scope));
  // Code that has run before is fast: the cases are about packets, not about compilers.
  const { assembly } = CONTRACT[0] as (typeof CONTRACT)[number];
  await partsOf(0, assembly());
});

test.after.always(() => Effect.runPromise(Scope.close(scope, Exit.void)));

CONTRACT.forEach(({ name, assembly, check }, number) => {
  netnsTest(`contract in namespaces: ${name}`, async (t) => {
    if (busy.size >= AT_ONCE) await new Promise<void>((resolve) => idle.push(resolve));
    busy.add(number);
    try {
      const made = assembly();
      t.deepEqual(check(new GatheredWorld(made, await partsOf(number, made))), []);
    } finally {
      busy.delete(number);
      idle.shift()?.();
    }
  });
});

test("there are namespaces, or it says why not", (t) => {
  expectNamespaces(t, "the contract suite in namespaces");
});

/** Runs one case, each of its places in its process. */
function partsOf(number: number, { places: here, scenario }: Assembly): Promise<WorldPart[]> {
  const parts: WorldPart[] = [];
  const open = new Set<number>();
  const tell = (ia: string, message: ToContractChild): void => children?.send(places.indexOf(ia), message);
  return new Promise((resolve, reject) => {
    heard.set(number, (place, message) => {
      if (message.kind === "failed") reject(new Error(`${places[place]}: ${message.message}`));
      else if (message.kind === "open") open.add(place);
      else parts.push(message.part);
      if (message.kind === "open" && open.size === here.length) {
        const at = process.hrtime.bigint() + 20n * MS;
        for (const ia of here) tell(ia, { kind: "epoch", number, at });
      }
      if (parts.length === here.length) resolve(parts);
    });
    const underlay = scenario === null ? { places: [] } : underlayOf(scenario, number);
    for (const ia of here) tell(ia, { kind: "case", number, here: ia, underlay });
  });
}

/** What of the whole plan a case's network has, in its own order. */
function underlayOf({ network }: Scenario, number: number): UnderlayPlan {
  const plan = planNamespaces(whole, FIRST_PORT + number).underlay.places;
  return {
    places: network.ases.map(({ ia }): PlacePlan => {
      const place = plan.find((one) => one.ia === ia) as PlacePlan;
      const links = place.links.filter(({ neighbour }) => network.ases.some((as) => as.ia === neighbour));
      return { ...place, links };
    }),
  };
}
