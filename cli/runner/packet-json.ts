/**
 * A packet as the JSON of `pathloom packet`, and back. What follows from the rest (version, nextHdr, hdrLen, payloadLen,
 * pathType, type, length, what a payload or quote says) is written for readers and ignored when a packet is made of it.
 */
import { iaParts, hostBytes, type IA } from "../../core/address.ts";
import { createPacket, type Irregularities, type L4, type Option, type Packet } from "../../core/packet.ts";
import type { HopField, InfoField, PacketPath, ScionPath } from "../../core/path.ts";
import { err, ok, type Result } from "../../core/result.ts";
import { isAuthentic } from "../../core/spao.ts";
import { get16 } from "../../core/wire/bytes.ts";
import { decodeQuote, encodePacket, wireLengthOf } from "../../core/wire/codec.ts";
import { decodeAuthenticator, extensionsLength } from "../../core/wire/extensions.ts";
import { checksumOffset, l4HeaderLength, protocolOf } from "../../core/wire/l4.ts";
import { pathTypeOf } from "../../core/wire/path.ts";
import { decodePayload } from "../../core/wire/payload.ts";
import { scmpTypeOf } from "../../core/wire/scmp.ts";
import { isScmpError } from "../../core/scmp.ts";
import { bytesField, field, Fault, flag, listField, number, object, optional, text, uint } from "./json-fields.ts";

type Json = Readonly<Record<string, unknown>>;

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** `bytes` are the packet's own; `key`: the packet authenticator's, where it is known. */
export function packetAsJson(packet: Packet, bytes: Uint8Array, key: Uint8Array | null = null): Json {
  const { l4, flow, irregular } = packet;
  const protocol = protocolOf(l4);
  const payloadStart = bytes.length - packet.payloadLength;
  const payload = bytes.subarray(payloadStart);
  return {
    version: 0,
    trafficClass: packet.trafficClass,
    flowId: packet.flowId,
    nextHdr: bytes[4],
    hdrLen: bytes[5],
    payloadLen: get16(bytes, 6),
    pathType: pathTypeOf(packet.path),
    dst: { ia: packet.dstIa, host: packet.dstHost },
    src: { ia: packet.srcIa, host: packet.srcHost },
    path: pathAsJson(packet),
    extensions: extensionsAsJson(packet, key),
    protocol,
    l4: l4AsJson(l4, bytes, payloadStart, protocol),
    payload: hexOf(payload),
    ...(flow < 0 ? {} : { application: { flow, number: packet.number, sentAt_ns: packet.sentAt } }),
    ...(isScmpError(l4) ? { quote: quoteAsJson(payload) } : {}),
    ...(irregular === null || irregular.reserved.length === 0 ? {} : { reserved: irregular.reserved }),
  };
}

function pathAsJson({ path, currInf, currHf, segId0, segId1, segId2 }: Packet): Json {
  if (path === null) return { type: "empty" };
  if (path.kind === "one-hop") {
    const [first, second] = [hopAsJson(path.first), hopAsJson(path.second)];
    return { type: "one-hop", info: { ...path.info, segId: segId0 }, first, second };
  }
  const { segLens, infos, hops } = path.kind === "epic" ? path.scion : path;
  const segIds = [segId0, segId1, segId2];
  const scion = {
    currInf,
    currHf,
    segLens,
    infos: infos.map((info, inf) => ({ ...info, segId: segIds[inf] })),
    hops: hops.map(hopAsJson),
  };
  if (path.kind === "scion") return { type: "scion", ...scion };
  const { timestamp, counter, phvf, lhvf } = path;
  return { type: "epic", timestamp, counter, phvf, lhvf, ...scion };
}

function hopAsJson(hop: HopField): Json {
  return { ...hop, mac: hop.mac.toString(16).padStart(12, "0") };
}

