/** Associations from end to end over simulated networks: whole handshakes, data that arrives once, ends that are orderly. */
import test, { type ExecutionContext } from "ava";
import type { Assembly } from "../actors/assembly.ts";
import type { SelectorContext } from "../actors/selectors/selector.ts";
import type { PathState } from "../core/channel/paths/types.ts";
import { checkpoint, restore } from "./checkpoint.ts";
import { recordedRun, recordsOf } from "./records-testing.ts";
import { replay } from "./replay.ts";
import type { AssociationContext, AssociationInput } from "../actors/channel/association.ts";
import type { ListenerContext, ListenerInput } from "../actors/channel/listener.ts";
import type { UdpHeader } from "../core/packet.ts";
import type { AssociationOptions } from "../core/channel/association/association.ts";
import type { FaultSpec, FlowSpec, Scenario } from "../core/scenario.ts";
import type { Script, ScriptContext } from "../actors/channel/script-testing.ts";
import { channelAssembly, pairScenario } from "./channel-worlds.ts";
import { Simulation, type SimulationOptions } from "./simulation.ts";

const MS = 1_000_000;
const SECOND = 1_000 * MS;

type Run = ReturnType<typeof runPair>;

function runPair(
  scenario: Scenario,
  changes: Partial<AssociationOptions>,
  script: Pick<Script, "channels" | "finish">,
  until: number,
  options: SimulationOptions = {},
) {
  const world = Simulation.create(channelAssembly(scenario, changes, script), options);
  world.run(until);
  return {
    world,
    asking: world.read<AssociationContext>("association/f"),
    listener: world.read<ListenerContext>("listener/f").context,
    asked: () => world.read<AssociationContext>("listener/f/0"),
    heard: world.read<ScriptContext>("script/f").context.heard,
    heardAsked: world.read<ScriptContext>("script/sink/f").context.heard,
  };
}

/** Every packet of the flow and of its replies was received, dropped, or is under way. */
function conserve(t: ExecutionContext, { world, asking, listener }: Run): void {
  const dropped = (flow: number): number => world.ledger.byFlow.get(flow) ?? 0;
  t.is(asking.context.port.sent, listener.port.received.received + dropped(0), "packets to the asked end");
  t.is(listener.port.sent, asking.context.port.received.received + dropped(1), "packets back");
}

const MANY_PATHS = { crypto: "modelled", paths: { scheduler: "minrtt" } } as const;
const ONE_STREAM = { channels: [{ options: {}, bytes: 600_000 }], finish: true };

for (const crypto of ["modelled", "real"] as const) {
  test(`${crypto}: a stream of zeros arrives whole over a lossy link, and both ends close`, (t) => {
    const bytes = crypto === "real" ? 60_000 : 600_000;
    const script = { channels: [{ options: {}, bytes }], finish: true };
    const run = runPair(pairScenario(7, [{ loss: 0.05 }]), { crypto }, script, 60 * SECOND);
    const asked = run.asked();
    t.is(run.asking.value, "closed");
    t.is(asked.value, "closed");
    t.is(asked.context.delivered, bytes);
    t.deepEqual(run.asking.context.association.ending, { by: "us", word: "closed", code: 0, reason: "done" });
    t.deepEqual(asked.context.association.ending, { by: "peer", word: "closed", code: 0, reason: "done" });
    t.is(run.listener.counts.ended, 1);
    t.is(run.heard.at(0), "association.established");
    t.is(run.heard.at(-1), "association.ended");
    t.true(run.heard.includes("channel.changed closed"));
    t.true((run.world.ledger.byReason.get("loss") ?? 0) > 0);
    conserve(t, run);
  });
}

test("the statechart of either end stands where the engine stands, all the time", (t) => {
  const world = Simulation.create(
    channelAssembly(pairScenario(11, [{ loss: 0.2 }]), { crypto: "modelled" }, ONE_STREAM),
  );
  const seen = new Set<string>();
  while (world.now < 20 * SECOND && world.step(20 * SECOND)) {
    for (const id of ["association/f", "listener/f/0"]) {
      if (world.indexOf(id) === undefined) continue;
      const { value, context } = world.read<AssociationContext>(id);
      // A listener's association takes its first step with its first event.
      if (value !== "idle" && value !== context.association.phase)
        t.fail(`${id}: ${String(value)}, ${context.association.phase}`);
      seen.add(String(value));
    }
  }
  t.true(seen.has("established") && seen.has("handshaking"));
});

