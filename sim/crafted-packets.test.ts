/** Forged, expired, looped, mis-sized, misled packets at a simulated router: the right error, the right counter, no crash. */
import test from "ava";
import type { HostContext } from "../actors/host.ts";
import type { NodeContext } from "../actors/node.ts";
import { isScmpError } from "../core/scmp.ts";
import type { Packet } from "../core/packet.ts";
import { decodeQuote, encodePacket } from "../core/wire/codec.ts";
import { CRAFTED, HONEST, quietRow } from "./crafted-packets.ts";
import { Simulation } from "./simulation.ts";

const SECOND = 1_000_000_000;

function world(wire: boolean): { world: Simulation; answers: Packet[] } {
  const answers: Packet[] = [];
  const observe = () => ({
    sent: () => undefined,
    recalled: () => undefined,
    delivered: (target: { id: string }, _order: number, thing: unknown, isPacket: boolean) => {
      if (isPacket && target.id === "host/1-1,10.0.0.1") answers.push({ ...(thing as Packet) });
    },
  });
  return { world: Simulation.create(quietRow(), { observe, wire }), answers };
}

/** Event by event: `run` would find packets that nobody sent. */
function settle(it: Simulation): void {
  while (it.step(SECOND));
}

for (const { name, packet, ia, ingress, reason, error, noWayBack } of CRAFTED) {
  test(`${name}: ${reason}`, (t) => {
    const { world: it, answers } = world(false);
    it.deliverPacket(it.indexOf(`node/${ia}`) as number, { ...packet }, ingress);
    settle(it);
    t.deepEqual([...it.ledger.byReason], [[reason, noWayBack ? 2 : 1]]);
    t.is(it.read<NodeContext>(`node/${ia}`).context.answered, error === null ? 0 : 1);
    t.is(it.read<HostContext>("host/1-1,10.0.0.1").context.errors, answers.length);
    if (error === null) {
      t.deepEqual(answers, []);
      return;
    }
    t.is(answers.length, noWayBack ? 0 : 1);
    if (noWayBack) return;
    const [answer] = answers as [Packet];
    t.deepEqual(answer.l4, error);
    t.deepEqual([answer.trafficClass, answer.flowId, answer.srcIa, answer.dstIa], [0xb8, 0xabcde, ia, "1-1"]);
    t.true(isScmpError(answer.l4) && answer.wireLength <= 1232);
    t.is(answer.wireLength, encodePacket(answer).length);
    const quote = decodeQuote(answer.rest as Uint8Array);
    t.like(quote.ok ? quote.value : quote.error, { l4: packet.l4, dstIa: packet.dstIa, dstHost: packet.dstHost });
    t.is(answer.wireLength, Math.min(1232, answer.wireLength - answer.payloadLength + (packet.payloadLength + 92)));
  });
}

test("what is honest passes, as records and as bytes", (t) => {
  for (const wire of [false, true]) {
    for (const packet of HONEST) {
      const { world: it } = world(wire);
      it.deliverPacket(it.indexOf("node/1-2") as number, { ...packet }, 1);
      settle(it);
      t.deepEqual([...it.ledger.byReason.keys()], ["unknown_port"], "it came to the host of 1-3, where nobody listens");
      t.is(it.read<NodeContext>("node/1-2").context.forwarded, 1);
    }
  }
});
