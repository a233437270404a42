/** `pathloom export --format pcapng`, read back by tshark, which is not ours. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { decodePacket } from "../core/wire/codec.ts";
import { pathloom, temporaryFolder, writeText } from "./child-testing.ts";
import { enhancedPacket, interfaceDescription, sectionHeader } from "./runner/pcapng.ts";
import { underlayFrame } from "./runner/underlay-frame.ts";

const folder = temporaryFolder();

const SCENARIO = `
name: captured
topology: line
seed: 1
duration: 300ms
flows:
  - {id: video, app: constant-rate, from: "1-ff00:0:110,10.0.0.1", to: "1-ff00:0:112,10.0.0.2", rate: 1Mbit/s, packet_size: 1201B}
  - {id: ping, app: ping, from: "1-ff00:0:110,10.0.0.1", to: "1-ff00:0:112,10.0.0.2", interval: 50ms, packet_size: 150B}
`;

/** What tshark prints of some fields, one row a frame; null, and said so, where it is absent. In CI on Linux it must be there. */
function tshark(t: ExecutionContext, file: string, fields: readonly string[]): string[][] | null {
  const options = ["-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-E", "separator=|"];
  const args = ["-r", file, ...options, "-T", "fields", ...fields.flatMap((field) => ["-e", field])];
  const { error, status, stdout, stderr } = spawnSync("tshark", args, { encoding: "utf8", maxBuffer: 1 << 28 });
  if (error !== undefined) {
    const mustBeThere = process.env["CI"] === "true" && process.platform === "linux";
    if (mustBeThere) t.fail(`tshark absent: ${error.message}; .ci/run installs it`);
    else t.log("tshark absent: nobody else has read the capture");
    return null;
  }
  t.is(status, 0, stderr);
  t.notRegex(stderr, /cut short|damaged|corrupt|malformed/i);
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split("|"));
}

/** Arrivals from other places, in the order of the capture: time, place and bytes. */
function arrivals(run: string): { now: number; place: string; ifId: number; hex: string }[] {
  const found = [0, 1, 2].flatMap((place) => {
    const [header, ...lines] = readFileSync(join(run, `record/0${place}.ndjson`), "utf8")
      .trimEnd()
      .split("\n");
    const { place: ia } = JSON.parse(header ?? "") as { place: string };
    const entries = lines.map((line) => JSON.parse(line) as [string, number, number, number, string]);
    return entries.filter(([kind]) => kind === "p").map(([, now, , ifId, hex]) => ({ now, place: ia, ifId, hex }));
  });
  return found.sort((one, other) => one.now - other.now);
}

test.serial("tshark reads a run's capture without complaint, and its fields are ours", async (t) => {
  const run = join(folder, "run");
  const made = await pathloom(["run", writeText(folder, "scenario.yaml", SCENARIO), "--out", run, "--record"]);
  t.is(made.code, 0, made.stderr);
  const exported = await pathloom(["export", run, "--format", "pcapng"]);
  t.is(exported.code, 0, exported.stderr);
  const file = join(run, "packets.pcapng");
  const expected = arrivals(run);
  t.true(expected.length > 60, `${expected.length} packets`);
  t.regex(exported.stderr, new RegExp(`${expected.length} packets in `));
  const outer = ["frame.interface_name", "frame.time_epoch", "frame.len", "frame.cap_len", "frame.comment"];
  const under = ["eth.src", "eth.dst", "ip.src", "ip.dst", "ip.len", "ip.checksum.status", "ip.flags.df"];
  const inner = ["udp.srcport", "udp.dstport", "udp.length", "udp.checksum.status", "udp.payload", "_ws.malformed"];
  const rows = tshark(t, file, [...outer, ...under, ...inner]);
  if (rows === null) return;
  t.is(rows.length, expected.length);
  const scenario = JSON.parse(readFileSync(join(run, "scenario.json"), "utf8")) as {
    epoch_s: number;
    network: { links: { a: { ia: string; ifId: number }; b: { ia: string; ifId: number } }[] };
  };
  rows.forEach((row, at) => {
    const { now, place, ifId, hex } = expected[at] as (typeof expected)[number];
    const link = scenario.network.links.findIndex(({ a, b }) =>
      [a, b].some((end) => end.ia === place && end.ifId === ifId),
    );
    const { a, b } = scenario.network.links[link] as (typeof scenario.network.links)[number];
    const toB = b.ia === place && b.ifId === ifId;
    const [from, to] = toB ? [a, b] : [b, a];
    const [src, dst] = toB ? [2 * link, 2 * link + 1] : [2 * link + 1, 2 * link];
    const bytes = hex.length / 2;
    const decoded = decodePacket(new Uint8Array(Buffer.from(hex, "hex")));
    if (!decoded.ok) throw new Error(decoded.error.reason);
    const { flow, number, l4 } = decoded.value;
    const time = `${scenario.epoch_s + Math.floor(now / 1e9)}.${String(now % 1e9).padStart(9, "0")}`;
    t.deepEqual(row, [
      `link/${from.ia}#${from.ifId}>${to.ia}#${to.ifId}`,
      time,
      String(bytes + 42),
      String(bytes + 42),
      `flow ${flow}, packet ${number}, ${l4.kind}; to node/${place}`,
      `02:00:0a:00:00:0${src}`,
      `02:00:0a:00:00:0${dst}`,
      `10.0.0.${src}`,
      `10.0.0.${dst}`,
      String(bytes + 28),
      "1",
      "1",
      "50000",
      "50000",
      String(bytes + 8),
      "1",
      hex,
      "",
    ]);
  });
});

