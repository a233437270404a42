/** Writes pcapng (draft-ietf-opsawg-pcapng): one section, Ethernet interfaces, nanoseconds. Little endian, as tools on most machines write it. */

const BLOCK = { section: 0x0a0d_0d0a, interface: 1, enhancedPacket: 6 } as const;
const BYTE_ORDER_MAGIC = 0x1a2b_3c4d;
const OPTION = { end: 0, comment: 1, sectionApplication: 4, name: 2, description: 3, timeResolution: 9 } as const;
const LINKTYPE_ETHERNET = 1;
/** Timestamps count units of 10^-9 s. */
const NANOSECONDS = 9;

type BlockOption = readonly [code: number, value: Uint8Array];

function textOption(code: number, text: string): BlockOption {
  return [code, new TextEncoder().encode(text)];
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

/** A block: type, length, body, options, length again. */
function block(type: number, body: Uint8Array, options: readonly BlockOption[]): Uint8Array {
  const optionBytes = options.reduce((sum, [, value]) => sum + 4 + padded(value.length), options.length === 0 ? 0 : 4);
  const length = 12 + padded(body.length) + optionBytes;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  bytes.set(body, 8);
  let at = 8 + padded(body.length);
  for (const [code, value] of options) {
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  view.setUint32(length - 4, length, true);
  return bytes;
}

/** The block that begins a section; its length is left open. */
export function sectionHeader(application: string): Uint8Array {
  const body = new Uint8Array(16);
  const view = new DataView(body.buffer);
  view.setUint32(0, BYTE_ORDER_MAGIC, true);
  view.setUint16(4, 1, true);
  view.setBigInt64(8, -1n, true);
  return block(BLOCK.section, body, [textOption(OPTION.sectionApplication, application)]);
}

/** Interfaces are numbered from 0 in the order of these blocks. */
export function interfaceDescription(name: string, description: string): Uint8Array {
  const body = new Uint8Array(8);
  new DataView(body.buffer).setUint16(0, LINKTYPE_ETHERNET, true);
  return block(BLOCK.interface, body, [
    textOption(OPTION.name, name),
    textOption(OPTION.description, description),
    [OPTION.timeResolution, Uint8Array.of(NANOSECONDS)],
  ]);
}

/** A frame that crossed an interface `nanoseconds` after the Unix epoch. */
export function enhancedPacket(at: number, nanoseconds: bigint, frame: Uint8Array, comment: string): Uint8Array {
  const body = new Uint8Array(20 + frame.length);
  const view = new DataView(body.buffer);
  view.setUint32(0, at, true);
  view.setUint32(4, Number(nanoseconds >> 32n), true);
  view.setUint32(8, Number(nanoseconds & 0xffff_ffffn), true);
  view.setUint32(12, frame.length, true);
  view.setUint32(16, frame.length, true);
  body.set(frame, 20);
  return block(BLOCK.enhancedPacket, body, [textOption(OPTION.comment, comment)]);
}