function extensionsAsJson(packet: Packet, key: Uint8Array | null): Json[] {
  const { extensions } = packet;
  if (extensions === null) return [];
  const headers = [
    ["hop-by-hop", extensions.hopByHop],
    ["end-to-end", extensions.endToEnd],
  ] as const;
  return headers.flatMap(([type, options]) => {
    if (options === null) return [];
    return [{ type, options: options.map((option) => optionAsJson(option, type === "end-to-end", packet, key)) }];
  });
}

function optionAsJson(option: Option, mayAuthenticate: boolean, packet: Packet, key: Uint8Array | null): Json {
  const known = mayAuthenticate ? decodeAuthenticator(option) : null;
  const plain = { type: option.type, data: hexOf(option.data) };
  if (known === null) return plain;
  const authentic = key === null ? {} : { authentic: isAuthentic(packet, known, key) };
  return { ...plain, authenticator: { ...known, authenticator: hexOf(known.authenticator), ...authentic } };
}

function l4AsJson(l4: L4, bytes: Uint8Array, payloadStart: number, protocol: number): Json | null {
  if (l4.kind === "other") return null;
  const start = payloadStart - l4HeaderLength(l4);
  if (l4.kind === "bfd") return { ...l4, length: bytes[start + 3] };
  const checksum = get16(bytes, start + checksumOffset(protocol));
  if (l4.kind === "udp") return { ...l4, length: get16(bytes, start + 4), checksum };
  const { kind, ...fields } = l4;
  return { kind, type: scmpTypeOf(l4), code: bytes[start + 1], ...fields, checksum };
}

function quoteAsJson(payload: Uint8Array): Json | null {
  const quote = decodeQuote(payload);
  if (!quote.ok) return null;
  const { dstIa, dstHost, srcIa, srcHost, l4 } = quote.value;
  return { dst: { ia: dstIa, host: dstHost }, src: { ia: srcIa, host: srcHost }, l4 };
}

/** The bytes of the packet that a JSON value describes; the error names the field. */
export function bytesOfJson(value: unknown): Result<Uint8Array, string> {
  try {
    return ok(encodePacket(packetOf(object(value, "packet"))));
  } catch (cause) {
    if (cause instanceof Fault || cause instanceof RangeError) return err(cause.message);
    throw cause;
  }
}

function packetOf(json: Json): Packet {
  const [dst, src] = [endOf(json, "dst"), endOf(json, "src")];
  const [path, currInf, currHf] = pathOf(object(field(json, "path"), "path"));
  const extensions = extensionsOf(json);
  const l4 = l4Of(json);
  const payload = bytesField(json, "payload", "payload");
  const payloadLength = payload.length;
  const packet = createPacket({
    ...decodePayload(l4, payload, 0, payloadLength),
    trafficClass: uint(json, "trafficClass", "", 0xff),
    flowId: uint(json, "flowId", "", 0xf_ffff),
    dstIa: dst.ia,
    srcIa: src.ia,
    dstHost: dst.host,
    srcHost: src.host,
    path,
    currInf,
    currHf,
    l4,
    payloadLength,
    extensions,
    irregular: null,
    wireLength: wireLengthOf(path, src.host, dst.host, l4, payloadLength, extensions),
  });
  packet.irregular = irregularOf(json, packet);
  return packet;
}

function endOf(json: Json, name: "dst" | "src"): { readonly ia: IA; readonly host: string } {
  const end = object(field(json, name), name);
  const [ia, host] = [text(end, "ia", name), text(end, "host", name)];
  iaParts(ia);
  hostBytes(host);
  return { ia, host };
}

