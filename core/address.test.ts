import test from "ava";
import fc from "fast-check";
import {
  compareIA,
  formatIA,
  formatInterface,
  HOST_TYPE,
  hostBytes,
  hostFromBytes,
  hostLength,
  hostType,
  iaParts,
  isIPv4MappedHost,
  MAX_AS,
  MAX_ISD,
  parseHost,
  parseIA,
  parseInterface,
} from "./address.ts";
import type { Result } from "./result.ts";

const isd = fc.integer({ min: 0, max: MAX_ISD });
/** Both notations equally often, and their border. */
const as = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.maxSafeInteger().map((n) => Math.abs(n) % (MAX_AS + 1)),
  fc.constantFrom(0, 0xffff_ffff, 0x1_0000_0000, MAX_AS),
);
const ia = fc.tuple(isd, as).map(([isd, as]) => formatIA(isd, as));

/** Letters that addresses are made of, so that garbage comes near to the real thing. */
const nearly = fc.oneof(
  fc.string({ unit: fc.constantFrom(..."0123456789abcdefABF:.-#_%<>x ") }),
  fc.string({ unit: "binary" }),
  fc.constantFrom("CS", "DS_M", "Wildcard_A", "CS_", "_M", "constructor", "__proto__"),
);

function valueOf<T>(result: Result<T, string>): T {
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

function errorOf(result: Result<unknown, string>): string {
  return result.ok ? "" : result.error;
}

test("ISD-AS numbers print as SCION prints them", (t) => {
  const canonical: [string, string][] = [
    ["1-ff00:0:110", "1-ff00:0:110"],
    ["01-FF00:0000:0110", "1-ff00:0:110"],
    ["1-0:0:2a", "1-42"],
    ["1-0:0:0", "1-0"],
    ["0-0", "0-0"],
    ["65535-4294967295", "65535-4294967295"],
    ["1-0:ffff:ffff", "1-4294967295"],
    ["1-1:0:0", "1-1:0:0"],
    ["1-ffff:ffff:ffff", "1-ffff:ffff:ffff"],
    ["1-00000000042", "1-42"],
    ["1-00000ff00:0:1", "1-ff00:0:1"],
  ];
  for (const [text, expected] of canonical) t.deepEqual(parseIA(text), { ok: true, value: expected }, text);
});

test("what is no ISD-AS number is refused", (t) => {
  const bad =
    "|1|1-|-1|65536-1|1-4294967296|1-1:2|1-1:2:3:4|1-1::3|1-10000:0:0|1-g:0:0|+1-1|1-+1|1--1|1-2-3| 1-1|1-1 |1_0-1|1-0x1";
  for (const text of bad.split("|")) t.false(parseIA(text).ok, text);
  t.is(errorOf(parseIA("foo")), 'expected an ISD-AS number such as 1-ff00:0:110, found "foo"');
  t.is(errorOf(parseIA("65536-1")), 'expected an ISD number from 0 to 65535 before "-", found "65536-1"');
  t.regex(errorOf(parseIA("1-f00")), /^expected an AS number after "-".*, found "1-f00"$/);
  t.true(errorOf(parseIA("9".repeat(10_000))).length < 200, "the message stays short");
});

test("ISD-AS numbers: text and numbers agree", (t) => {
  const property = fc.property(isd, as, (isd, as) => {
    const text = formatIA(isd, as);
    t.deepEqual(iaParts(text), { isd, as });
    t.deepEqual(parseIA(text), { ok: true, value: text });
    t.deepEqual(parseIA(text.toUpperCase()), { ok: true, value: text });
    const groups = [Math.floor(as / 0x1_0000_0000), Math.floor(as / 0x1_0000) % 0x1_0000, as % 0x1_0000];
    const asHex = groups.map((group) => group.toString(16).padStart(4, "0")).join(":");
    t.deepEqual(parseIA(`${isd}-${asHex}`), { ok: true, value: text });
  });
  fc.assert(property);
  t.deepEqual(iaParts("1-ff00:0:110"), { isd: 1, as: 0xff00_0000_0110 });
});

test("numbers out of range and text that is none are bugs in formatIA and iaParts", (t) => {
  for (const [isd, as] of [
    [-1, 0],
    [65_536, 0],
    [0, -1],
    [0, MAX_AS + 1],
    [0.5, 0],
    [0, Number.NaN],
  ] as const) {
    t.throws(() => formatIA(isd, as), { instanceOf: RangeError });
  }
  for (const text of ["", "1", "1-", "x-1", "1-1:1"]) t.throws(() => iaParts(text), { instanceOf: RangeError });
});

test("ISD-AS numbers are ordered as numbers, not as text", (t) => {
  const sorted = ["1-9", "1-10", "1-4294967295", "1-1:0:0", "1-ff00:0:9", "1-ff00:0:10", "2-0", "10-0"];
  t.deepEqual(sorted.toReversed().sort(compareIA), sorted);
  const property = fc.property(isd, as, isd, as, (isdA, asA, isdB, asB) => {
    const byNumber = Math.sign(isdA - isdB || asA - asB);
    t.is(Math.sign(compareIA(formatIA(isdA, asA), formatIA(isdB, asB))), byNumber);
  });
  fc.assert(property);
});

test("interfaces: text and parts agree", (t) => {
  t.deepEqual(parseInterface("1-0:0:2a#041"), { ok: true, value: { ia: "1-42", ifId: 41 } });
  const property = fc.property(ia, fc.integer({ min: 0, max: 0xffff }), (ia, ifId) => {
    t.deepEqual(parseInterface(formatInterface(ia, ifId)), { ok: true, value: { ia, ifId } });
  });
  fc.assert(property);
  for (const text of ["1-1", "1-1#", "1-1#65536", "1-1#1#2", "#1", "x#1", "1-1#-1"])
    t.false(parseInterface(text).ok, text);
  t.is(errorOf(parseInterface("1-1")), 'expected an interface such as 1-ff00:0:110#41, found "1-1"');
  t.is(errorOf(parseInterface("1-1#a")), 'expected an interface id from 0 to 65535 after "#", found "1-1#a"');
});

test("hosts are made canonical", (t) => {
  const canonical: [string, string][] = [
    ["10.0.0.1", "10.0.0.1"],
    ["255.255.255.255", "255.255.255.255"],
    ["::", "::"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["2001:DB8::0068", "2001:db8::68"],
    // RFC 5952, section 4.2: a single zero group stays; the longest run goes; of equal runs the first
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["1::", "1::"],
    ["64:ff9b::1.2.3.4", "64:ff9b::102:304"],
    ["::ffff:10.0.0.1", "10.0.0.1"],
    ["::FFFF:0a00:0001", "10.0.0.1"],
    ["CS", "CS"],
    ["CS_A", "CS"],
    ["DS_M", "DS_M"],
    ["Wildcard_A", "Wildcard"],
    ["Wildcard_M", "Wildcard_M"],
  ];
  for (const [text, expected] of canonical) t.deepEqual(parseHost(text), { ok: true, value: expected }, text);
});

test("what is no host is refused", (t) => {
  const bad =
    "|1.2.3|1.2.3.4.5|256.1.1.1|01.2.3.4|1..2.3|1.2.3.4 |:|:::|1:::2|1::2::3|1:2:3:4:5:6:7|1:2:3:4:5:6:7:8:9|" +
    "1:2:3:4:5:6:7:8::|::1:2:3:4:5:6:7:8|12345::|g::|1:|:1|fe80::1%eth0|::1.2.3|::1.2.3.4:5|1:2:3:4:5:6:7:1.2.3.4|cs|CS_B|" +
    "CS_A_A|SIG|<SVC:0x0005>|example.org";
  for (const text of bad.split("|")) t.false(parseHost(text).ok, text);
  const expected = 'expected an IPv4 or IPv6 address or a service (CS, DS, Wildcard), found "host"';
  t.is(errorOf(parseHost("host")), expected);
});

test("hosts have the type nibbles and bytes of the address header", (t) => {
  const known: [string, number, number[]][] = [
    ["10.0.0.1", HOST_TYPE.ipv4, [10, 0, 0, 1]],
    ["CS", HOST_TYPE.svc, [0, 2, 0, 0]],
    ["DS_M", HOST_TYPE.svc, [0x80, 1, 0, 0]],
    ["Wildcard", HOST_TYPE.svc, [0, 0x10, 0, 0]],
    ["<SVC:0x0005>", HOST_TYPE.svc, [0, 5, 0, 0]],
    ["<SVC:0xffff>_M", HOST_TYPE.svc, [0xff, 0xff, 0, 0]],
    ["dead::beef", HOST_TYPE.ipv6, [0xde, 0xad, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xef]],
  ];
  t.deepEqual([HOST_TYPE.ipv4, HOST_TYPE.svc, HOST_TYPE.ipv6], [0, 4, 3]);
  for (const [host, type, bytes] of known) {
    t.deepEqual(hostBytes(host), { type, bytes: new Uint8Array(bytes) }, host);
    t.is(hostFromBytes(type, new Uint8Array([99, ...bytes, 99]), 1), host);
  }
});

test("host bytes that nobody may configure are told raw, and are no configured host", (t) => {
  const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1];
  const raw: [string, number, number[]][] = [
    ["::ffff:10.0.0.1", HOST_TYPE.ipv6, mapped],
    ["<HOST:0x4:00020001>", HOST_TYPE.svc, [0, 2, 0, 1]],
    ["<HOST:0x8:0a0b0c0d>", 8, [10, 11, 12, 13]],
    ["<HOST:0x1:0a0b0c0d00000000>", 1, [10, 11, 12, 13, 0, 0, 0, 0]],
    ["<HOST:0xf:00000000000000000000ffff0a000001>", 15, mapped],
  ];
  for (const [host, type, bytes] of raw) {
    t.is(hostFromBytes(type, new Uint8Array([99, ...bytes, 99]), 1), host);
    t.deepEqual(hostBytes(host), { type, bytes: new Uint8Array(bytes) }, host);
    if (host.startsWith("<")) t.regex(errorOf(parseHost(host)), /expected an IPv4 or IPv6 address or a service/);
  }
  t.is(valueOf(parseHost("::ffff:10.0.0.1")), "10.0.0.1");
  t.true(isIPv4MappedHost("::ffff:10.0.0.1"));
  for (const host of ["10.0.0.1", "::ffff:1", "CS", "1::ffff:10.0.0.1"]) t.false(isIPv4MappedHost(host), host);
});

test("hosts: bytes and canonical text are each other's inverse", (t) => {
  const type = fc.nat(15);
  // few values, so that runs of zeros of every length and place come up
  const byte = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 0, 0, 1, 2, 0xff) }, fc.nat(255));
  const property = fc.property(
    type,
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.array(byte, { minLength: 16 }),
    (type, any, few) => {
      for (const source of [any, new Uint8Array(few)]) {
        const bytes = source.slice(0, hostLength(type));
        if (type === HOST_TYPE.svc && (bytes[0] ?? 0) % 2 === 0) bytes.fill(0, 2);
        const text = hostFromBytes(type, bytes, 0);
        t.deepEqual(hostBytes(text), { type, bytes });
        t.is(hostType(text), type);
        if (!text.startsWith("<") && !isIPv4MappedHost(text)) t.is(valueOf(parseHost(text)), text);
      }
    },
  );
  fc.assert(property);
});

test("text that is no host is a bug in hostBytes", (t) => {
  for (const host of [
    "",
    "1.2.3",
    "1::2::3",
    "XS",
    "cs",
    "<SVC:0x0002>",
    "<SVC:0x1>",
    "<SVC:0x0005",
    "<HOST:0x8:0a0b0c>",
    "<HOST:0xg:>",
  ]) {
    t.throws(() => hostBytes(host), { instanceOf: RangeError }, host);
  }
});

test("garbage never throws, and what passes is canonical at once", (t) => {
  const property = fc.property(nearly, (text) => {
    for (const parse of [parseIA, parseHost]) {
      const once = parse(text);
      if (once.ok) t.deepEqual(parse(once.value), once);
      else t.regex(once.error, /^expected .+, found ".*"$/s);
    }
    const end = parseInterface(text);
    if (end.ok) t.deepEqual(parseInterface(formatInterface(end.value.ia, end.value.ifId)), end);
  });
  fc.assert(property, { numRuns: 2_000 });
  t.pass();
});
