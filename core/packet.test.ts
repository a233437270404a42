import test from "ava";
import { copyPacket, createPacket } from "./packet.ts";

test("a copy is a packet of its own and has the SegIDs of the moment", (t) => {
  const packet = createPacket({
    path: null,
    currInf: 0,
    currHf: 1,
    dstIa: "1-2",
    srcIa: "1-1",
    dstHost: "10.0.0.2",
    srcHost: "10.0.0.1",
    flow: 3,
    number: 7,
    wireLength: 500,
    l4: { kind: "udp", srcPort: 1, dstPort: 2 },
    sentAt: 11,
    trafficClass: 184,
    flowId: 5,
    payloadLength: 400,
    rest: null,
  });
  Object.assign(packet, { segId0: 0xa1b2, segId1: 0xc3d4, segId2: 0xe5f6 });
  const copy = copyPacket(packet);
  t.deepEqual(copy, packet);
  copy.segId0 = 0;
  t.is(packet.segId0, 0xa1b2);
});