function pathOf(json: Json): readonly [PacketPath | null, number, number] {
  switch (field(json, "type")) {
    case "empty":
      return [null, 0, 0];
    case "one-hop": {
      const info = infoOf(field(json, "info"), "path.info");
      const [first, second] = [hopOf(field(json, "first"), "path.first"), hopOf(field(json, "second"), "path.second")];
      return [{ kind: "one-hop", info, first, second }, 0, 0];
    }
    case "scion":
      return [scionOf(json), uint(json, "currInf", "path", 3), uint(json, "currHf", "path", 63)];
    case "epic": {
      const word = (name: string): number => uint(json, name, "path", 0xffff_ffff);
      const prefix = { timestamp: word("timestamp"), counter: word("counter"), phvf: word("phvf"), lhvf: word("lhvf") };
      const pointers = [uint(json, "currInf", "path", 3), uint(json, "currHf", "path", 63)] as const;
      return [{ kind: "epic", ...prefix, scion: scionOf(json) }, ...pointers];
    }
    default:
      throw new Fault("path.type", "one of empty, scion, one-hop, epic", field(json, "type"));
  }
}

function scionOf(json: Json): ScionPath {
  const lengths = listField(json, "segLens", "path").map((value, at) => number(value, `path.segLens[${at}]`, 63));
  if (lengths.length !== 3) throw new Fault("path.segLens", "three numbers", lengths);
  const infos = listField(json, "infos", "path").map((value, at) => infoOf(value, `path.infos[${at}]`));
  const hops = listField(json, "hops", "path").map((value, at) => hopOf(value, `path.hops[${at}]`));
  return { kind: "scion", segLens: lengths as [number, number, number], infos, hops };
}

function infoOf(value: unknown, at: string): InfoField {
  const json = object(value, at);
  return {
    consDir: flag(json, "consDir", at),
    peer: flag(json, "peer", at),
    segId: uint(json, "segId", at, 0xffff),
    timestamp: uint(json, "timestamp", at, 0xffff_ffff),
  };
}

function hopOf(value: unknown, at: string): HopField {
  const json = object(value, at);
  const mac = bytesField(json, "mac", `${at}.mac`);
  if (mac.length !== 6) throw new Fault(`${at}.mac`, "12 hex digits", field(json, "mac"));
  return {
    ingressAlert: flag(json, "ingressAlert", at),
    egressAlert: flag(json, "egressAlert", at),
    expTime: uint(json, "expTime", at, 0xff),
    consIngress: uint(json, "consIngress", at, 0xffff),
    consEgress: uint(json, "consEgress", at, 0xffff),
    mac: Number.parseInt(hexOf(mac), 16),
  };
}

function extensionsOf(json: Json): Packet["extensions"] {
  const found = new Map<string, Option[]>();
  listField(json, "extensions", "").forEach((value, at) => {
    const place = `extensions[${at}]`;
    const header = object(value, place);
    const type = text(header, "type", place);
    const known = type === "hop-by-hop" || type === "end-to-end";
    if (!known || found.has(type) || (type === "hop-by-hop" && found.size > 0)) {
      throw new Fault(`${place}.type`, "hop-by-hop, then end-to-end, each once at most", type);
    }
    const options = listField(header, "options", place).map((option, n) => optionOf(option, `${place}.options[${n}]`));
    found.set(type, options);
  });
  const extensions = { hopByHop: found.get("hop-by-hop") ?? null, endToEnd: found.get("end-to-end") ?? null };
  if (found.size === 0) return null;
  if (extensionsLength(extensions) % 4 !== 0) {
    throw new Fault("extensions", "options and padding that fill multiples of 4 bytes, header included", "others");
  }
  return extensions;
}

function optionOf(value: unknown, at: string): Option {
  const json = object(value, at);
  return { type: uint(json, "type", at, 0xff), data: bytesField(json, "data", `${at}.data`) };
}

const IF_ID = Number.MAX_SAFE_INTEGER;

