import test from "ava";
import type { HopField, ScionPath } from "../path.ts";
import { createPacket, type L4 } from "../packet.ts";
import { decodePacket, encodePacket, wireLengthOf } from "./codec.ts";

const hop: HopField = { ingressAlert: false, egressAlert: false, expTime: 63, consIngress: 1, consEgress: 2, mac: 7 };
const path: ScionPath = {
  kind: "scion",
  segLens: [3, 0, 0],
  infos: [{ consDir: true, peer: false, segId: 9, timestamp: 1_700_000_000 }],
  hops: [hop, hop, hop],
};
const l4: L4 = { kind: "other", protocol: 6 };
const [srcHost, dstHost] = ["10.0.0.1", "10.0.0.2"];
const PATH_START = 36;

function packetBytes(): Uint8Array {
  const wireLength = wireLengthOf(path, srcHost, dstHost, l4, 0);
  const [dstIa, srcIa] = ["1-ff00:0:110", "1-ff00:0:111"];
  const addresses = { dstIa, srcIa, dstHost, srcHost };
  const payload = { flow: -1, number: 0, sentAt: 0, payloadLength: 0, rest: null, wireLength };
  return encodePacket(
    createPacket({ trafficClass: 0, flowId: 0, ...addresses, path, currInf: 0, currHf: 1, l4, ...payload }),
  );
}

test("a path that came before is not taken for one that differs in any bit", (t) => {
  const bytes = packetBytes();
  for (let at = PATH_START; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      for (let i = 0; i < 3; i++) t.true(decodePacket(bytes).ok);
      const changed = bytes.slice();
      changed[at] = (changed[at] as number) ^ (1 << bit);
      for (let i = 0; i < 3; i++) {
        const decoded = decodePacket(changed);
        if (decoded.ok) t.deepEqual(encodePacket(decoded.value), changed, `byte ${at}, bit ${bit}`);
      }
    }
  }
});
