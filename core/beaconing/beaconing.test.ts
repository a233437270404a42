import { fc, testProp } from "@fast-check/ava";
import test from "ava";
import { DEFAULT_DIRECTION, type Network } from "../scenario.ts";
import { type AsView, viewAses } from "./as-view.ts";
import { append, type Beacon, beaconHop, compareBeacons, extend, originate, originOf, terminate } from "./beacon.ts";
import { type EntryTable, segmentOf } from "./entries.ts";
import { loopOf, refuseBeacon } from "./filters.ts";
import { DEFAULT_BEACON_POLICY as POLICY } from "./policy.ts";
import { diversityOf, selectBeacons, selectPassedOn } from "./selection.ts";
import { bestOf, createBeaconStore, dropExpired, storeBeacon } from "./store.ts";

/** A beacon through `IA#egress`, one word a hop. */
function beacon(way: string, timestamp = 1_000): Beacon {
  const [first, ...others] = way.split(" ").map((word) => {
    const [ia, egress] = word.split("#");
    return beaconHop(ia as string, 0, Number(egress), 63);
  });
  if (first === undefined) throw new Error("no hop");
  const begun: Beacon = {
    timestamp,
    segId: 1,
    hops: [first],
    ingress: 1,
    key: first.text,
    expiryS: timestamp + 21_600,
  };
  return others.reduce((sofar, hop) => append(sofar, hop, 1), begun);
}

const line = { ...DEFAULT_DIRECTION, rate_bps: 8_000_000 };

/** 1-1 core, 1-2 below it by links 1 and 2, 1-3 below 1-2, 1-4 a peer of 1-2. */
function network(): Network {
  const link = (type: "child" | "peer", a: string, aIf: number, b: string, bIf: number) => ({
    a: { ia: a, ifId: aIf },
    b: { ia: b, ifId: bIf },
    type,
    mtu: 1300 + aIf,
    carbon_g_per_gb: 10 * aIf,
    ab: line,
    ba: { ...line, latency_ns: 7_000_000, rate_bps: 4_000_000 },
  });
  const as = (ia: string) => ({ ia, core: ia === "1-1", mtu: 1472, position: { lat: 1, lon: 2 } });
  return {
    name: "four",
    ases: ["1-1", "1-2", "1-3", "1-4"].map(as),
    links: [
      link("child", "1-1", 1, "1-2", 1),
      link("child", "1-1", 2, "1-2", 2),
      link("child", "1-2", 5, "1-3", 1),
      link("peer", "1-2", 7, "1-4", 3),
    ],
  };
}

test("a beacon grows by one entry an AS, and its segment says what the network says", (t) => {
  const views = viewAses(network());
  const [core, middle, leaf] = ["1-1", "1-2", "1-3"].map((ia) => views.get(ia) as AsView) as [AsView, AsView, AsView];
  const begun = originate(core, core.byIfId.get(2) as never, 1_000, 0xbeef, POLICY);
  const further = extend(begun, middle, middle.byIfId.get(5) as never, POLICY);
  const whole = terminate(further, leaf, POLICY);
  t.is(whole.key, "1-1#0,2 1-2#2,5 1-3#1,0");
  t.is(whole.expiryS, 1_000 + 21_600);
  const table: EntryTable = new Map();
  const segment = segmentOf(whole, views, table);
  t.deepEqual(
    segment?.entries.map(({ ia, next, hop, ingressMtu }) => [ia, next, hop.ingress, hop.egress, ingressMtu]),
    [
      ["1-1", "1-2", 0, 2, 0],
      ["1-2", "1-3", 2, 5, 1302],
      ["1-3", null, 1, 0, 1305],
    ],
  );
  const second = segment?.entries[1];
  t.deepEqual(second?.peers, [
    { peer: "1-4", peerInterface: 3, peerMtu: 1307, hop: { ingress: 7, egress: 5, expTime: 63, mac: null } },
  ]);
  t.deepEqual(
    [...(second?.staticInfo?.latency.inter ?? [])],
    [
      [5, 7_000_000],
      [7, 7_000_000],
    ],
  );
  t.deepEqual([...(second?.staticInfo?.latency.intra.keys() ?? [])], [1, 2, 7], "both parents and the peer");
  t.is(second?.staticInfo?.bandwidthKbps.inter.get(5), 4_000);
  t.is(second?.staticInfo?.carbonGPerGb.get(5), 50);
  t.is(second?.staticInfo?.geo.size, 4);
  t.is(segmentOf(whole, views, table)?.entries[1], second, "entries are shared");
  t.is(segmentOf(append(begun, beaconHop("1-2", 2, 99, 63), 1), views, table), null, "no such interface");
});

