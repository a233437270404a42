import test from "ava";
import type { LogRow } from "../../../core/exploration.ts";
import { briefKind, csvOf, dropText, hintText, timeText } from "./row-text.ts";

const ROW: LogRow = {
  event: 12,
  time_ns: 1_234_567_890,
  actor: 'link/1-ff00:0:110#1, "wide"',
  kind: "packet",
  flow: "=video",
  packet: 7,
  ifId: 2,
  from: null,
  sent_ns: 1_234_000_000,
  dropped: "queue_overflow",
};

test("rows as lines of a CSV file: quoted where they must be, no formula among them", (t) => {
  const text = csvOf(
    [ROW, { ...ROW, flow: null, packet: null, dropped: null, others: [{ reason: "link_down", packets: 3 }] }],
    true,
  );
  t.deepEqual(text.split("\r\n"), [
    "time_ns,event,actor,kind,flow,packet,interface,from,sent_ns,dropped,others",
    '1234567890,12,"link/1-ff00:0:110#1, ""wide""",packet,\'=video,7,2,,1234000000,queue_overflow,',
    '1234567890,12,"link/1-ff00:0:110#1, ""wide""",packet,,,2,,1234000000,,3 link_down',
    "",
  ]);
  t.is(csvOf([], false), "");
});

test("rows in words", (t) => {
  t.is(timeText(ROW.time_ns), "1.234568");
  t.is(dropText({ ...ROW, others: [{ reason: "link_down", packets: 1 }] }), "queue_overflow, 1 other: link_down");
  t.is(
    hintText({ ...ROW, actor: "node/A", from: "host/b" }),
    "event 12 at 1,234,567,890 ns: packet 7 of =video at node/A from host/b, sent 1,234,000,000 ns, interface 2; ended: queue_overflow",
  );
});

test("in little room a row says why its packet ended, or else its kind without what its flow says", (t) => {
  t.is(briefKind({ ...ROW, kind: "packet scmp.interface-down", dropped: null, others: [] }), "scmp.interface-down");
  t.is(briefKind({ ...ROW, kind: "packet", dropped: null, others: [] }), "packet");
  t.is(briefKind({ ...ROW, kind: "packet", dropped: "queue_overflow", others: [] }), "queue_overflow");
});
