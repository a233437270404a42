/** A sender and a receiver over a line that loses, delays, repeats and damages: what the application gets is the stream, once and in order. */
import test from "ava";
import fc from "fast-check";
import { createPacket, type Packet } from "../packet.ts";
import { RandomStream } from "../rng.ts";
import { type AckFrame, type DataFrame, decodeFrame, encodeFrame, type Frame } from "./frames.ts";
import { ackIsDue, createReceiver, isComplete, lastWord, receiveData, takeAck } from "./receiver.ts";
import { createSender, deadlineOf, nextData, onAck, onTimeout } from "./sender.ts";

const MS = 1_000_000;
const DATAGRAM = 500;
const PAYLOAD = 1_500;

interface Line {
  readonly seed: number;
  readonly bytes: number;
  /** Each in percent. */
  readonly loss: number;
  readonly duplicate: number;
  readonly damage: number;
  /** Added to 5 ms, uniform up to this. */
  readonly jitterMs: number;
}

const line: fc.Arbitrary<Line> = fc.record({
  seed: fc.nat(1_000_000),
  bytes: fc.integer({ min: 1, max: 60_000 }),
  loss: fc.nat(40),
  duplicate: fc.nat(30),
  damage: fc.nat(30),
  jitterMs: fc.nat(60),
});

function carried(bytes: Uint8Array): Packet {
  const ends = { dstIa: "1-2", srcIa: "1-1", dstHost: "10.0.0.1", srcHost: "10.0.0.1", flow: 0, flowId: 1 };
  const rest = { rest: bytes, payloadLength: PAYLOAD, wireLength: 0, sentAt: 0, number: 0, trafficClass: 0 };
  return createPacket({
    ...ends,
    ...rest,
    path: null,
    currInf: 0,
    currHf: 0,
    l4: { kind: "udp", srcPort: 1, dstPort: 1 },
  });
}

/**
 * Runs a transfer; events in order of time. Damaged acknowledgements reach the sender with `damaged`; otherwise a checksum catches
 * them. Answers what the application got, in order of delivery.
 */
function transfer({ seed, bytes, loss, duplicate, damage, jitterMs }: Line, damaged: boolean, until: number) {
  const random = new RandomStream(seed, "test", "line");
  const chance = (percent: number): boolean => random.below(100) < percent;
  const sender = createSender({ connection: 0, datagram: DATAGRAM, total: bytes });
  const receiver = createReceiver();
  const pending: { at: number; order: number; bytes: Uint8Array }[] = [];
  let order = 0;
  let now = 0;
  let delivered = 0;
  const put = (frame: Frame): void => {
    for (let copies = chance(duplicate) ? 2 : 1; copies > 0; copies--) {
      if (chance(loss)) continue;
      const packet = encodeFrame(frame);
      if (frame.kind === "ack" && chance(damage)) {
        if (!damaged) continue;
        const at = random.below(packet.length);
        packet[at] = (packet[at] as number) ^ (1 << random.below(8));
      }
      pending.push({ at: now + (5 + random.below(jitterMs + 1)) * MS, order: order++, bytes: packet });
    }
  };
  const receive = (frame: Frame | null): void => {
    if (frame?.kind === "ack") onAck(sender, frame as AckFrame, now);
    if (frame?.kind !== "data") return;
    if (isComplete(receiver)) return put(lastWord(frame as DataFrame, true));
    delivered += receiveData(receiver, frame, false, now);
  };
  for (let round = 0; round < until && !sender.done; round++) {
    for (let frame = nextData(sender, now); frame !== null; frame = nextData(sender, now)) put(frame);
    if (ackIsDue(receiver, now)) put(takeAck(receiver, 0, now));
    pending.sort((a, b) => a.at - b.at || a.order - b.order);
    const due = [pending[0]?.at ?? -1, deadlineOf(sender), receiver.ackAt].filter((at) => at >= 0);
    if (due.length === 0) break;
    now = Math.max(now, Math.min(...due));
    if (pending[0] !== undefined && pending[0].at <= now)
      receive(decodeFrame(carried((pending.shift() as { bytes: Uint8Array }).bytes)));
    else onTimeout(sender, now);
  }
  return { sender, receiver, delivered };
}

test("whatever is lost, late, twice or damaged, every byte arrives exactly once and the sender learns of it", (t) => {
  fc.assert(
    fc.property(line, (one) => {
      const { sender, receiver, delivered } = transfer(one, false, 100_000);
      t.true(sender.done, "the sender knows");
      t.is(delivered, one.bytes);
      t.deepEqual(receiver.bytes, [0, one.bytes]);
      t.is(receiver.delivered, one.bytes);
    }),
    { numRuns: 150 },
  );
});

test("damaged acknowledgements that no checksum catches break neither end, and nothing is delivered twice", (t) => {
  fc.assert(
    fc.property(line, (one) => {
      const { sender, receiver, delivered } = transfer({ ...one, damage: 50 }, true, 5_000);
      t.is(delivered, receiver.delivered);
      t.true(delivered <= one.bytes);
      t.true(sender.flying >= 0 && sender.flyingBytes >= 0 && sender.flyingBytes <= sender.counts.sent * DATAGRAM);
      t.true(sender.reno.window >= 2 * DATAGRAM && Number.isFinite(sender.reno.window));
    }),
    { numRuns: 150 },
  );
});
