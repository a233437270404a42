/** Associations from end to end over simulated networks: whole handshakes, data that arrives once, ends that are orderly. */
import test, { type ExecutionContext } from "ava";
import type { AssociationContext } from "../actors/channel/association.ts";
import type { ListenerContext } from "../actors/channel/listener.ts";
import type { AssociationOptions } from "../core/channel/association/association.ts";
import type { FaultSpec, Scenario } from "../core/scenario.ts";
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

const ONE_STREAM = { channels: [{ options: {}, bytes: 2_000_000 }], finish: true };

for (const crypto of ["modelled", "real"] as const) {
  test(`${crypto}: a stream of zeros arrives whole over a lossy link, and both ends close`, (t) => {
    const bytes = crypto === "real" ? 200_000 : 2_000_000;
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

test("over the wire, through XState's mailbox and without lanes a run is the same", (t) => {
  const scenario = pairScenario(3, [{ loss: 0.02 }]);
  const digestOf = (options: SimulationOptions): string =>
    runPair(scenario, { crypto: "modelled" }, ONE_STREAM, 5 * SECOND, options).world.digest();
  const digest = digestOf({});
  t.is(digestOf({ dispatch: "mailbox" }), digest);
  t.is(digestOf({ lanes: false }), digest);
  const overWire = runPair(scenario, { crypto: "modelled" }, ONE_STREAM, 20 * SECOND, { wire: true });
  t.is(overWire.asked().context.delivered, 2_000_000);
});

function cut(ifId: number, at: number, length: number | null): FaultSpec {
  const effect = { kind: "down" as const, links: [{ ia: "1-1", ifId }], ases: [] };
  return { id: `cut${ifId}`, timing: { kind: "once", at_ns: at, for_ns: length }, effect };
}

for (const scheduler of ["single", "minrtt", "round-robin", "weighted", "redundant", "blest", "ecf"] as const) {
  test(`${scheduler}: whichever of two links is cut for good, no byte is lost, and the other carries on`, (t) => {
    for (const ifId of [1, 2]) {
      const scenario = { ...pairScenario(5, [{}, { latency_ns: 25 * MS }]), faults: [cut(ifId, 700 * MS, null)] };
      const changes = { crypto: "modelled" as const, paths: { scheduler } };
      const run = runPair(scenario, changes, ONE_STREAM, 60 * SECOND);
      t.is(run.asked().context.delivered, 2_000_000, `interface ${ifId}`);
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
      const run = runPair(pairScenario(2, [{ loss: 0.1 }]), { crypto: "modelled" }, { channels, finish: true }, 60 * SECOND);
      const { delivered } = run.asked().context;
      if (reliability === "ordered" || reliability === "unordered") t.is(delivered, bytes);
      else t.true(delivered <= bytes);
      t.is(run.asking.value, "closed", run.heard.join(", "));
      t.is(run.asked().value, "closed", run.heardAsked.join(", "));
      conserve(t, run);
    });
  }
}
