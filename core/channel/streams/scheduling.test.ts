import test from "ava";
import fc from "fast-check";
import type { Channels, ChannelOptions } from "./channels.ts";
import { acceptChannel, openChannel, takeEvents } from "./life.ts";
import { acknowledge, createPair, deliver, exchange, lose, nextPacket, type Pair } from "./pair-testing.ts";
import { readChannel, readMessage } from "./reading.ts";
import { nextChannel } from "./scheduling.ts";
import { writeChannel, writeMessage } from "./sending.ts";

const WIDE = { channel: 50_000_000, association: 500_000_000, sendBuffer: 50_000_000 };

function openAll(pair: Pair, kinds: readonly ChannelOptions[]): number[] {
  const ids = kinds.map((kind) => openChannel(pair.initiator, kind) as number);
  exchange(pair);
  for (const { kind, channel } of takeEvents(pair.responder))
    if (kind === "opened") acceptChannel(pair.responder, channel);
  exchange(pair);
  return ids;
}

/** Sends packets; answers the bytes of frames that each channel got. */
function share(channels: Channels, packets: number, budget: number): Map<number, number> {
  const bytes = new Map<number, number>();
  for (let count = 0; count < packets; count++) {
    const sent = nextPacket(channels, budget);
    if (sent === null) break;
    bytes.set(sent.channel, (bytes.get(sent.channel) ?? 0) + sent.length);
  }
  return bytes;
}

test("channels of one priority get the same bytes, however long their pieces are", (t) => {
  const property = fc.property(
    fc.array(fc.integer({ min: 0, max: 1_100 }), { minLength: 2, maxLength: 6 }),
    fc.integer({ min: 300, max: 5_000 }),
    (sizes, budget) => {
      const pair = createPair({ windows: WIDE });
      const ids = openAll(
        pair,
        sizes.map((size) => ({ framing: size === 0 ? "stream" : "messages" })),
      );
      ids.forEach((id, index) => {
        const size = sizes[index] as number;
        if (size === 0) writeChannel(pair.initiator, id, 40_000_000);
        else for (let count = 0; count < 500_000 / (size + 8); count++) writeMessage(pair.initiator, id, size);
      });
      const bytes = share(pair.initiator, 150, budget);
      const given = ids.map((id) => bytes.get(id) ?? 0);
      // Deficit round robin: two backlogged channels never differ by more than a turn and a packet.
      const spread = Math.max(...given) - Math.min(...given);
      if (spread > 1_500 + 2 * budget) throw new Error(`${given}`);
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 25 }));
});

test("a priority sends nothing while a higher one has something", (t) => {
  const pair = createPair({ windows: WIDE });
  const [late, first, second] = openAll(pair, [{ priority: 9 }, { priority: 0 }, { priority: 3 }]) as [
    number,
    number,
    number,
  ];
  for (const id of [late, first, second]) writeChannel(pair.initiator, id, 50_000);
  const order: number[] = [];
  for (let sent = nextPacket(pair.initiator, 1_000); sent !== null; sent = nextPacket(pair.initiator, 1_000)) {
    if (order.at(-1) !== sent.channel) order.push(sent.channel);
  }
  t.deepEqual(order, [first, second, late]);
  writeChannel(pair.initiator, late, 5_000);
  t.is(nextPacket(pair.initiator, 1_000)?.channel, late);
  writeChannel(pair.initiator, first, 10);
  t.is(nextPacket(pair.initiator, 1_000)?.channel, first);
});

test("data that is lost goes before new data, and beyond the association's window", (t) => {
  const pair = createPair({ windows: { channel: 65_536, association: 65_536, sendBuffer: 65_536 } });
  const [one, other] = openAll(pair, [{}, {}]) as [number, number];
  writeChannel(pair.initiator, one, 40_000);
  writeChannel(pair.initiator, other, 40_000);
  const flight = [];
  for (let sent = nextPacket(pair.initiator, 1_000); sent !== null; sent = nextPacket(pair.initiator, 1_000))
    flight.push(sent);
  t.is(pair.initiator.sent, 65_536);
  t.is(nextChannel(pair.initiator), -1);
  const lost = flight[3];
  if (lost === undefined) return t.fail("nothing was sent");
  lose(pair.initiator, lost);
  const again = nextPacket(pair.initiator, 1_000);
  t.is(again?.pieces[0]?.offset, lost.pieces[0]?.offset);
  t.is(again?.channel, lost.channel);
});

test("messages that are begun are never held up by one another", (t) => {
  const pair = createPair({ windows: { channel: 40_000, association: 65_536, sendBuffer: 200_000 } });
  const { initiator, responder } = pair;
  const ids = openAll(
    pair,
    Array.from({ length: 5 }, () => ({ framing: "messages" as const })),
  );
  for (const id of ids) for (let count = 0; count < 3; count++) writeMessage(initiator, id, 35_000);
  let read = 0;
  for (let round = 0; round < 1_000 && read < 15; round++) {
    const forth = nextPacket(initiator, 1_000);
    if (forth !== null) {
      t.is(deliver(responder, forth), null);
      acknowledge(initiator, forth);
    }
    for (const id of ids) while (readMessage(responder, id) !== null) read++;
    const back = nextPacket(responder, 1_000);
    if (back !== null) t.is(deliver(initiator, back), null);
  }
  t.is(read, 15);
});

test("windows move at half, and at once for a peer that is held up", (t) => {
  const pair = createPair({ windows: { channel: 40_000, association: 200_000, sendBuffer: 100_000 } });
  const { initiator, responder } = pair;
  const [id] = openAll(pair, [{}]) as [number];
  writeChannel(initiator, id, 30_000);
  exchange(pair);
  readChannel(responder, id, 19_999);
  t.is(nextPacket(responder, 1_000), null);
  readChannel(responder, id, 1);
  const grant = nextPacket(responder, 1_000);
  if (grant === null) return t.fail("nothing was granted");
  t.is(responder.byId.get(id)?.receive.limit, 60_000);
  // The grant is lost: the peer stops at 40,000 and says so, which is no reason to grant more than it will hear of.
  writeChannel(initiator, id, 70_000);
  exchange(pair);
  t.is(initiator.sent, 40_000);
  t.is(responder.blockedByUs, 1);
  lose(responder, grant);
  exchange(pair);
  t.is(initiator.sent, 60_000);
  t.is(responder.blockedByUs, 2);
  // Now it waits at the newest grant: a little is granted at once.
  readChannel(responder, id, 100);
  exchange(pair);
  t.is(initiator.sent, 60_100);
});