test("what keeps a beacon out has a name", (t) => {
  const refused = (way: string, own: string, changes = {}, now = 1_000) =>
    refuseBeacon(beacon(way), own, { ...POLICY, ...changes }, now);
  t.is(refused("1-1#1 1-2#1", "1-3"), null);
  t.is(refused("1-1#1 1-2#1", "1-1"), "as_loop");
  t.is(refused("1-1#1 1-2#1 1-1#2", "1-3"), "as_loop");
  t.is(refused("1-1#1 2-2#1", "1-3"), null, "the default allows to come back to an ISD");
  t.is(refused("1-1#1 2-2#1", "1-3", { allowIsdLoop: false }), "isd_loop");
  t.is(refused("1-1#1 2-2#1", "2-3", { allowIsdLoop: false }), null);
  t.is(refused("1-1#1 1-2#1", "1-3", { asBlockList: ["1-2"] }), "as_blocked");
  t.is(refused("1-1#1 2-2#1", "1-3", { isdBlockList: [2] }), "isd_blocked");
  t.is(refused("1-1#1 1-2#1 1-3#1", "1-4", { maxHopsLength: 2 }), "too_long");
  t.is(refused("1-1#1", "1-4", {}, 22_599), null);
  t.is(refused("1-1#1", "1-4", {}, 22_600), "expired");
  t.is(loopOf(beacon("1-1#1"), "1-1", true), "as_loop");
});

test("the last place of the best set goes to the most diverse of the rest only where it is more diverse", (t) => {
  const best = beacon("1-1#1 1-2#1");
  t.is(diversityOf(beacon("1-1#1 1-2#2"), best), 1);
  t.is(diversityOf(beacon("1-1#2 1-3#1 1-2#1"), best), 2);
  const similar = beacon("1-1#1 1-2#2");
  const next = beacon("1-1#1 1-2#3");
  const diverse = beacon("1-1#2 1-3#1 1-4#1");
  t.deepEqual(selectBeacons([best, similar, next, diverse], 3), [best, similar, diverse]);
  t.deepEqual(selectBeacons([best, diverse, next, similar], 3), [best, diverse, next], "already served");
  const longer = beacon("1-1#2 1-3#1 1-4#2 1-1#1");
  t.deepEqual(selectBeacons([best, next, longer, diverse], 2), [best, diverse], "of equals the shorter");
  t.deepEqual(selectBeacons([best, similar], 2), [best, similar]);
  t.deepEqual(selectBeacons([best, diverse], 1), [best]);
});

const wayArb = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 2 })), { minLength: 1, maxLength: 4 })
  .map((hops) => hops.map(([ia, egress]) => `1-${ia}#${egress}`).join(" "));

testProp(
  "a store holds the first candidates in the order of beacons, the newest of each segment, whatever the order they come in",
  [fc.array(fc.tuple(wayArb, fc.integer({ min: 1, max: 5 })), { maxLength: 40 }), fc.boolean()],
  (t, arrivals, core) => {
    const policy = { ...POLICY, candidateSetSize: 6, bestSetSize: 3 };
    const store = createBeaconStore(core);
    const beacons = arrivals.map(([way, timestamp]) => beacon(way, timestamp));
    // Twice: what was put out for lack of room does not come back changed.
    for (const one of [...beacons, ...beacons]) storeBeacon(store, one, policy);
    const newest = new Map<string, Beacon>();
    for (const one of beacons) {
      if ((newest.get(one.key)?.timestamp ?? 0) < one.timestamp) newest.set(one.key, one);
    }
    const groups = Map.groupBy(newest.values(), (one) => (core ? originOf(one) : ""));
    const expected = [...groups.keys()].sort().map((name) => {
      return (groups.get(name) as Beacon[]).toSorted(compareBeacons).slice(0, 6);
    });
    t.deepEqual(
      [...store.sets.keys()].sort().map((name) => store.sets.get(name)),
      expected,
    );
    t.deepEqual(
      bestOf(store, policy),
      expected.flatMap((set) => selectBeacons(set, 3)),
    );
  },
);

test("what has expired leaves the store", (t) => {
  const store = createBeaconStore(false);
  storeBeacon(store, beacon("1-1#1", 1_000), POLICY);
  storeBeacon(store, beacon("1-1#2", 2_000), POLICY);
  t.is(dropExpired(store, 22_600), 1);
  t.deepEqual(
    bestOf(store, POLICY).map(({ key }) => key),
    ["1-1#0,2"],
  );
});

test("what a core AS passes on of some length hangs on no longer beacon", (t) => {
  const line = (name: string, length: number): Beacon => {
    const hops = Array.from({ length }, (_, at) => beaconHop(`1-${name === "d" ? 50 + at : 1 + at}`, at, 1, 63));
    const key = `${name} ${hops.map(({ text }) => text).join(" ")}`;
    return { timestamp: 1, segId: 1, hops, ingress: 1, key, expiryS: 99_999 };
  };
  const short = [line("a", 2), line("b", 2), line("c", 3)];
  const longer = [...short, line("d", 5)];
  t.deepEqual(selectBeacons(longer, 3), [short[0], short[1], longer[3]], "more diverse, and longer");
  t.deepEqual(selectPassedOn(longer, 3), [short[0], short[1], short[2], longer[3]]);
  t.deepEqual(selectPassedOn(short, 3), short);
  t.deepEqual(selectPassedOn([...short, line("e", 3)], 3), short, "not more diverse");
});
