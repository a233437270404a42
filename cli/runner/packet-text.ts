/** A packet for people: a line or two for each layer, from the outside in. */
import { formatInterface } from "../../core/address.ts";
import { NEXT_HEADER, type L4, type Option, type Packet } from "../../core/packet.ts";
import { type HopField, type InfoField, scionPathOf } from "../../core/path.ts";
import { isScmpError, scmpCodeName } from "../../core/scmp.ts";
import { isAuthentic } from "../../core/spao.ts";
import { decodeQuote } from "../../core/wire/codec.ts";
import { type Authenticator, decodeAuthenticator } from "../../core/wire/extensions.ts";
import { protocolOf } from "../../core/wire/l4.ts";
import { pathTypeOf } from "../../core/wire/path.ts";
import { scmpTypeOf } from "../../core/wire/scmp.ts";
import { paint } from "../output.ts";

/** Payload bytes shown before the rest is only counted. */
const SHOWN_BYTES = 64;
const BYTES_A_LINE = 16;

const PROTOCOLS: Readonly<Record<number, string>> = {
  6: "TCP",
  [NEXT_HEADER.udp]: "UDP",
  [NEXT_HEADER.hopByHop]: "hop-by-hop options",
  [NEXT_HEADER.endToEnd]: "end-to-end options",
  [NEXT_HEADER.scmp]: "SCMP",
  [NEXT_HEADER.bfd]: "BFD",
};
const PATH_TYPES = ["empty", "SCION", "one-hop", "EPIC"];
const BFD_STATES = ["AdminDown", "Down", "Init", "Up"];

/** `key`: the packet authenticator's; null where it is not known. */
export function formatPacket(packet: Packet, bytes: Uint8Array, key: Uint8Array | null): string {
  const { irregular } = packet;
  const lines = [
    layer(
      "SCION",
      `version 0, traffic class ${hex(packet.trafficClass, 2)}, flow ${hex(packet.flowId, 5)}`,
      `next ${protocolName(bytes[4] as number)}, header ${4 * (bytes[5] as number)} B, packet ${bytes.length} B`,
    ),
    layer("", `from ${packet.srcIa},${packet.srcHost}`, `to   ${packet.dstIa},${packet.dstHost}`),
    ...pathLines(packet),
    ...optionLines("HBH", packet.extensions?.hopByHop ?? null, () => ""),
    ...optionLines("E2E", packet.extensions?.endToEnd ?? null, (known) => verdict(packet, known, key)),
    l4Line(packet.l4),
    ...(irregular?.checksum === 0 ? [layer("", "checksum 0: the sender computed none")] : []),
    ...(irregular?.reserved ?? []).map(({ offset, bits }) =>
      layer("", `reserved bits ${hex(bits, 2)} at byte ${offset}`),
    ),
    ...payloadLines(packet, bytes),
  ];
  return lines.join("\n");
}

function layer(name: string, ...lines: string[]): string {
  const head = paint("bold", name.padEnd(8));
  return lines.map((line, at) => `${at === 0 ? head : " ".repeat(8)}${line}`).join("\n");
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}

function protocolName(protocol: number): string {
  const name = PROTOCOLS[protocol];
  return name === undefined ? `protocol ${protocol}` : `${name} (${protocol})`;
}

function pathLines(packet: Packet): string[] {
  const { path } = packet;
  const type = pathTypeOf(path);
  const name = `${PATH_TYPES[type]} (${type})`;
  if (path === null) return [layer("path", name)];
  if (path.kind === "one-hop") {
    return [
      layer("path", name, infoLine(path.info, packet.segId0, false)),
      ...[path.first, path.second].map((hop) => layer("", hopLine(hop, path.info, false))),
    ];
  }
  const scion = scionPathOf(path);
  if (scion === null) return [];
  const lines = [
    layer("path", `${name}, INF ${packet.currInf}, HF ${packet.currHf}, segments ${scion.segLens.join(" ")}`),
  ];
  if (path.kind === "epic") {
    const { timestamp, counter, phvf, lhvf } = path;
    lines.push(layer("", `packet id ${timestamp} ${hex(counter, 8)}, PHVF ${hex(phvf, 8)}, LHVF ${hex(lhvf, 8)}`));
  }
  const segIds = [packet.segId0, packet.segId1, packet.segId2];
  let hf = 0;
  scion.infos.forEach((info, inf) => {
    lines.push(layer("", infoLine(info, segIds[inf] as number, inf === packet.currInf)));
    for (const end = hf + (scion.segLens[inf] as number); hf < end; hf++) {
      lines.push(layer("", hopLine(scion.hops[hf] as HopField, info, hf === packet.currHf)));
    }
  });
  return lines;
}

function infoLine({ consDir, peer, timestamp }: InfoField, segId: number, current: boolean): string {
  const at = new Date(timestamp * 1000).toISOString().replace(".000Z", "Z");
  const direction = consDir ? "in construction direction" : "against construction direction";
  return `${current ? ">" : " "} INF ${direction}${peer ? ", peering" : ""}, SegID ${hex(segId, 4)}, ${at}`;
}

