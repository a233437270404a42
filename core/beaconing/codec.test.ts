import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { createCombiner } from "../combinator/combine.ts";
import { createSurvey } from "../network-survey.ts";
import { DEFAULT_DIRECTION, type LinkType, type Network } from "../scenario.ts";
import type { AsView } from "./as-view.ts";
import { type Authenticator, digestBody } from "./authenticator.ts";
import { type Beacon, beaconHop, type BeaconHop, extend, originate, terminate } from "./beacon.ts";
import {
  appendEntry,
  beginBeacon,
  decodeBeacon,
  type EncodedBeacon,
  type EntryBody,
  entryOf,
  lengthOf,
  putBeacon,
} from "./beacon-codec.ts";
import { type Chains, createChains } from "./chains.ts";
import { createReader, getIds, getQuantities, putIds, putQuantities } from "./columns.ts";
import { type ControlPlane, createControlPlane } from "./control-plane.ts";
import { entryOf as tableEntry, segmentOf } from "./entries.ts";
import { decodeMessage, encodeAnswer, encodeItems, encodeRequest } from "./messages.ts";
import { DEFAULT_BEACON_POLICY as POLICY } from "./policy.ts";
import { decodeStaticInfo } from "./static-info-codec.ts";
import {
  acknowledge,
  createIncoming,
  createOutgoing,
  decodeFragment,
  type Fragment,
  retransmit,
  takeData,
  takeFragments,
} from "./transfer.ts";

/** A core AS, one below it with an internal network, and a leaf; the middle one has two peers and a place on Earth. */
function network(): Network {
  const direction = { ...DEFAULT_DIRECTION, loss: 0.25 };
  const link = (type: LinkType, a: string, aIf: number, b: string, bIf: number) => ({
    a: { ia: a, ifId: aIf },
    b: { ia: b, ifId: bIf },
    type,
    mtu: 1400,
    carbon_g_per_gb: 1.5,
    ab: direction,
    ba: direction,
  });
  const as = (ia: string) => ({ ia, core: ia === "1-1", mtu: 1472 });
  const internal = { latency_ns: 123_456, rate_bps: 1_234_567, pairs: [{ a: 7, b: 5, latency_ns: 99, rate_bps: 0 }] };
  return {
    name: "codec",
    ases: [
      as("1-1"),
      { ...as("1-ff00:0:2"), label: "Zürich", position: { lat: 47.4, lon: -8.5 }, internal },
      as("1-3"),
      as("1-4"),
    ],
    links: [
      link("child", "1-1", 1, "1-ff00:0:2", 1),
      link("child", "1-ff00:0:2", 5, "1-3", 1),
      link("child", "1-ff00:0:2", 6, "1-3", 2),
      link("peer", "1-ff00:0:2", 7, "1-4", 3),
      link("peer", "1-ff00:0:2", 8, "1-4", 4),
    ],
  };
}

const NETWORK = network();
const PLANE: ControlPlane = createControlPlane(7, NETWORK, createCombiner({ survey: createSurvey(NETWORK) }));

function viewOf(ia: string): AsView {
  return PLANE.views.get(ia) as AsView;
}

const CHAINS = PLANE.chains;

function bodyOf(hop: BeaconHop): EntryBody {
  return PLANE.bodyOf(hop) as EntryBody;
}

function encoded({ hops, segId, timestamp }: Beacon): EncodedBeacon {
  const [first, ...rest] = hops.map(bodyOf);
  const begun = beginBeacon(CHAINS, timestamp, segId, first as EntryBody, 0);
  return rest.reduce((beacon, body) => appendEntry(CHAINS, beacon, body, 0), begun);
}

function written(beacon: EncodedBeacon): Uint8Array {
  const bytes = new Uint8Array(lengthOf(beacon));
  putBeacon(bytes, 0, beacon);
  return bytes;
}

function bytesOf(beacon: Beacon): Uint8Array {
  return written(encoded(beacon));
}

/** Nothing is known to it yet. */
function freshChains(): Chains {
  return createChains(CHAINS.keys);
}