test("over the wire, through XState's mailbox and without lanes a run is the same", (t) => {
  const scenario = pairScenario(3, [{ loss: 0.02 }]);
  const digestOf = (options: SimulationOptions): string =>
    runPair(scenario, { crypto: "modelled" }, ONE_STREAM, 5 * SECOND, options).world.digest();
  const digest = digestOf({});
  t.is(digestOf({ dispatch: "mailbox" }), digest);
  t.is(digestOf({ lanes: false }), digest);
  const overWire = runPair(scenario, { crypto: "modelled" }, ONE_STREAM, 20 * SECOND, { wire: true });
  t.is(overWire.asked().context.delivered, 600_000);
});

function cut(ifId: number, at: number, length: number | null): FaultSpec {
  const effect = { kind: "down" as const, links: [{ ia: "1-1", ifId }], ases: [] };
  return { id: `cut${ifId}`, timing: { kind: "once", at_ns: at, for_ns: length }, effect };
}

for (const scheduler of ["single", "minrtt", "round-robin", "weighted", "redundant", "blest", "ecf"] as const) {
  test(`${scheduler}: whichever of two links is cut for good, no byte is lost, and the other carries on`, (t) => {
    for (const ifId of [1, 2]) {
      const scenario = { ...pairScenario(5, [{}, { latency_ns: 25 * MS }]), faults: [cut(ifId, 200 * MS, null)] };
      const changes = { crypto: "modelled" as const, paths: { scheduler } };
      const run = runPair(scenario, changes, ONE_STREAM, 60 * SECOND);
      t.is(run.asked().context.delivered, 600_000, `interface ${ifId}`);
      t.is(run.asking.value, "closed");
      t.is(run.asking.context.association.ending?.word, "closed");
      conserve(t, run);
    }
  });
}

for (const reliability of ["ordered", "unordered", "unreliable", "close-on-loss"] as const) {
  for (const framing of ["stream", "messages"] as const) {
    test(`${reliability} ${framing}: what is promised holds over a lossy link`, (t) => {
      const bytes = framing === "stream" ? 30_000 : 12_000;
      const channels = [{ options: { reliability, framing }, bytes }];
      const run = runPair(
        pairScenario(2, [{ loss: 0.1 }]),
        { crypto: "modelled" },
        { channels, finish: true },
        60 * SECOND,
      );
      const { delivered } = run.asked().context;
      if (reliability === "ordered" || reliability === "unordered") t.is(delivered, bytes);
      else t.true(delivered <= bytes);
      t.is(run.asking.value, "closed", run.heard.join(", "));
      t.is(run.asked().value, "closed", run.heardAsked.join(", "));
      conserve(t, run);
    });
  }
}

test("a run goes on from a checkpoint as if it had not stopped", (t) => {
  const assembly = channelAssembly(pairScenario(4, [{ loss: 0.05 }, { latency_ns: 15 * MS }]), MANY_PATHS, ONE_STREAM);
  for (const at of [20 * MS, 60 * MS, SECOND]) {
    const world = Simulation.create(assembly);
    world.run(at);
    const again = restore(assembly, checkpoint(world));
    world.run(20 * SECOND);
    again.run(20 * SECOND);
    t.is(again.digest(), world.digest(), `from ${at / MS} ms`);
    t.is(again.read<AssociationContext>("association/f").value, "closed");
  }
});

test("each place replays alone from its record: every output, digest and final state", (t) => {
  const assembly = (): Assembly =>
    channelAssembly(pairScenario(6, [{ loss: 0.05 }, { latency_ns: 15 * MS }]), MANY_PATHS, {
      channels: [{ options: {}, bytes: 100_000 }],
      finish: true,
    });
  const { world, lines } = recordedRun(assembly(), 5 * SECOND);
  const digest = world.digest();
  t.deepEqual(replay(assembly(), recordsOf(lines)), {
    identical: true,
    digest: [digest, digest],
    events: world.events,
    firstDifference: null,
  });
});

test("where the selector's choice comes back, a single path follows it", (t) => {
  const scenario = {
    ...pairScenario(5, [{ latency_ns: 5 * MS }, { latency_ns: 25 * MS }], "lowest-latency"),
    faults: [cut(1, SECOND, SECOND)],
  };
  const script = { channels: [{ options: {}, bytes: 1e9 }], finish: false };
  const world = Simulation.create(channelAssembly(scenario, { crypto: "modelled" }, script));
  const packetsOver = (): number[] => world.read<SelectorContext>("selector/f").context.used.slice();
  world.run(SECOND);
  const before = packetsOver();
  world.run(2 * SECOND);
  const during = packetsOver();
  world.run(6 * SECOND);
  const after = packetsOver();
  const share = (from: readonly number[], to: readonly number[], at: number): number => {
    const sent = to.map((count, n) => count - (from[n] as number));
    return (sent[at] as number) / sent.reduce((sum, one) => sum + one, 0);
  };
  const [fast, slow] = before[0] === Math.max(...before) ? [0, 1] : [1, 0];
  t.true((before[fast as number] as number) > (100 * (before[slow as number] as number)) / 10);
  t.true(share(before, during, slow as number) > 0.8);
  t.true(share(during, after, fast as number) > 0.8);
});

