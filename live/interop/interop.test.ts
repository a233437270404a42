import test from "ava";
import { type Calm, checkCalm } from "./beside-checks.ts";
import { builtRouter, DISSECTOR } from "./build.ts";
import { canCapture, captureUdp, faultsOf, type Frame } from "./capture.ts";
import { checksOf } from "./checks.ts";
import { compareRouters } from "./differential.ts";
import { NETWORK, SAMPLE_HOST, sampleSite } from "./site.ts";

const ROUTER = builtRouter();
const program = ROUTER ?? "";
const CAPTURE = ROUTER === null || canCapture();
const title = (what: string): string =>
  ROUTER === null ? `${what} (SKIPPED: no router is built; npm run interop:scion -- --build builds it, with Go)` : what;
const captureTitle = (what: string): string =>
  CAPTURE ? title(what) : `${what} (SKIPPED: dumpcap may not capture here, or is absent)`;
/** One after the other: they share addresses. A test that cannot run is reported as skipped, not as passed. */
const withRouter = ROUTER === null ? test.serial.skip : test.serial;
const withCapture = CAPTURE ? withRouter : test.serial.skip;
const PACKETS = 1_200;

for (const core of [false, true]) {
  const kind = core ? "core" : "customer";
  withRouter(title(`scionproto's router and ours make the same of packets, in a ${kind} AS`), async (t) => {
    const seed = Math.floor(Date.now() / 1_000) % 99_999;
    t.log(`seed ${seed}`);
    const found = await compareRouters(program, sampleSite(core), SAMPLE_HOST, { seed, packets: PACKETS });
    for (const check of checksOf(kind, found)) t.true(check.passed, check.found);
  });
}

withRouter(title("the comparison tells routers with different keys apart"), async (t) => {
  const ourKey = "000102030405060708090a0b0c0d0e0f";
  const options = { seed: 1, packets: 100, ourKey };
  const { unexplained } = await compareRouters(program, sampleSite(false), SAMPLE_HOST, options);
  t.true(unexplained.length > 20, `${unexplained.length} differences`);
});

/** One run for two tests. */
const calm = new Map<string, Promise<Calm>>();
function calmRun(): Promise<Calm> {
  const run = calm.get(program) ?? checkCalm(program);
  calm.set(program, run);
  return run;
}

withRouter(title("packets, pings and a traceroute cross scionproto's router in the live world"), async (t) => {
  const { checks } = await calmRun();
  t.is(checks.length, 3);
  for (const { name, passed, found } of checks) t.true(passed, `${name}: ${found}`);
});

withCapture(captureTitle("tshark with scionproto's dissector finds no fault in what crosses loopback"), async (t) => {
  const { captured } = await calmRun();
  if (!captured.ok) t.fail(captured.error);
  else t.true(captured.value.passed, captured.value.found);
});

withCapture(captureTitle("tshark complains of packets whose length is false"), async (t) => {
  const frames = await captureUdp(`${NETWORK}.0.0/16`, DISSECTOR, async () => {
    await compareRouters(program, sampleSite(false), SAMPLE_HOST, { seed: 1, packets: 100 });
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
  t.deepEqual(faultsOf({ ...frame, protocols: "eth:ethertype:ip:udp:data" }), [
    "no SCION packet: eth:ethertype:ip:udp:data",
  ]);
  t.deepEqual(faultsOf({ ...frame, complaints: ["Malformed Packet"] }), ["Malformed Packet"]);
});
