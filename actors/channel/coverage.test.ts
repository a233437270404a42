/**
 * The statecharts of the secure mode, walked by running actors along paths that xstate/graph finds: every state, and every transition from
 * every state. docs/channels-states.md is drawn from the same machines; `npm run docs` writes it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { type AnyStateMachine, createActor, createMachine } from "xstate";
import { getShortestPaths } from "xstate/graph";
import { ASSOCIATION_DEFAULTS } from "../../core/channel/association/association.ts";
import { createKeyPair } from "../../core/channel/crypto/primitives.ts";
import { MODELLED_PRIMITIVES } from "../../core/channel/crypto/modelled.ts";
import type { ControlEvent, Env } from "../../core/env.ts";
import { bindEnv } from "../registry.ts";
import { type PacketLogic, withPacketHandler } from "../with-packet-handler.ts";
import { type AssociationInput, associationLogic } from "./association.ts";
import { type ChannelInput, channelLogic } from "./channel.ts";
import { type ListenerInput, listenerLogic } from "./listener.ts";

const ENDS = {
  way: 0,
  src: { ia: "1-1", host: "10.0.0.1" },
  dst: { ia: "1-2", host: "10.0.0.2" },
  l4: { kind: "udp", srcPort: 1, dstPort: 2 } as const,
  flow: 0,
  flowId: 0,
  trafficClass: 0,
};
const COMMON = {
  ends: ENDS,
  options: { ...ASSOCIATION_DEFAULTS, localStatic: createKeyPair(new Uint8Array(32).fill(1), MODELLED_PRIMITIVES) },
  maxPacket: 1_200,
  app: 7,
  measureFrom: 0,
};
const ASSOCIATION: AssociationInput = { ...COMMON, replyFlow: 1, selector: null, begun: null };
const LISTENER: ListenerInput = { ...COMMON, flow: 1, maxAssociations: 1 };
const CHANNEL: ChannelInput = { association: 0, channel: 2, app: 7 };

interface Chart {
  readonly title: string;
  readonly logic: PacketLogic;
  readonly input: unknown;
  /** States whose entry tells the application. */
  readonly tells: readonly string[];
}

const CHARTS: readonly Chart[] = [
  {
    title: "Association",
    logic: associationLogic,
    input: ASSOCIATION,
    tells: ["established", "closed"],
  },
  {
    title: "Channel",
    logic: channelLogic,
    input: CHANNEL,
    tells: ["open", "localFinished", "remoteFinished", "closed", "refused", "reset"],
  },
  { title: "Listener", logic: listenerLogic, input: LISTENER, tells: [] },
];

interface Arrow {
  readonly from: string;
  readonly event: string;
  readonly to: string;
}

/** All that the machine's own definition names. */
function arrowsOf(machine: AnyStateMachine): Arrow[] {
  return Object.values(machine.root.states).flatMap((node) =>
    [...node.transitions.values()].flat().map(({ eventType, target }) => {
      return { from: node.key, event: eventType, to: target?.[0]?.key ?? node.key };
    }),
  );
}

const eventsOf = (machine: AnyStateMachine): ControlEvent[] =>
  [...new Set(arrowsOf(machine).map(({ event }) => event))].sort().map((type) => ({ type, code: 5 }) as ControlEvent);

const textOf = ({ from, event, to }: Arrow): string => `${from} --${event}--> ${to}`;

/** A running actor of the logic after these events, with what it told others. */
function walk({ logic, input }: Chart, events: readonly ControlEvent[]): { value: string; told: readonly string[] } {
  const told: string[] = [];
  const send = (_target: number, { type }: ControlEvent): number => told.push(type);
  const actor = createActor(logic, { input });
  bindEnv(actor.system, { now: 0, self: 3, id: "alone", send } as unknown as Env);
  actor.start();
  for (const event of events) actor.send(event);
  return { value: String((actor.getSnapshot() as unknown as { value: unknown }).value), told };
}

interface Coverage {
  readonly states: ReadonlySet<string>;
  readonly taken: ReadonlySet<string>;
  /** What is in the machine's definition, and was not reached. */
  readonly missed: readonly string[];
  readonly faults: readonly string[];
}

