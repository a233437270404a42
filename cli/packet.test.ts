/** `pathloom packet` as child processes. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import fc from "fast-check";
import { decodePacket } from "../core/wire/codec.ts";
import { pathloom, temporaryFolder, writeText } from "./child-testing.ts";
import { bytesOfJson, packetAsJson } from "./runner/packet-json.ts";

const folder = temporaryFolder();

/** UDP over an empty path with a payload header: flow 7, number 42; checksum computed by other means. */
const UDP =
  "0b81234511090020000000000001ff0000000111000100000000fc000a0000020a00000175599c400020325b504c0100000000070000002a000462d53c8abac000000000";

/** pkg/slayers/path/epic/epic_test.go, rawEpicPath, before an end-to-end authenticator (pkt_auth_test.go) and TCP. */
const EPIC = [
  "00000001c91e00220300000000010000000000020001000000000003010203040506070800000001020000030102030405060708",
  "0000208000000111000001000100022200000100003f00010000010203040506003f00030002010203040506",
  "003f00000002010203040506003f00010000010203040506",
  "0607021c0001000101000605040302013136627974655f6d61635f666f6f6f6f",
  "abcd",
].join("");

test("decode --json has the promised fields", async (t) => {
  const { code, stdout } = await pathloom(["packet", "decode", UDP, "--json"]);
  t.is(code, 0);
  t.deepEqual(JSON.parse(stdout), {
    version: 0,
    trafficClass: 0xb8,
    flowId: 0x12345,
    nextHdr: 17,
    hdrLen: 9,
    payloadLen: 32,
    pathType: 0,
    dst: { ia: "1-ff00:0:111", host: "10.0.0.2" },
    src: { ia: "1-64512", host: "10.0.0.1" },
    path: { type: "empty" },
    extensions: [],
    protocol: 17,
    l4: { kind: "udp", srcPort: 30_041, dstPort: 40_000, length: 32, checksum: 0x325b },
    payload: UDP.slice(88),
    application: { flow: 7, number: 42, sentAt_ns: 1_234_567_890_123_456 },
  });
});

test("decode and encode take files of bytes, of hex digits and of JSON, and are each other's inverse", async (t) => {
  const binary = join(folder, "packet.bin");
  writeFileSync(binary, Buffer.from(EPIC, "hex"));
  const [fromBinary, fromHex] = await Promise.all([
    pathloom(["packet", "decode", binary, "--json"]),
    pathloom(["packet", "decode", writeText(folder, "packet.hex", `${EPIC.replaceAll(/(..)/g, "$1:")}\n`), "--json"]),
  ]);
  t.is(fromBinary.code, 0, fromBinary.stderr);
  t.is(fromHex.stdout, fromBinary.stdout);
  t.like(JSON.parse(fromBinary.stdout), {
    path: { type: "epic", timestamp: 1, counter: 0x0200_0003, phvf: 0x0102_0304, lhvf: 0x0506_0708 },
    extensions: [{ type: "end-to-end", options: [{ type: 2, authenticator: { spi: 0x1_0001, algorithm: 1 } }] }],
    protocol: 6,
    l4: null,
    payload: "abcd",
  });
  const json = writeText(folder, "packet.json", fromBinary.stdout);
  const encoded = await pathloom(["packet", "encode", json]);
  t.is(encoded.stdout, `${EPIC}\n`);
});

test("--stdin: a line for each line, in both directions; malformed packets are answered in their place", async (t) => {
  const wrong = `${UDP.slice(0, 84)}ffff${UDP.slice(88)}`;
  const input = [UDP, wrong, "xy", "", EPIC, UDP.slice(0, -2)].join("\n");
  const decoded = await pathloom(["packet", "decode", "--stdin"], { input: `${input}\n` });
  t.is(decoded.code, 1);
  const lines = decoded.stdout.trimEnd().split("\n");
  const answers = lines.map((line) => JSON.parse(line) as { error?: unknown });
  t.deepEqual(
    answers.map(({ error }) => error ?? null),
    [
      null,
      { layer: "udp", offset: 42, reason: "checksum 65535 is wrong, expected 12891" },
      { layer: "hex", offset: 0, reason: '"x" is no hex digit' },
      { layer: "common header", offset: 0, reason: "expected 12 bytes, found 0" },
      null,
      { layer: "common header", offset: 6, reason: "PayloadLen says 32 bytes, the packet has 31" },
    ],
  );
  const good = await pathloom(["packet", "encode", "--stdin"], { input: `${lines[0]}\n${lines[4]}\n` });
  t.deepEqual([good.code, good.stdout], [0, `${UDP}\n${EPIC}\n`]);
  const mixed = await pathloom(["packet", "encode", "--stdin"], { input: lines.join("\n") });
  t.is(mixed.code, 2);
  t.deepEqual(mixed.stdout.split("\n"), [UDP, "", "", "", EPIC, "", ""]);
  t.regex(mixed.stderr, /line 2: dst: expected an object, found nothing/);
});

