/** Reports as bytes, and what probes and reports make of a path. */
import test from "ava";
import fc from "fast-check";
import type { Env } from "../../core/env.ts";
import { createPacket, type Packet } from "../../core/packet.ts";
import {
  createMeasured,
  createSentLog,
  fatesTold,
  goodputTold,
  noteSent,
  probeAnswered,
  probeLost,
  tellFates,
} from "./measurement.ts";
import { decodeReport, encodeReport, MAX_REPORTED, type PathCount } from "./report-frame.ts";
import { createReported, createReports, isReport, takeReport, watchSent } from "./reports.ts";

const MS = 1_000_000;

const word = fc.integer({ min: 0, max: 0xffff_ffff });
const long = fc.integer({ min: 0, max: 0xffff_ffff_ffff });
const count: fc.Arbitrary<PathCount> = fc.record({
  key: fc.tuple(word, word),
  packets: long,
  bytes: long,
  highest: word,
});

test("a report's bytes give it back", (t) => {
  fc.assert(
    fc.property(fc.array(count, { maxLength: MAX_REPORTED }), (counts) => {
      t.deepEqual(decodeReport(encodeReport(counts)), counts);
    }),
  );
});

test("bytes that are no report are none: any bytes, cut and lengthened reports, too many entries", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(count, { maxLength: 3 }), (bytes, counts) => {
      const report = encodeReport(counts);
      const found = decodeReport(bytes);
      t.true(found === null || found.length * 24 + 4 === bytes.length);
      t.is(decodeReport(report.subarray(0, report.length - 1)), null);
      t.is(decodeReport(Uint8Array.from([...report, 0])), null);
    }),
  );
  const blank: PathCount = { key: [0, 0], packets: 0, bytes: 0, highest: 0 };
  t.is(decodeReport(encodeReport(Array.from({ length: MAX_REPORTED + 1 }, () => blank))), null);
  t.is(decodeReport(null), null);
});

test("round-trip times are smoothed as RFC 6298 says, losses with the same weight", (t) => {
  const path = createMeasured();
  probeAnswered(path, 80 * MS, 1);
  t.deepEqual([path.rtt, path.srtt, path.loss], [80 * MS, 80 * MS, 0]);
  probeAnswered(path, 160 * MS, 2);
  t.deepEqual([path.rtt, path.srtt, path.answeredAt, path.delivered], [160 * MS, 90 * MS, 2, 2]);
  probeLost(path);
  t.is(path.loss, 1 / 8);
  probeAnswered(path, 90 * MS, 3);
  t.is(path.loss, (1 / 8) * (7 / 8));
  t.is(path.lost, 1);
});

test("reported losses weigh as many packets as they tell of; a correction moves the estimate no further than to 0", (t) => {
  const path = createMeasured();
  fatesTold(path, 10, 5);
  t.is(path.loss, 0.5);
  fatesTold(path, 32, 0);
  t.is(path.loss, 0.25);
  fatesTold(path, 32, -7);
  t.is(path.loss, 0.125);
  fatesTold(path, 0, -3);
  t.is(path.loss, 0.125);
  goodputTold(path, 1_000);
  goodputTold(path, 2_000);
  t.is(path.goodputBps, 1_250);
});

test("every packet sent leaves the log once, by number or by age, whatever the order of asking; a full log lets go of the oldest", (t) => {
  const step = fc.record({ send: fc.nat(40), upTo: fc.nat(400), age: fc.nat(400) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const log = createSentLog();
      let [sent, told] = [0, 0];
      for (const { send, upTo, age } of steps) {
        for (let n = 0; n < send; n++) noteSent(log, sent, sent++ * 10);
        const expected = Math.max(told, Math.min(sent, Math.max(upTo + 1, Math.ceil(age))));
        told += tellFates(log, upTo, age * 10);
        t.is(told, expected);
        t.is(log.count, sent - told);
      }
    }),
  );
  const log = createSentLog();
  for (let n = 0; n < 5_000; n++) noteSent(log, n, n);
  t.deepEqual([log.count, log.told], [4_096, 904]);
  t.is(tellFates(log, 1_000, 0), 97);
});

const HERE = { ia: "1-1", host: "10.0.0.1" };
const ENV = {
  now: 0,
  self: 0,
  tracing: false,
  send: () => 1,
  drop: (packet: Packet) => void (packet.number = -1),
} as unknown as Env;

function reportPacket(number: number, rest: Uint8Array | null, flow = 7): Packet {
  return createPacket({
    trafficClass: 0,
    flowId: 0,
    dstIa: HERE.ia,
    dstHost: HERE.host,
    srcIa: "1-2",
    srcHost: "10.0.0.2",
    path: null,
    currInf: 0,
    currHf: 0,
    l4: { kind: "udp", srcPort: 1, dstPort: 31_005 },
    flow,
    number,
    sentAt: number * MS,
    payloadLength: 20 + (rest?.length ?? 0),
    rest,
    wireLength: 0,
  });
}

test("garbage, strangers' packets, old reports and counts that go back change nothing and are counted", (t) => {
  const reports = createReports({ flow: 7, port: 31_005, ...HERE, interval: MS });
  if (reports === null) throw new Error("no reports");
  const path = { measured: createMeasured(), reported: createReported([1, 2]) };
  for (let n = 0; n < 10; n++) watchSent(reports, path, n, ENV);
  const told = (packets: number, highest: number): Uint8Array =>
    encodeReport([{ key: [1, 2], packets, bytes: packets * 100, highest }]);
  t.true(takeReport(reports, [path], reportPacket(1, told(4, 5)), ENV));
  t.deepEqual([path.measured.delivered, path.measured.lost], [4, 2]);
  const before = structuredClone(path);
  t.false(takeReport(reports, [path], reportPacket(1, told(6, 9)), ENV), "repeated");
  t.false(takeReport(reports, [path], reportPacket(9, null), ENV));
  t.false(takeReport(reports, [path], reportPacket(9, Uint8Array.from([1, 2, 3])), ENV));
  t.false(takeReport(reports, [path], reportPacket(9, told(6, 9), 8), ENV), "of another flow");
  t.true(takeReport(reports, [path], reportPacket(2, told(3, 9)), ENV), "counts that go back");
  t.deepEqual(path, before);
  t.deepEqual([reports.received, reports.garbage], [5, 2]);
  t.true(takeReport(reports, [path], reportPacket(3, told(1_000, 0xffff_ffff)), ENV), "more than was sent");
  t.deepEqual([path.measured.delivered, path.measured.lost], [10, 0]);
  t.true(isReport(reports, reportPacket(1, null)));
  t.false(isReport(reports, { ...reportPacket(1, null), dstHost: "10.0.0.9" }));
});