test.serial("a capture may be replaced, another file not; a folder that is no run is refused", async (t) => {
  const run = join(folder, "run");
  const before = readFileSync(join(run, "packets.pcapng"));
  const again = await pathloom(["export", run, "--format", "pcapng"]);
  t.is(again.code, 0, again.stderr);
  t.deepEqual(readFileSync(join(run, "packets.pcapng")), before, "the same bytes each time");
  const replayed = await pathloom(["replay", run]);
  t.is(replayed.code, 0, "a capture in a run's folder does not disturb it");
  const other = writeText(folder, "notes.txt", "mine");
  const refused = await pathloom(["export", run, "--format", "pcapng", "--out", other]);
  t.deepEqual([refused.code, readFileSync(other, "utf8")], [2, "mine"]);
  t.regex(refused.stderr, /notes\.txt exists already and is no capture; choose another name/);
  const elsewhere = join(folder, "elsewhere.pcapng");
  t.is((await pathloom(["export", run, "--format", "pcapng", "--out", elsewhere])).code, 0);
  t.true(existsSync(elsewhere));
  const none = await pathloom(["export", join(folder, "nothing"), "--format", "pcapng"]);
  t.is(none.code, 2);
  t.regex(none.stderr, /no such folder; expected the folder of a run/);
  t.is((await pathloom(["export", run, "--format", "pcap"])).code, 2);
});

test("blocks are laid out as draft-ietf-opsawg-pcapng draws them", (t) => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  const u32 = (value: number): string => Buffer.from(Uint32Array.of(value).buffer).toString("hex");
  t.is(
    hex(sectionHeader("ab")),
    `0a0d0d0a${u32(40)}4d3c2b1a01000000ffffffffffffffff04000200616200000000000${"0".repeat(1)}${u32(40)}`,
  );
  const description = `${u32(1)}${u32(48)}0100000000000000 0200010061000000 030002006263 0000 0900010009000000 00000000 ${u32(48)}`;
  t.is(hex(interfaceDescription("a", "bc")), description.replaceAll(" ", ""));
  const packet = `${u32(6)}${u32(48)}${u32(2)}${u32(1)}${u32(5)}${u32(3)}${u32(3)} 01020300 01000100 63000000 00000000 ${u32(48)}`;
  t.is(hex(enhancedPacket(2, 0x1_0000_0005n, Uint8Array.of(1, 2, 3), "c")), packet.replaceAll(" ", ""));
});

test("the IPv4 header sums to all ones; UDP never sends checksum 0", (t) => {
  const sum = (bytes: Uint8Array): number => {
    let total = 0;
    for (let i = 0; i < bytes.length; i += 2) total += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
    while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
    return total;
  };
  const zeroes: number[] = [];
  for (let word = 0; word <= 0xffff; word++) {
    const frame = underlayFrame(Uint8Array.of(word >>> 8, word & 0xff), 0x0a00_0002, 0x0a00_0003);
    if (word === 0) t.is(sum(frame.subarray(14, 34)), 0xffff);
    const checksum = ((frame[40] ?? 0) << 8) | (frame[41] ?? 0);
    if (checksum === 0) zeroes.push(word);
  }
  t.deepEqual(zeroes, []);
});