function l4Of(json: Json): L4 {
  if (field(json, "l4") === null) return { kind: "other", protocol: uint(json, "protocol", "", 0xff) };
  const l4 = object(field(json, "l4"), "l4");
  const kind = text(l4, "kind", "l4");
  const u16 = (name: string): number => uint(l4, name, "l4", 0xffff);
  const ifId = (name: string): number => uint(l4, name, "l4", IF_ID);
  const ia = (): IA => (iaParts(text(l4, "ia", "l4")), text(l4, "ia", "l4"));
  switch (kind) {
    case "udp":
      return { kind, srcPort: u16("srcPort"), dstPort: u16("dstPort") };
    case "scmp.destination-unreachable":
      return { kind, code: uint(l4, "code", "l4", 0xff) };
    case "scmp.packet-too-big":
      return { kind, mtu: u16("mtu") };
    case "scmp.parameter-problem":
      return { kind, code: uint(l4, "code", "l4", 0xff), pointer: u16("pointer") };
    case "scmp.interface-down":
      return { kind, ia: ia(), ifId: ifId("ifId") };
    case "scmp.connectivity-down":
      return { kind, ia: ia(), ingress: ifId("ingress"), egress: ifId("egress") };
    case "scmp.echo":
      return { kind, reply: flag(l4, "reply", "l4"), identifier: u16("identifier"), sequence: u16("sequence") };
    case "scmp.traceroute": {
      const [identifier, sequence] = [u16("identifier"), u16("sequence")];
      return { kind, reply: flag(l4, "reply", "l4"), identifier, sequence, ia: ia(), ifId: ifId("ifId") };
    }
    case "scmp.other":
      return { kind, type: uint(l4, "type", "l4", 0xff), code: uint(l4, "code", "l4", 0xff) };
    case "bfd":
      return bfdOf(l4);
    default:
      throw new Fault("l4.kind", "udp, scmp.echo and the like, or bfd", kind);
  }
}

function bfdOf(l4: Json): L4 {
  const u32 = (name: string): number => uint(l4, name, "l4", 0xffff_ffff);
  return {
    kind: "bfd",
    diagnostic: uint(l4, "diagnostic", "l4", 31),
    state: uint(l4, "state", "l4", 3),
    poll: flag(l4, "poll", "l4"),
    final: flag(l4, "final", "l4"),
    controlPlaneIndependent: flag(l4, "controlPlaneIndependent", "l4"),
    authenticationPresent: flag(l4, "authenticationPresent", "l4"),
    demand: flag(l4, "demand", "l4"),
    multipoint: flag(l4, "multipoint", "l4"),
    detectMult: uint(l4, "detectMult", "l4", 0xff),
    myDiscriminator: u32("myDiscriminator"),
    yourDiscriminator: u32("yourDiscriminator"),
    desiredMinTx: u32("desiredMinTx"),
    requiredMinRx: u32("requiredMinRx"),
    requiredMinEchoRx: u32("requiredMinEchoRx"),
  };
}

/** Of a checksum that is given, only 0 (none was computed) and the other zero of one's complement count. */
function irregularOf(json: Json, packet: Packet): Irregularities | null {
  const reserved = optional(json, "reserved", "", []).map((value, at) => {
    const place = `reserved[${at}]`;
    const entry = object(value, place);
    const offset = uint(entry, "offset", place, packet.wireLength - 1);
    return { offset, bits: uint(entry, "bits", place, 0xff) };
  });
  const l4 = field(json, "l4") as Json | null;
  const given = l4 === null ? undefined : l4["checksum"];
  const checksum = given === 0 ? 0 : given === 0xffff && computedChecksum(packet, reserved) === 0 ? 0xffff : null;
  return reserved.length === 0 && checksum === null ? null : { reserved, checksum };
}

function computedChecksum(packet: Packet, reserved: Irregularities["reserved"]): number {
  const bytes = encodePacket({ ...packet, irregular: { reserved, checksum: null } });
  const l4Start = bytes.length - packet.payloadLength - l4HeaderLength(packet.l4);
  return get16(bytes, l4Start + checksumOffset(protocolOf(packet.l4)));
}