test("marked packets slow a sender down that asked for marks", (t) => {
  const codel = { kind: "codel" as const, target_ns: 5 * MS, interval_ns: 50 * MS, ecn: true };
  const scenario = pairScenario(5, [{ discipline: codel, queue_packets: 200 }]);
  const flows = scenario.flows.map((flow) => ({ ...flow, ecn: true }) as FlowSpec);
  const script = { channels: [{ options: {}, bytes: 1e9 }], finish: false };
  const run = runPair({ ...scenario, flows }, { crypto: "modelled" }, script, 5 * SECOND);
  t.true(run.asked().context.marked > 5);
  const path = run.asking.context.association.paths.list[0] as PathState;
  t.true(path.recovery.controller.events > 2);
  t.is(path.recovery.counts.lost, 0);
  t.true(path.recovery.rtt.smoothed < 40 * MS);
});

test("where both ends ask at once, one association comes of it", (t) => {
  const pair = pairScenario(9, [{}]);
  const flows = Array.from({ length: 6 }, (_, n) => ({ ...pair.flows[0], id: `f${n}`, reply: "select" }) as FlowSpec);
  const script = { channels: [{ options: {}, bytes: 50_000 }], finish: false };
  const world = Simulation.create(channelAssembly({ ...pair, flows }, { crypto: "modelled" }, script, true));
  world.run(20 * SECOND);
  for (const { id } of flows) {
    const [one, other] = [`association/${id}`, `association/${id}/sink`].map((of) =>
      world.read<AssociationContext>(of),
    );
    t.is(one?.value, "established");
    t.is(other?.value, "established");
    t.deepEqual([one, other].map((end) => end?.context.association.role).toSorted(), ["initiator", "responder"]);
    t.deepEqual(one?.context.association.localId, other?.context.association.remoteId);
    t.is(other?.context.delivered, 50_000);
  }
});

test("a listener takes as many associations as it may, and others when there is room again", (t) => {
  const pair = pairScenario(9, [{}]);
  const flows = [0, 1, 2].map((n) => ({ ...pair.flows[0], id: `f${n}`, start_ns: n * 500 * MS }) as FlowSpec);
  const script = { channels: [{ options: {}, bytes: 3_000_000 }], finish: true };
  const assembly = channelAssembly({ ...pair, flows }, { crypto: "modelled", handshakeTimeout: 300 * MS }, script);
  const inputOf = (id: string): unknown => assembly.actors.find((spec) => spec.id === id)?.input;
  const first = inputOf("association/f0") as AssociationInput;
  // All to the first one's listener, each from its own port.
  const actors = assembly.actors.map((spec) => {
    if (spec.id === "listener/f0")
      return { ...spec, input: { ...(spec.input as ListenerInput), flow: null, maxAssociations: 2 } };
    if (spec.logic !== "association") return spec;
    const own = spec.input as AssociationInput;
    const l4 = { ...(own.ends.l4 as UdpHeader), dstPort: (first.ends.l4 as UdpHeader).dstPort };
    const options = { ...own.options, remoteStatic: first.options.remoteStatic };
    return { ...spec, input: { ...own, options, replyFlow: first.replyFlow, ends: { ...own.ends, l4 } } };
  });
  const world = Simulation.create({ ...assembly, actors });
  world.run(2 * SECOND);
  const { value, context } = world.read<ListenerContext>("listener/f0");
  t.is(value, "full");
  t.is(context.byId.size, 2);
  t.true(context.counts.refused > 0);
  t.is(world.read<AssociationContext>("association/f2").value, "handshaking");
  world.run(60 * SECOND);
  t.is(context.counts.accepted, 3);
  t.is(context.counts.ended, 3);
  t.is(context.byId.size + context.bySource.size + context.sources.size, 0);
  for (const n of [0, 1, 2]) {
    t.is(world.read<AssociationContext>(`association/f${n}`).value, "closed");
    t.is(world.read<AssociationContext>(`listener/f0/${n}`).context.delivered, 3_000_000);
  }
});