function wholeSegment(): Beacon {
  const [core, middle, leaf] = [viewOf("1-1"), viewOf("1-ff00:0:2"), viewOf("1-3")];
  const begun = originate(core, core.byIfId.get(1) as never, 1_700_000_000, 0xbeef, POLICY);
  return terminate(extend(begun, middle, middle.byIfId.get(5) as never, POLICY), leaf, POLICY);
}

test("a segment's bytes give back all that its entries say", (t) => {
  const beacon = wholeSegment();
  const bytes = bytesOf(beacon);
  const decoded = decodeBeacon(freshChains(), bytes, 0, bytes.length, 0);
  if (!decoded.ok) return t.fail(decoded.error);
  const { bodies, seals, next, ...rest } = decoded.value;
  t.deepEqual(rest, beacon);
  t.is(next, null);
  t.deepEqual([bodies.length, seals.length], [3, 6]);
  t.deepEqual(decodeBeacon(CHAINS, bytes, 0, bytes.length, 0), decoded, "known entries make no difference");
  t.deepEqual(written(decoded.value), bytes);
  const segment = PLANE.segmentOf(decoded.value);
  t.deepEqual(segment, segmentOf(beacon, PLANE.views, new Map()));
  t.is(segment?.entries[1]?.staticInfo?.note, "Zürich");
  t.is(segment?.entries[1]?.staticInfo?.latency.intra.get(7), 99);
});

test("no bit of a beacon can be changed, and none of its bytes left out", (t) => {
  const bytes = bytesOf(wholeSegment());
  const accepted: number[] = [];
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const changed = bytes.slice();
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    const known = decodeBeacon(CHAINS, changed, 0, changed.length, 0);
    t.deepEqual(decodeBeacon(freshChains(), changed, 0, changed.length, 0), known);
    if (known.ok) accepted.push(bit);
  }
  t.deepEqual(accepted, []);
  for (let end = 0; end < bytes.length; end++) t.false(decodeBeacon(CHAINS, bytes, 0, end, 0).ok, `${end} bytes`);
});

test("an entry under another AS's key is forged, and an AS nobody vouches for unknown", (t) => {
  const beacon = wholeSegment();
  const [first, second] = beacon.hops.map(bodyOf) as [EntryBody, EntryBody, EntryBody];
  // The middle one's entry with the digest that the core AS would make of it.
  const digest = digestBody(CHAINS.keys("1-1") as Authenticator, second.bytes, 0, second.bytes.length);
  const chains = freshChains();
  const forged = written(appendEntry(chains, beginBeacon(chains, 1, 2, first, 0), { ...second, digest }, 0));
  for (const each of [CHAINS, freshChains()]) {
    t.deepEqual(decodeBeacon(each, forged, 0, forged.length, 0), { ok: false, error: "forged" });
  }
  const bytes = bytesOf(beacon);
  t.deepEqual(
    decodeBeacon(
      createChains(() => null),
      bytes,
      0,
      bytes.length,
      0,
    ),
    { ok: false, error: "unknown_as" },
  );
});

testProp(
  "bytes of any kind are decoded without an exception",
  [fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 5 })],
  (t, bytes, type) => {
    const typed = bytes.slice();
    if (typed.length > 0) typed[0] = type;
    decodeMessage(typed);
    decodeFragment(typed);
    decodeBeacon(CHAINS, bytes, 0, bytes.length, 0);
    decodeStaticInfo(bytes, 0, bytes.length, [1, 4]);
    t.pass();
  },
);

testProp(
  "ids, runs and quantities come back from their bytes, and no shorter bytes give them",
  [fc.uniqueArray(fc.nat({ max: 0xffff })), fc.array(fc.constantFrom(0, 7, 3_700_000, 25e9, Number.MAX_SAFE_INTEGER))],
  (t, unordered, values) => {
    const ids = unordered.sort((left, right) => left - right);
    const out: number[] = [];
    putIds(out, ids);
    putQuantities(out, values);
    const read = (end: number) => {
      const reader = createReader(Uint8Array.from(out), 0, end);
      const found = [getIds(reader), getQuantities(reader, values.length)];
      return reader.failed ? null : found;
    };
    t.deepEqual(read(out.length), [ids, values]);
    t.is(read(out.length - 1), null);
  },
);