/** Every state by its shortest path, and from there every event, known there or not. */
function coverageOf(chart: Chart): Coverage {
  const { machine } = chart.logic;
  const events = eventsOf(machine);
  const states = new Set<string>();
  const taken = new Set<string>();
  const faults: string[] = [];
  const named = new Set(arrowsOf(machine).map(textOf));
  for (const { state, steps } of getShortestPaths(machine, { input: chart.input, events } as never)) {
    const way = steps.map(({ event }) => event as ControlEvent).filter(({ type }) => type !== "xstate.init");
    const { value: at, told: before } = walk(chart, way);
    if (at !== String((state as { value: unknown }).value))
      faults.push(`an actor is in ${at} after ${JSON.stringify(way)}`);
    states.add(at);
    for (const event of events) {
      const { value, told } = walk(chart, [...way, event]);
      const arrow = textOf({ from: at, event: event.type, to: value });
      if (named.has(arrow)) taken.add(arrow);
      else if (value !== at) faults.push(`${arrow} is nowhere in the machine`);
      if (value !== at && chart.tells.includes(value) !== told.length > before.length)
        faults.push(`${arrow}: told ${told.length}`);
    }
  }
  const all = [...Object.keys(machine.root.states), ...named];
  return { states, taken, faults, missed: all.filter((one) => !states.has(one) && !taken.has(one)) };
}

for (const chart of CHARTS) {
  test(`coverage: ${chart.title.toLowerCase()}`, (t) => {
    const { states, taken, missed, faults } = coverageOf(chart);
    const { root, id } = chart.logic.machine;
    const arrows = arrowsOf(chart.logic.machine).length;
    t.log(`${id}: states ${states.size}/${Object.keys(root.states).length}, transitions ${taken.size}/${arrows}`);
    t.deepEqual(missed, []);
    t.deepEqual(faults, []);
    t.is(taken.size, arrows);
  });
}

test("a state that nothing leads to, and what leads on from it, is found", (t) => {
  const states = { home: { on: { stay: "home" } }, island: { on: { leave: "home" } } } as const;
  const logic = withPacketHandler(createMachine({ id: "lonely", initial: "home", states }), () => undefined);
  t.deepEqual(coverageOf({ title: "Lonely", logic, input: undefined, tells: [] }).missed, [
    "island",
    "island --leave--> home",
  ]);
});

/** Mermaid's text for a machine: arrows between the same states are one, with an event a line. */
function diagram(machine: AnyStateMachine): string[] {
  const labels = new Map<string, string[]>();
  for (const { from, event, to } of arrowsOf(machine)) {
    const key = `${from} --> ${to}`;
    labels.set(key, [...(labels.get(key) ?? []), event]);
  }
  const first = machine.root.initial?.target?.[0]?.key ?? "";
  const finals = Object.values(machine.root.states).filter(({ transitions }) => transitions.size === 0);
  return [
    "```mermaid",
    "stateDiagram-v2",
    `  [*] --> ${first}`,
    ...[...labels].map(([key, events]) => `  ${key}: ${events.join("<br>")}`),
    ...finals.map(({ key }) => `  ${key} --> [*]`),
    "```",
  ];
}

const PAGE = join(import.meta.dirname, "../../docs/channels-states.md");

function page(): string {
  const charts = CHARTS.flatMap(({ title, logic: { machine } }) => [
    `## ${title}`,
    "",
    `\`${machine.id}\`: ${Object.keys(machine.root.states).length} states, ${arrowsOf(machine).length} transitions.`,
    "",
    ...diagram(machine),
    "",
  ]);
  return [
    "# Channels: states",
    "",
    "Drawn from the machines that run (`actors/channel/`) by `npm run docs`; a test compares. What the states mean stands at the head of",
    "each machine's file. Events that a state does not name change nothing.",
    "",
    ...charts,
  ]
    .join("\n")
    .trimEnd()
    .concat("\n");
}

test("docs/channels-states.md is what the machines say", (t) => {
  if (process.env["PATHLOOM_WRITE_DOCS"] === "1") writeFileSync(PAGE, page());
  t.is(readFileSync(PAGE, "utf8"), page());
  t.true(page().includes("handshaking --> established: handshake.completed"));
});