test("decode for people draws the layers; a malformed packet is exit code 1", async (t) => {
  const { code, stdout } = await pathloom(["packet", "decode", EPIC]);
  t.is(code, 0);
  t.regex(stdout, /^SCION {3}version 0, .*\n +next end-to-end options \(201\), header 120 B/);
  t.regex(stdout, /EPIC \(3\), INF 0, HF 0, segments 2 2 0/);
  t.regex(stdout, /> {3}HF in 0 out 1, until 1970-01-01T06:04:16Z, MAC 010203040506/);
  t.regex(stdout, /authenticator, SPI 0x00010001, algorithm 1/);
  t.regex(stdout, /L4 {6}TCP \(6\)/);
  const short = await pathloom(["packet", "decode", "00ff"]);
  t.is(short.code, 1);
  t.regex(short.stderr, /no SCION packet: common header, byte 2: expected 12 bytes, found 2/);
  const json = await pathloom(["packet", "decode", "00ff", "--json"]);
  t.is(json.code, 1);
  t.deepEqual(JSON.parse(json.stdout), {
    error: { layer: "common header", offset: 2, reason: "expected 12 bytes, found 2" },
  });
});

const mistakes: readonly (readonly [what: string, args: readonly string[], says: RegExp])[] = [
  ["nothing to decode", ["packet", "decode"], /expected a packet, or --stdin/],
  ["both", ["packet", "decode", "00", "--stdin"], /give a packet or --stdin, not both/],
  [
    "neither hex nor file",
    ["packet", "decode", "nowhere.bin"],
    /expected a file that exists or hex digits; byte 0: "n"/,
  ],
  ["half a byte", ["packet", "decode", "000"], /byte 1: a hex digit is missing/],
  ["no file", ["packet", "encode", "nowhere.json"], /nowhere\.json: no such file/],
  ["a folder", ["packet", "encode", "."], /this is a folder/],
];

for (const [what, args, says] of mistakes) {
  test(`mistake: ${what}`, async (t) => {
    const { code, stdout, stderr } = await pathloom(args);
    t.is(code, 2, stderr);
    t.is(stdout, "");
    t.regex(stderr, says);
  });
}

/** What becomes of a packet's JSON once the fields named by their places (`path.hops.2.mac`) hold other values. */
function afterChange(hex: string, changes: Readonly<Record<string, unknown>>): string {
  const bytes = new Uint8Array(Buffer.from(hex, "hex"));
  const decoded = decodePacket(bytes);
  if (!decoded.ok) throw new Error(decoded.error.reason);
  const json = JSON.parse(JSON.stringify(packetAsJson(decoded.value, bytes))) as object;
  for (const [place, value] of Object.entries(changes)) {
    const steps = place.split(".");
    const last = steps.pop() ?? "";
    const holder = steps.reduce((at, step) => Reflect.get(at, step) as object, json);
    Reflect.set(holder, last, value);
  }
  const encoded = bytesOfJson(json);
  return encoded.ok ? `fine: ${Buffer.from(encoded.value).toString("hex")}` : encoded.error;
}

