import test from "ava";
import { builtRouter, dissectorOf } from "./build.ts";
import { canCapture, captureUdp, faultsOf, type Frame } from "./capture.ts";
import { compareRouters } from "./differential.ts";
import { NETWORK, SAMPLE_HOST, sampleSite } from "./site.ts";

const program = builtRouter();
const ready = program !== null && canCapture();
const LYING = "tshark complains of packets whose length is false";
const without = "(SKIPPED: no router is built, or dumpcap may not capture; npm run interop:scion says which)";

(ready ? test : test.skip)(ready ? LYING : `${LYING} ${without}`, async (t) => {
  const frames = await captureUdp(`${NETWORK}.0.0/16`, dissectorOf(program ?? ""), async () => {
    await compareRouters(program ?? "", sampleSite(false), SAMPLE_HOST, { seed: 1, packets: 100 });
  });
  if (!frames.ok) t.fail(frames.error);
  else t.true(frames.value.flatMap(faultsOf).includes("Bad packet length"));
});

test("a frame's lengths must agree, and its checksum be right or left to a card that is not there", (t) => {
  const frame: Frame = {
    src: "127.0.0.1",
    dst: "127.0.0.2",
    frameLength: 142,
    ipLength: 128,
    udpLength: 108,
    // 7f00 + 0001 + 7f00 + 0002 + 0011 + 006c
    checksum: 0xfe80,
    checksumStatus: "0",
    protocols: "eth:ethertype:ip:udp:scion",
    complaints: [],
  };
  t.deepEqual(faultsOf(frame), []);
  t.deepEqual(faultsOf({ ...frame, checksum: 0x1234 }), ["UDP checksum"]);
  t.deepEqual(faultsOf({ ...frame, checksum: 0x1234, checksumStatus: "1" }), []);
  t.deepEqual(faultsOf({ ...frame, frameLength: 143 }), ["frame of 143 B, IP packet of 128 B"]);
  t.deepEqual(faultsOf({ ...frame, ipLength: 129, frameLength: 143 }), ["IP packet of 129 B, UDP datagram of 108 B"]);
  const none = { ...frame, protocols: "eth:ethertype:ip:udp:data" };
  t.deepEqual(faultsOf(none), ["no SCION packet: eth:ethertype:ip:udp:data"]);
  t.deepEqual(faultsOf({ ...frame, complaints: ["Malformed Packet"] }), ["Malformed Packet"]);
});

test("without dumpcap the error says so, and nothing runs", async (t) => {
  const path = process.env["PATH"];
  process.env["PATH"] = import.meta.dirname;
  t.teardown(() => void (process.env["PATH"] = path));
  const found = await captureUdp("127.0.0.0/8", "none.lua", () => t.fail("nothing is captured") as never);
  t.regex(found.ok ? "" : found.error, /^cannot run dumpcap \(Debian's wireshark-common\)/);
});