function hopLine(hop: HopField, info: InfoField, current: boolean): string {
  const [ingress, egress] = info.consDir ? [hop.consIngress, hop.consEgress] : [hop.consEgress, hop.consIngress];
  const alerts = `${hop.ingressAlert ? ", ingress alert" : ""}${hop.egressAlert ? ", egress alert" : ""}`;
  const expiry = new Date(info.timestamp * 1000 + (1 + hop.expTime) * 337_500).toISOString().slice(0, 19);
  const mac = hop.mac.toString(16).padStart(12, "0");
  return `${current ? ">" : " "}   HF in ${ingress} out ${egress}, until ${expiry}Z, MAC ${mac}${alerts}`;
}

type Judge = (known: Authenticator) => string;

function optionLines(name: string, options: readonly Option[] | null, judge: Judge): string[] {
  if (options === null) return [];
  return [layer(name, ...options.map((option) => optionLine(option, name === "E2E", judge)))];
}

function optionLine(option: Option, mayAuthenticate: boolean, judge: Judge): string {
  const { type, data } = option;
  if (type === 0) return "Pad1";
  if (type === 1) return `PadN, ${data.length + 2} B in all`;
  const known = mayAuthenticate ? decodeAuthenticator(option) : null;
  if (known === null) return `option ${type}, ${data.length} B: ${Buffer.from(data).toString("hex")}`;
  const mac = Buffer.from(known.authenticator).toString("hex");
  const fields = `SPI ${hex(known.spi, 8)}, algorithm ${known.algorithm}, timestamp ${known.timestamp}`;
  return `authenticator, ${fields}: ${mac}${judge(known)}`;
}

function verdict(packet: Packet, known: Authenticator, key: Uint8Array | null): string {
  if (key === null) return "";
  const authentic = isAuthentic(packet, known, key);
  if (authentic === null) return ", of an algorithm that is not computed";
  return authentic ? ", right" : ", wrong";
}

function l4Line(l4: L4): string {
  switch (l4.kind) {
    case "udp":
      return layer("UDP", `from port ${l4.srcPort} to port ${l4.dstPort}`);
    case "bfd":
      return layer(
        "BFD",
        `${BFD_STATES[l4.state]}, diagnostic ${l4.diagnostic}, multiplier ${l4.detectMult}${l4.poll ? ", poll" : ""}${l4.final ? ", final" : ""}`,
        `discriminators ${hex(l4.myDiscriminator, 8)} mine, ${hex(l4.yourDiscriminator, 8)} yours`,
        `transmit ${l4.desiredMinTx} us, receive ${l4.requiredMinRx} us, echo ${l4.requiredMinEchoRx} us`,
      );
    case "other":
      return layer("L4", protocolName(protocolOf(l4)));
    default:
      return layer("SCMP", `type ${scmpTypeOf(l4)}, ${scmpText(l4)}`);
  }
}

function scmpText(l4: Exclude<L4, { kind: "udp" | "bfd" | "other" }>): string {
  const name = scmpCodeName(l4);
  switch (l4.kind) {
    case "scmp.destination-unreachable":
      return `destination unreachable, code ${l4.code}${name === null ? "" : ` (${name})`}`;
    case "scmp.packet-too-big":
      return `packet too big, MTU ${l4.mtu} B`;
    case "scmp.parameter-problem":
      return `parameter problem, code ${l4.code}${name === null ? "" : ` (${name})`}, at byte ${l4.pointer}`;
    case "scmp.interface-down":
      return `external interface down: ${formatInterface(l4.ia, l4.ifId)}`;
    case "scmp.connectivity-down":
      return `internal connectivity down: ${l4.ia} from ${l4.ingress} to ${l4.egress}`;
    case "scmp.echo":
      return `echo ${l4.reply ? "reply" : "request"}, identifier ${l4.identifier}, sequence ${l4.sequence}`;
    case "scmp.traceroute":
      return `traceroute ${l4.reply ? `reply of ${formatInterface(l4.ia, l4.ifId)}` : "request"}, identifier ${l4.identifier}, sequence ${l4.sequence}`;
    case "scmp.other":
      return `code ${l4.code}`;
  }
}

function payloadLines(packet: Packet, bytes: Uint8Array): string[] {
  const payload = bytes.subarray(bytes.length - packet.payloadLength);
  const lines: string[] = [];
  if (packet.flow >= 0) {
    lines.push(layer("app", `flow ${packet.flow}, packet ${packet.number}, sent at ${packet.sentAt} ns`));
  }
  const quote = isScmpError(packet.l4) ? decodeQuote(payload) : null;
  if (quote?.ok === true) {
    const { srcIa, srcHost, dstIa, dstHost, l4 } = quote.value;
    lines.push(layer("quote", `from ${srcIa},${srcHost}`, `to   ${dstIa},${dstHost}`, l4Line(l4).trim()));
  }
  const rows: string[] = [];
  for (let at = 0; at < Math.min(payload.length, SHOWN_BYTES); at += BYTES_A_LINE) {
    rows.push(
      Buffer.from(payload.subarray(at, at + BYTES_A_LINE))
        .toString("hex")
        .replace(/(..)(?=.)/g, "$1 "),
    );
  }
  const more = payload.length > SHOWN_BYTES ? [`... ${payload.length - SHOWN_BYTES} B more`] : [];
  return [...lines, layer("payload", `${payload.length} B`, ...rows, ...more)];
}
