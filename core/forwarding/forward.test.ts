/** Every step of `forward`, once firing and once passing. */
import test from "ava";
import { forward, returnPath, reversePath, type Router, type RouterInterface } from "./forwarding.ts";
import { type Packet, setPath } from "./packet.ts";
import type { HopField, ScionPath } from "./path.ts";

const EPOCH = 1_700_000_000;
const HERE = "1-ff00:0:110";

const hop = (consIngress: number, consEgress: number, expTime = 63): HopField => ({
  ingressAlert: false,
  egressAlert: false,
  expTime,
  consIngress,
  consEgress,
  mac: 0,
});
const info = (consDir: boolean, peer = false) => ({ consDir, peer, segId: 0, timestamp: EPOCH });

function routerWith(...ifIds: number[]): Router & { interfaces: (RouterInterface | undefined)[] } {
  const interfaces: (RouterInterface | undefined)[] = [];
  for (const ifId of ifIds) interfaces[ifId] = { kind: "forward", ifId, link: 100 + ifId, up: true };
  return { ia: HERE, epochS: EPOCH, interfaces, hosts: new Map([["10.0.0.1", { kind: "deliver", host: 7 }]]) };
}

/** Up segment of two hops, this AS in the middle of a down segment of three. */
const UP_DOWN: ScionPath = {
  kind: "scion",
  segLens: [2, 3, 0],
  infos: [info(false), info(true)],
  hops: [hop(1, 0), hop(0, 2), hop(0, 3), hop(4, 5), hop(6, 0)],
};
const PEERING: ScionPath = {
  kind: "scion",
  segLens: [2, 2, 0],
  infos: [info(false, true), info(true, true)],
  hops: [hop(9, 0), hop(8, 2), hop(11, 3), hop(4, 0)],
};

function packetAt(path: ScionPath | null, currHf: number, changes: Partial<Packet> = {}): Packet {
  const currInf = path === null || currHf < path.segLens[0] ? 0 : 1;
  const packet = { dstIa: "1-ff00:0:999", dstHost: "10.0.0.1", ...changes } as Packet;
  setPath(packet, path, changes.currInf ?? currInf, currHf);
  return packet;
}

const reasonOf = (disposition: ReturnType<typeof forward>): string =>
  "reason" in disposition ? disposition.reason : disposition.kind;

test("the pointers must lie in the path and agree with each other", (t) => {
  const router = routerWith(4, 5);
  t.is(reasonOf(forward(router, packetAt(UP_DOWN, 3), 4, 0)), "forward");
  t.is(reasonOf(forward(router, packetAt(UP_DOWN, 3, { currInf: 0 }), 4, 0)), "malformed_path");
  t.is(reasonOf(forward(router, packetAt(UP_DOWN, 5), 4, 0)), "malformed_path");
});

test("a packet must arrive on the hop field's ingress interface", (t) => {
  const router = routerWith(4, 5);
  t.is(reasonOf(forward(router, packetAt(UP_DOWN, 3), 5, 0)), "wrong_interface");
  t.is(reasonOf(forward(router, packetAt(UP_DOWN, 3), 4, 0)), "forward");
});

test("a hop field is valid up to and at its expiry", (t) => {
  const router = routerWith(4, 5);
  const expiry = 64 * 337.5 * 1e9;
  t.is(reasonOf(forward(router, packetAt(UP_DOWN, 3), 4, expiry)), "forward");
  t.is(reasonOf(forward(router, packetAt(UP_DOWN, 3), 4, expiry + 1)), "expired_hop");
});

test("a packet for this AS goes to its host, or is dropped where there is none", (t) => {
  const router = routerWith(6);
  t.deepEqual(forward(router, packetAt(UP_DOWN, 4, { dstIa: HERE }), 6, 0), { kind: "deliver", host: 7 });
  t.is(reasonOf(forward(router, packetAt(UP_DOWN, 4, { dstIa: HERE, dstHost: "10.0.0.2" }), 6, 0)), "unknown_host");
});

test("an empty path stays inside the AS", (t) => {
  t.deepEqual(forward(routerWith(), packetAt(null, 0, { dstIa: HERE }), 0, 0), { kind: "deliver", host: 7 });
  t.is(reasonOf(forward(routerWith(), packetAt(null, 0), 0, 0)), "not_local");
});

test("where a segment ends the next one takes over, and its hop field is checked for expiry too", (t) => {
  const packet = packetAt(UP_DOWN, 1);
  const found = forward(routerWith(2, 3), packet, 2, 0);
  t.is(found.kind === "forward" ? found.ifId : reasonOf(found), 3);
  t.deepEqual([packet.currInf, packet.currHf], [1, 3]);
  const short = { ...UP_DOWN, hops: UP_DOWN.hops.map((field, n) => (n === 2 ? { ...field, expTime: 0 } : field)) };
  t.is(reasonOf(forward(routerWith(2, 3), packetAt(short, 1), 2, 338 * 1e9)), "expired_hop");
});

test("beside a peering link there is no cross-over: the next hop field is the neighbour's", (t) => {
  const packet = packetAt(PEERING, 1);
  const found = forward(routerWith(2, 8), packet, 2, 0);
  t.is(found.kind === "forward" ? found.ifId : reasonOf(found), 8);
  t.deepEqual([packet.currInf, packet.currHf], [1, 2]);
  const behind = packetAt(PEERING, 2);
  const further = forward(routerWith(11, 3), behind, 11, 0);
  t.is(further.kind === "forward" ? further.ifId : reasonOf(further), 3);
});

test("an unknown egress and a path that ends elsewhere are drops", (t) => {
  t.is(reasonOf(forward(routerWith(4), packetAt(UP_DOWN, 3), 4, 0)), "unknown_interface");
  t.is(reasonOf(forward(routerWith(6), packetAt(UP_DOWN, 4), 6, 0)), "malformed_path");
});

test("an egress that is down is answered", (t) => {
  const router = routerWith(4, 5);
  (router.interfaces[5] as RouterInterface).up = false;
  const found = forward(router, packetAt(UP_DOWN, 3), 4, 0);
  t.deepEqual(found, {
    kind: "answer",
    reason: "interface_down",
    error: { kind: "scmp.interface-down", ia: HERE, ifId: 5 },
  });
});

test("a path reversed twice is the path; once, every hop stands the other way round", (t) => {
  t.deepEqual(reversePath(reversePath(UP_DOWN)), UP_DOWN);
  t.deepEqual(reversePath(UP_DOWN).segLens, [3, 2, 0]);
  t.deepEqual(reversePath(UP_DOWN).hops[0], hop(6, 0));
});

test("the answer of a router in mid-path leads back over the interface the packet came in by", (t) => {
  const packet = packetAt(UP_DOWN, 3);
  const back = returnPath(packet, true);
  t.deepEqual([back?.currInf, back?.currHf], [0, 2]);
  // At the cross-over AS the pointers have moved to the second segment already: they go back over both hop fields.
  const crossed = returnPath(packetAt(UP_DOWN, 2), true);
  t.deepEqual([crossed?.currInf, crossed?.currHf], [1, 4]);
});
