/** The original library's bytes, for tests: a session recorded from it, and packets of its own test suite. */
import type { PacketHeader } from "./envelope.ts";
import { readHeader } from "./envelope.ts";

export const A = "0x000102030405060708090a0b0c0d0e0f";
export const B = "0xf0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";

export const SECRET_A = textBytes("s3kr1t");
export const SECRET_B = textBytes("t1rk3s");

/** Halves that the two ends of the session drew. */
export const SESSION_HALVES = { initiator: 0x46e7, responder: 0x3e08 } as const;

/** Packets of 120 bytes between A and B, secrets as above, recorded from the original; `empty` is its bug with large writes. */
export const SESSION = {
  new: "0c229d94000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfefff0f0f0f000000078000000070a46e7edaebf5a3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d743c1b7f",
  acknowledge:
    "0c229d94f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0ff0f0f0f0000000780000000d0b3e0846e7edaebf5aa55da6073737373737373737373737373737373737373737373737373737373737373737373737373737373737373737373737373737373737373790073ae3",
  finalize:
    "0c229d94000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfefff0f0f0f0000000780000000b0c3e0846e7a55da607000039393939393939393939393939393939393939393939393939393939393939393939393939393939393939393939393939393939393939393987fe520f",
  empty:
    "0c229d94000102030405060708090a0b0c0d0e0ff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff3e0846e700000078000000004444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444444ea37e8e0",
} as const;

const PUBLISHED_PEERS = "deadd00d000000000000000000000000000a11c300000000000000000000000000000b0b";

/** Packets of the original's test suite (test/packets.cpp of Channeler, Interpeer), whose protocol id is made up. */
export const PUBLISHED = {
  packet_default_channel_trailing_bytes: `${PUBLISHED_PEERS}f0f0f0f0a00a003401fa000032bff502deadbeef`,
  packet_default_channel: `${PUBLISHED_PEERS}f0f0f0f0a00a003401fa000032bff502`,
  packet_partial_channelid_initiator: `${PUBLISHED_PEERS}d00df0f0a00a003401fa00001ffea78b`,
  packet_partial_channelid_responder: `${PUBLISHED_PEERS}f0f0d00da00a003401fa0000560c4120`,
  packet_regular_channelid: `${PUBLISHED_PEERS}deadd00da00a003401fa00000e774000`,
  packet_with_messages: `${PUBLISHED_PEERS}deadd00da00a004e01fa001a1406beefb4be00000abeefbeefb4be0dbeefb4be0000beefb4be02dd6de1`,
} as const;

export function bytesOf(hexText: string): Uint8Array {
  return Uint8Array.from({ length: hexText.length / 2 }, (_, i) =>
    Number.parseInt(hexText.slice(2 * i, 2 * i + 2), 16),
  );
}

export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function textBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The header of bytes that have one. */
export function header(bytes: Uint8Array): PacketHeader {
  const read = readHeader(bytes);
  if (!read.ok) throw new Error(read.error.reason);
  return read.value;
}
