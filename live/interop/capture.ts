/** What crosses loopback, captured by dumpcap and read by tshark with scionproto's dissector: nobody's code here is ours. */
import { execFile, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { err, ok, type Result } from "../../core/result.ts";

/** A datagram as tshark tells of it. */
export interface Frame {
  readonly src: string;
  readonly dst: string;
  readonly frameLength: number;
  readonly ipLength: number;
  readonly udpLength: number;
  readonly checksum: number;
  /** tshark's verdict: 1 good, 0 bad. */
  readonly checksumStatus: string;
  /** `eth:ethertype:ip:udp:scion` and what it carries. */
  readonly protocols: string;
  /** Malformed parts and what else tshark found to complain about, a wrong UDP checksum left out. */
  readonly complaints: readonly string[];
}

const FIELDS = [
  "ip.src",
  "ip.dst",
  "frame.len",
  "ip.len",
  "udp.length",
  "udp.checksum",
  "udp.checksum.status",
  "frame.protocols",
  "_ws.malformed",
  "_ws.expert.message",
] as const;
/** Between several values of one field. */
const AGGREGATOR = "~";
const SETTLE_MS = 300;

/** Whether this process may capture on loopback; takes a second. */
export function canCapture(): boolean {
  const { status } = spawnSync("dumpcap", ["-i", "lo", "-a", "duration:1", "-w", devNull, "-q"], { stdio: "ignore" });
  return status === 0;
}

/**
 * Captures the UDP datagrams to or from an IP network while `during` runs. The error says why nothing could be captured: a program
 * is missing, or the privilege.
 */
export async function captureUdp(
  network: string,
  dissector: string,
  during: () => Promise<void>,
): Promise<Result<readonly Frame[], string>> {
  const folder = mkdtempSync(join(tmpdir(), "pathloom-capture-"));
  try {
    const file = join(folder, "loopback.pcapng");
    const failure = await dump(network, file, during);
    return failure === null ? await read(file, dissector) : err(failure);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Null where all went well; `during` runs only where packets are being captured. */
async function dump(network: string, file: string, during: () => Promise<void>): Promise<string | null> {
  const child = spawn("dumpcap", ["-i", "lo", "-f", `udp and net ${network}`, "-w", file, "-q"]);
  const said: string[] = [];
  const ended = new Promise<string>((done) => {
    child.once("error", (error) => done(`cannot run dumpcap (Debian's wireshark-common): ${error.message}`));
    child.once("exit", (code) => done(`dumpcap ended with ${code}: ${said.join(" ")}`));
  });
  const ready = new Promise<null>((done) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      said.push(line);
      if (line.startsWith("File:")) done(null);
    });
  });
  const failure = await Promise.race([ready, ended]);
  if (failure !== null) return failure;
  try {
    await during();
    await new Promise((done) => setTimeout(done, SETTLE_MS));
  } finally {
    child.kill("SIGINT");
    await ended;
  }
  return null;
}

async function read(file: string, dissector: string): Promise<Result<readonly Frame[], string>> {
  const options = [
    "-X",
    `lua_script:${dissector}`,
    "-o",
    "udp.check_checksum:TRUE",
    "-E",
    "separator=|",
    "-E",
    `aggregator=${AGGREGATOR}`,
  ];
  const args = ["-r", file, ...options, "-T", "fields", ...FIELDS.flatMap((field) => ["-e", field])];
  try {
    const { stdout } = await promisify(execFile)("tshark", args, { maxBuffer: 1 << 28 });
    return ok(stdout.split("\n").flatMap((line) => (line === "" ? [] : [frameOf(line.split("|"))])));
  } catch (error) {
    return err(`cannot run tshark: ${(error as Error).message}`);
  }
}

function frameOf(values: readonly string[]): Frame {
  const [src = "", dst = "", frame, ip, udp, checksum, checksumStatus = "", protocols = "", ...rest] = values;
  const said = rest.flatMap((texts) => texts.split(AGGREGATOR));
  const complaints = said.filter((text) => text !== "" && !text.startsWith("Bad checksum"));
  const lengths = { frameLength: Number(frame), ipLength: Number(ip), udpLength: Number(udp) };
  return { src, dst, ...lengths, checksum: Number(checksum), checksumStatus, protocols, complaints };
}

const ETHERNET_BYTES = 14;
const IP_BYTES = 20;
const UDP_PROTOCOL = 17;

/** What is wrong with a frame; empty: nothing. */
export function faultsOf(frame: Frame): string[] {
  const { frameLength, ipLength, udpLength, protocols, complaints } = frame;
  const faults = [...complaints];
  if (frameLength !== ipLength + ETHERNET_BYTES) faults.push(`frame of ${frameLength} B, IP packet of ${ipLength} B`);
  if (ipLength !== udpLength + IP_BYTES) faults.push(`IP packet of ${ipLength} B, UDP datagram of ${udpLength} B`);
  if (!protocols.includes("udp:scion")) faults.push(`no SCION packet: ${protocols}`);
  if (frame.checksumStatus !== "1" && frame.checksum !== pseudoHeaderSum(frame)) faults.push("UDP checksum");
  return faults;
}

/** What Linux leaves in the checksum's place for a network card to finish; on loopback there is none, and nobody does. */
function pseudoHeaderSum({ src, dst, udpLength }: Frame): number {
  const words = [src, dst].flatMap((address) => {
    const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number);
    return [256 * a + b, 256 * c + d];
  });
  const sum = words.reduce((total, word) => total + word, UDP_PROTOCOL + udpLength);
  return (sum & 0xffff) + (sum >>> 16);
}
