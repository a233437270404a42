/** Whole packets from scionproto's own tests. They stand outside the repository; without them these tests say so. */
import { existsSync, readFileSync } from "node:fs";
import test, { type ExecutionContext } from "ava";
import { NO_FLOW } from "../packet.ts";
import { decodePacket, encodePacket } from "./codec.ts";
import { layOut } from "./extensions.ts";

const VECTORS = new URL("../../../shared/data/vectors/scion_packets.json", import.meta.url);

/** Bytes of a vector by name; null, with a note in the report, where the data is absent. */
function vector(t: ExecutionContext, name: string): Uint8Array | null {
  if (!existsSync(VECTORS)) {
    t.log("the shared vectors (scion_packets.json) are absent: nothing was compared with scionproto's packets");
    t.pass();
    return null;
  }
  const all: Record<string, string> = JSON.parse(readFileSync(VECTORS, "utf8"));
  const text = all[name];
  if (text === undefined) throw new Error(`scion_packets.json has no ${name}`);
  return new Uint8Array(Buffer.from(text, "hex"));
}

/** Decodes, encodes and compares; answers whether the bytes were accepted. */
function survives(bytes: Uint8Array): boolean {
  const decoded = decodePacket(bytes);
  if (!decoded.ok) return false;
  if (Buffer.compare(encodePacket(decoded.value), bytes) !== 0) throw new Error("accepted bytes come back changed");
  return true;
}

const PATH = {
  kind: "scion",
  segLens: [2, 2, 0],
  infos: [
    { consDir: false, peer: false, segId: 0x111, timestamp: 0x100 },
    { consDir: true, peer: false, segId: 0x222, timestamp: 0x100 },
  ],
  hops: [
    [1, 0],
    [3, 2],
    [0, 2],
    [1, 0],
  ].map(([consIngress, consEgress]) => ({
    ingressAlert: false,
    egressAlert: false,
    expTime: 63,
    consIngress,
    consEgress,
    mac: 0x0102_0304_0506,
  })),
};

test("scion-udp.bin decodes and comes back byte for byte", (t) => {
  const bytes = vector(t, "scion-udp.bin");
  if (bytes === null) return;
  const rest = Uint8Array.from({ length: 1024 }, (_, index) => index & 0xff);
  const value = {
    trafficClass: 0xb8,
    flowId: 0xdead,
    dstIa: "1-ff00:0:111",
    srcIa: "2-ff00:0:222",
    dstHost: "2001:db8::68",
    srcHost: "10.0.0.100",
    path: PATH,
    segId0: 0x111,
    segId1: 0x222,
    segId2: 0,
    extensions: null,
    irregular: null,
    currInf: 0,
    currHf: 0,
    l4: { kind: "udp", srcPort: 1280, dstPort: 80 },
    flow: NO_FLOW,
    number: 0,
    sentAt: 0,
    payloadLength: 1024,
    rest,
    wireLength: 1148,
  };
  t.like(decodePacket(bytes), { ok: true });
  t.deepEqual(decodePacket(bytes), { ok: true, value } as never);
  t.true(survives(bytes));
});

const X = { type: 0x1e, data: new Uint8Array([0xaa, 0xaa, 0xaa, 0xaa, ...Array(8).fill(0xbb)]) };
const Y = { type: 0x3e, data: new Uint8Array([0x11, 0x22, 0x22, 0x44, 0x44, 0x44, 0x44]) };

test("scion-udp-extn.bin has both extension headers, and comes back byte for byte", (t) => {
  const bytes = vector(t, "scion-udp-extn.bin");
  if (bytes === null) return;
  const decoded = decodePacket(bytes);
  const hopByHop = layOut([
    { ...X, align: [8, 2] },
    { ...Y, align: [4, 3] },
  ]);
  const endToEnd = layOut([
    { ...Y, align: [4, 3] },
    { ...X, align: [8, 2] },
  ]);
  t.like(decoded, { ok: true, value: { l4: { kind: "udp", srcPort: 1280, dstPort: 80 }, payloadLength: 1024 } });
  t.deepEqual(decoded.ok ? decoded.value.extensions : null, { hopByHop, endToEnd });
  t.true(survives(bytes));
});

test("scion-scmp-ext-int-down.bin has no checksum, and comes back without one", (t) => {
  const bytes = vector(t, "scion-scmp-ext-int-down.bin");
  if (bytes === null) return;
  const decoded = decodePacket(bytes);
  t.like(decoded.ok ? decoded.value : {}, {
    l4: { kind: "scmp.interface-down", ia: "1-ff00:0:111", ifId: 5 },
    rest: new Uint8Array(18).fill(0xff),
    payloadLength: 18,
    irregular: { reserved: [], checksum: 0 },
  });
  t.true(survives(bytes));
});

test("cut at every byte and with every bit flipped, no vector throws, and what passes comes back", (t) => {
  for (const name of ["scion-udp.bin", "scion-udp-extn.bin", "scion-scmp-ext-int-down.bin"]) {
    const bytes = vector(t, name);
    if (bytes === null) return;
    for (let length = 0; length < bytes.length; length++)
      t.false(survives(bytes.slice(0, length)), `${name}, ${length} B`);
    let accepted = 0;
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const flipped = bytes.slice();
      flipped[bit >>> 3] = (flipped[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
      if (survives(flipped)) accepted++;
    }
    t.log(`${name}: ${accepted} of ${8 * bytes.length} bit flips were accepted`);
    // What no checksum covers: TrafficClass and FlowID, NextHdr (no longer UDP then), the hosts' types, 16 reserved bits,
    // and the path but for its segment lengths.
    if (name === "scion-udp.bin") t.is(accepted, 28 + 8 + 4 + 16 + (8 + 6) + 2 * 64 + 4 * 96);
  }
});