test("messages of control services come back from their bytes", (t) => {
  const one = encoded(wholeSegment());
  const length = lengthOf(one);
  const items = [one, one];
  const message = decodeMessage(encodeItems("beacons", items));
  t.deepEqual(message, {
    type: "beacons",
    items: [
      [8, 8 + length],
      [12 + length, 12 + 2 * length],
    ],
  });
  t.deepEqual(decodeMessage(encodeRequest(5, "down", "1-ff00:0:2", 1400)), {
    type: "request",
    query: 5,
    kind: "down",
    dst: "1-ff00:0:2",
    mtu: 1400,
  });
  t.deepEqual(decodeMessage(encodeAnswer(6, [])), { type: "answer", query: 6, items: [] });
  t.is(decodeMessage(encodeItems("beacons", items).subarray(0, 19)), null);
});

type Data = Extract<Fragment, { kind: "data" }>;

testProp(
  "a message arrives whole and once over a line that loses, repeats and reorders fragments",
  [fc.integer({ min: 1, max: 6_000 }), fc.infiniteStream(fc.nat({ max: 9 }))],
  (t, length, chance) => {
    const draw = (): number => chance.next().value as number;
    const payload = Uint8Array.from({ length }, (_, n) => n % 251);
    const out = createOutgoing(3, payload, 100);
    const incoming = createIncoming();
    const messages: Uint8Array[] = [];
    let line = takeFragments(out);
    for (let round = 0; round < 200 && out.base < out.count; round++) {
      const sent = line.flatMap((bytes) => (draw() < 3 ? [] : draw() < 2 ? [bytes, bytes] : [bytes]));
      if (draw() < 3) sent.reverse();
      line = [];
      for (const bytes of sent) {
        const { ack, message } = takeData(incoming, "sender", decodeFragment(bytes) as Data, round);
        if (message !== null) messages.push(message);
        if (ack === null || draw() < 3) continue;
        acknowledge(out, decodeFragment(ack) as Extract<Fragment, { kind: "ack" }>);
        line.push(...takeFragments(out));
      }
      if (line.length > 0) continue;
      out.timeouts = 0;
      line = retransmit(out) ?? [];
    }
    t.is(out.base, out.count);
    t.deepEqual(messages, [payload]);
  },
);

test("a message without an answer is given up, and fragments that contradict each other are refused", (t) => {
  const out = createOutgoing(1, new Uint8Array(250).fill(7), 100);
  t.is(takeFragments(out).length, 3);
  t.deepEqual(
    [1, 2, 3, 4].map(() => retransmit(out)?.length ?? null),
    [3, 3, 3, null],
  );
  const incoming = createIncoming();
  const data = (changes: Partial<Data>): Data => {
    return { kind: "data", id: 1, index: 0, count: 2, length: 4, part: Uint8Array.of(1, 2), ...changes };
  };
  t.false(takeData(incoming, "a", data({}), 0).refused);
  t.true(takeData(incoming, "a", data({ count: 3 }), 0).refused);
  t.true(takeData(incoming, "a", data({ length: 5 }), 0).refused);
  t.true(takeData(incoming, "a", data({ index: 1, part: Uint8Array.of(1) }), 0).refused, "too short in all");
});

test("an origin names no peers, in its segments and on the wire", (t) => {
  const peersOf = (ingress: number): (number | undefined)[] => {
    const hop = beaconHop("1-ff00:0:2", ingress, 5, 63);
    return [entryOf(bodyOf(hop)), tableEntry(viewOf(hop.ia), hop, new Map())].map((entry) => entry?.peers.length);
  };
  t.deepEqual(
    [peersOf(1), peersOf(0)],
    [
      [2, 2],
      [0, 0],
    ],
  );
});
