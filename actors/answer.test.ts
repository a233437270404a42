import test from "ava";
import { createPacket, type Packet } from "../core/packet.ts";
import { type PacketPath, scionPathOf } from "../core/path.ts";
import { decodePacket, encodePacket, wireLengthOf } from "../core/wire/codec.ts";
import { layOut } from "../core/wire/extensions.ts";
import { answerPacket, echoReply } from "./answer.ts";

const hop = (consIngress: number, consEgress: number) => ({
  ingressAlert: false,
  egressAlert: false,
  expTime: 63,
  consIngress,
  consEgress,
  mac: 7,
});
const info = { consDir: true, peer: false, segId: 5, timestamp: 1_700_000_000 };
const SCION: PacketPath = { kind: "scion", segLens: [2, 0, 0], infos: [info], hops: [hop(0, 1), hop(2, 0)] };
const PATHS: (PacketPath | null)[] = [
  null,
  SCION,
  { kind: "epic", timestamp: 1, counter: 2, phvf: 3, lhvf: 4, scion: SCION },
  { kind: "one-hop", info, first: hop(0, 1), second: hop(2, 0) },
];

function request(path: PacketPath | null): Packet {
  const l4 = { kind: "scmp.echo" as const, reply: false, identifier: 1, sequence: 2 };
  const [srcHost, dstHost] = ["10.0.0.1", "::1"];
  const extensions = { hopByHop: layOut([{ type: 9, data: Uint8Array.of(1, 2, 3) }]), endToEnd: null };
  return createPacket({
    trafficClass: 0,
    flowId: 1,
    dstIa: "1-2",
    srcIa: "1-1",
    dstHost,
    srcHost,
    path,
    currInf: 0,
    currHf: path === null || path.kind === "one-hop" ? 0 : 1,
    l4,
    flow: 3,
    number: 4,
    sentAt: 5,
    payloadLength: 30,
    rest: null,
    extensions,
    irregular: { reserved: [{ offset: 10, bits: 1 }], checksum: 0 },
    wireLength: wireLengthOf(path, srcHost, dstHost, l4, 30, extensions),
  });
}

test("whatever a request carries, its answers are whole packets", (t) => {
  for (const path of PATHS) {
    const asked = { ...request(path), segId0: path === null ? 0 : 0xbeef };
    const reply = echoReply(asked, asked.dstHost);
    t.deepEqual(decodePacket(encodePacket(reply)), { ok: true, value: reply });
    t.like(reply, { srcIa: "1-2", dstIa: "1-1", flow: 3, number: 4, extensions: null, irregular: null });
    if (path?.kind === "scion" || path?.kind === "epic") t.is(reply.segId0, 0xbeef, "SegIDs stay as they stand");
    const back = { path: scionPathOf(reply.path), currInf: reply.currInf, currHf: reply.currHf };
    const down = { kind: "scmp.interface-down" as const, ia: "1-2", ifId: 9 };
    const answer = answerPacket(asked, { ia: "1-2", host: "10.0.0.9" }, back, down);
    t.deepEqual(decodePacket(encodePacket(answer)), { ok: true, value: answer });
    t.deepEqual(answer.rest, encodePacket(asked));
  }
});
