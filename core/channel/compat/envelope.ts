/**
 * The envelope of a packet, big endian: public header of 44 bytes, private header of 4, payload, padding, checksum of 4.
 *
 *    0 proto      4 sender    20 recipient   36 channel   40 flags   42 packet size
 *   44 sequence  46 payload size             48 payload   padding    size - 4 CRC32C of all before it
 */
import { err, ok, type Result } from "../../result.ts";
import { get16, get32, put16, put32 } from "../../wire/bytes.ts";
import type { ChannelId } from "./channel-id.ts";
import { crc32c } from "./crc.ts";
import type { ChannelerError } from "./errors.ts";
import { type PeerId, peerIdAt, putPeerId } from "./peer-id.ts";

/** First four bytes of SHA-512 of "Testing v0.1". */
export const PROTOCOL_ID = 0x0c22_9d94;

export const FLAG = { ENCRYPTED: 1, SPIN_BIT: 2 } as const;

const [SENDER, RECIPIENT, CHANNEL, FLAGS, PACKET_SIZE, SEQUENCE, PAYLOAD_SIZE] = [4, 20, 36, 40, 42, 44, 46] as const;

/** Where the payload begins. */
export const PAYLOAD_OFFSET = 48;
const FOOTER_BYTES = 4;
/** A packet without payload. */
export const ENVELOPE_BYTES = PAYLOAD_OFFSET + FOOTER_BYTES;
export const MAX_PACKET_BYTES = 0xffff;

export interface PacketHeader {
  readonly proto: number;
  readonly sender: PeerId;
  readonly recipient: PeerId;
  readonly channel: ChannelId;
  /** Bits of `FLAG`; the others are carried. */
  readonly flags: number;
  /** Whole packet, bytes. */
  readonly packetSize: number;
  /** 16 bits; the original never counts, it is 0. */
  readonly sequence: number;
  readonly payloadSize: number;
}

/** Why bytes are no packet. */
export interface EnvelopeError {
  readonly error: ChannelerError;
  readonly reason: string;
}

/**
 * Reads the header of the packet at the beginning of `bytes`; what follows `packetSize` is not the packet's. Errors: too short, sizes
 * that contradict each other. Protocol id and checksum are not looked at.
 */
export function readHeader(bytes: Uint8Array): Result<PacketHeader, EnvelopeError> {
  if (bytes.length < ENVELOPE_BYTES)
    return insufficient(`${bytes.length} bytes, but an envelope alone has ${ENVELOPE_BYTES}`);
  const packetSize = get16(bytes, PACKET_SIZE);
  const payloadSize = get16(bytes, PAYLOAD_SIZE);
  if (packetSize > bytes.length) return insufficient(`${packetSize} bytes announced, ${bytes.length} there`);
  if (packetSize < ENVELOPE_BYTES) return undecodable(`a packet of ${packetSize} bytes has no room for its envelope`);
  if (payloadSize > packetSize - ENVELOPE_BYTES)
    return undecodable(`${payloadSize} bytes of payload in a packet of ${packetSize}`);
  return ok({
    proto: get32(bytes, 0),
    sender: peerIdAt(bytes, SENDER),
    recipient: peerIdAt(bytes, RECIPIENT),
    channel: get32(bytes, CHANNEL),
    flags: get16(bytes, FLAGS),
    packetSize,
    sequence: get16(bytes, SEQUENCE),
    payloadSize,
  });
}

export function hasValidProtocol({ proto }: PacketHeader): boolean {
  return proto === PROTOCOL_ID;
}

/** `packetSize` is the header's: the footer stands at the packet's end, wherever the buffer's is. */
export function hasValidChecksum(bytes: Uint8Array, packetSize: number): boolean {
  return get32(bytes, packetSize - FOOTER_BYTES) === crc32c(bytes, 0, packetSize - FOOTER_BYTES);
}

/** Header, payload and padding, the checksum still zero. Throws on sizes that contradict each other: only a bug makes them. */
export function buildPacket(header: PacketHeader, payload: Uint8Array): Uint8Array {
  const { packetSize, payloadSize } = header;
  if (payload.length !== payloadSize || payloadSize > packetSize - ENVELOPE_BYTES || packetSize > MAX_PACKET_BYTES)
    throw new RangeError(`${payload.length} bytes of payload (${payloadSize} announced) in a packet of ${packetSize}`);
  const bytes = new Uint8Array(packetSize);
  put32(bytes, 0, header.proto);
  putPeerId(bytes, SENDER, header.sender);
  putPeerId(bytes, RECIPIENT, header.recipient);
  put32(bytes, CHANNEL, header.channel);
  put16(bytes, FLAGS, header.flags);
  put16(bytes, PACKET_SIZE, packetSize);
  put16(bytes, SEQUENCE, header.sequence);
  put16(bytes, PAYLOAD_SIZE, payloadSize);
  bytes.set(payload, PAYLOAD_OFFSET);
  const padding = packetSize - ENVELOPE_BYTES - payloadSize;
  bytes.fill(padding % 255, PAYLOAD_OFFSET + payloadSize, packetSize - FOOTER_BYTES);
  return bytes;
}

/** Writes the checksum of a packet that fills `bytes`. */
export function putChecksum(bytes: Uint8Array): void {
  const footer = bytes.length - FOOTER_BYTES;
  put32(bytes, footer, crc32c(bytes, 0, footer));
}

function insufficient(reason: string): Result<never, EnvelopeError> {
  return err({ error: "ERR_INSUFFICIENT_BUFFER_SIZE", reason });
}

function undecodable(reason: string): Result<never, EnvelopeError> {
  return err({ error: "ERR_DECODE", reason });
}