test("JSON that is no packet is refused by the field's name", (t) => {
  const twice = [1, 2].map(() => ({ type: "end-to-end", options: [] }));
  const changes: [string, unknown, RegExp][] = [
    ["flowId", 0x10_0000, /^flowId: expected a whole number from 0 to 1048575, found 1048576$/],
    ["src", undefined, /^src: expected an object, found nothing$/],
    ["dst.ia", "here", /not an ISD-AS number: "here"/],
    ["dst.host", "10.0.0", /not a host address: "10.0.0"/],
    ["path.type", "hummingbird", /^path.type: expected one of empty, scion, one-hop, epic, found "hummingbird"$/],
    ["path.hops.2.mac", "01", /^path.hops\[2\].mac: expected 12 hex digits, found "01"$/],
    ["path.infos.1.peer", 1, /^path.infos\[1\].peer: expected true or false, found 1$/],
    ["path.hops", [], /segment lengths 2, 2, 0 do not agree with 2 info fields and 0 hop fields/],
    ["extensions", twice, /^extensions\[1\].type: expected hop-by-hop, then end-to-end, each once at most/],
    ["extensions.0.options.0.data", "0", /^extensions\[0\].options\[0\].data: expected an even number/],
    ["extensions.0.options.0.data", "00", /^extensions: expected options and padding that fill/],
    ["protocol", 17, /protocol 17 is not carried as "other"/],
    ["l4", { kind: "quic" }, /^l4.kind: expected udp, scmp.echo and the like, or bfd, found "quic"$/],
    ["payload", "00".repeat(65_536), /bytes after the header are too many/],
    ["reserved", [{ offset: 9999, bits: 1 }], /^reserved\[0\].offset: expected a whole number from 0/],
  ];
  for (const [place, value, says] of changes) t.regex(afterChange(EPIC, { [place]: value }), says);
});

test("what follows from other fields is not read; checksums are computed, unless 0 says that there is none", (t) => {
  const ignored = { version: 9, nextHdr: 9, hdrLen: 9, payloadLen: 9, pathType: 9, application: undefined };
  t.is(afterChange(UDP, { ...ignored, "l4.checksum": undefined }), `fine: ${UDP}`);
  t.is(afterChange(UDP, { "l4.checksum": 9 }), `fine: ${UDP}`);
  t.is(afterChange(UDP, { "l4.checksum": 0 }), `fine: ${UDP.slice(0, 84)}0000${UDP.slice(88)}`);
});

test("every packet that is accepted comes back from its JSON", (t) => {
  const seeds = [UDP, EPIC].map((hex) => Buffer.from(hex, "hex"));
  const property = fc.property(
    fc.nat(1),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
    (seed, changes) => {
      const bytes = new Uint8Array(seeds[seed] as Buffer);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      const decoded = decodePacket(bytes);
      if (!decoded.ok) return;
      const json: unknown = JSON.parse(JSON.stringify(packetAsJson(decoded.value, bytes)));
      t.deepEqual(bytesOfJson(json), { ok: true, value: bytes });
    },
  );
  fc.assert(property, { numRuns: 3_000 });
});

test("all of the shared vectors go through --stdin and come back", async (t) => {
  const path = new URL("../../shared/data/vectors/scion_packets.json", import.meta.url);
  const text = ((): string | null => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return null;
    }
  })();
  if (text === null) {
    t.log("the shared vectors (scion_packets.json) are absent: nothing was compared with scionproto's packets");
    t.pass();
    return;
  }
  const input = `${Object.values(JSON.parse(text) as Record<string, string>).join("\n")}\n`;
  const decoded = await pathloom(["packet", "decode", "--stdin"], { input });
  t.is(decoded.code, 0);
  const encoded = await pathloom(["packet", "encode", "--stdin"], { input: decoded.stdout });
  t.is(encoded.stdout, input);
});

test("decode --key says whether the packet authenticator is right", async (t) => {
  const key = "00010203040506070001020304050607";
  // Addresses and option of the empty case of scionproto's pkg/spao/mac_test.go; made with Python's cryptography package.
  const SIGNED =
    "0ff01234c9090034000000000001ff00000001120001ff00000001120a01010c0a01010b1107021c000000010000060504030201c5b0b0f712e0eff60fd6cb34c7b6324c000100020014b8f0736f6d65207061796c6f6164";
  const right = await pathloom(["packet", "decode", SIGNED, "--key", key]);
  t.regex(right.stdout, /^E2E     authenticator, SPI 0x00000001, algorithm 0, .*, right$/m);
  const changed = await pathloom(["packet", "decode", SIGNED.replace("0ff0", "0fe0"), "--key", key, "--json"]);
  t.like(JSON.parse(changed.stdout), {
    extensions: { 0: { options: { 0: { authenticator: { authentic: false } } } } },
  });
  const encoded = await pathloom(["packet", "encode", writeText(folder, "signed.json", changed.stdout)]);
  t.is(encoded.stdout.trim(), SIGNED.replace("0ff0", "0fe0"));
  const wrong = await pathloom(["packet", "decode", UDP, "--key", "abc"]);
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /--key abc: expected 32 hex digits/);
  const forged = await pathloom(["packet", "decode", EPIC, "--key", key, "--json"]);
  t.like(JSON.parse(forged.stdout), { extensions: { 0: { options: { 0: { authenticator: { authentic: null } } } } } });
});
