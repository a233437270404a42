/** Screenshots as small files: a picture of a page has few colours, and 256 of them are enough for the eye. */
import { crc32, deflateSync, inflateSync } from "node:zlib";

/** Eight bits a channel, rows from the top; `channels` is 3 (RGB) or 4 (RGBA). */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly bytes: Uint8Array;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MOST_COLOURS = 256;
/** Colours that differ in the last three bits of a channel only are one. */
const COARSE = 0xf8f8f8;

/** The same picture with a palette. @throws where it is no PNG as browsers write them: eight bits, not interlaced, RGB or RGBA */
export function shrinkPng(file: Uint8Array): Uint8Array {
  const { width, height, channels, bytes } = decode(Buffer.from(file));
  const colours = Array.from({ length: width * height }, (_, n) => colourAt(bytes, n * channels));
  const { palette, indexOf } = chooseColours(colours);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = indexOf(colours[y * width + x] ?? 0);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const triples = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", triples),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function colourAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}

interface Chosen {
  readonly palette: readonly number[];
  indexOf(colour: number): number;
}

/** The most frequent colour of each coarse one, the most frequent of these; every other colour becomes the nearest of them. */
function chooseColours(colours: readonly number[]): Chosen {
  const counts = new Map<number, number>();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const groups = new Map<number, { colour: number; count: number; most: number }>();
  for (const [colour, count] of counts) {
    const group = groups.get(colour & COARSE) ?? { colour, count: 0, most: 0 };
    const best = count > group.most;
    groups.set(colour & COARSE, {
      colour: best ? colour : group.colour,
      count: group.count + count,
      most: best ? count : group.most,
    });
  }
  const palette = [...groups.values()]
    .sort((a, b) => b.count - a.count || a.colour - b.colour)
    .slice(0, MOST_COLOURS)
    .map(({ colour }) => colour);
  const known = new Map(palette.map((colour, index) => [colour, index]));
  const indexOf = (colour: number): number => {
    const index = known.get(colour) ?? nearest(palette, colour);
    known.set(colour, index);
    return index;
  };
  return { palette, indexOf };
}

function nearest(palette: readonly number[], colour: number): number {
  const distance = (other: number): number => {
    const [red, green, blue] = [16, 8, 0].map((bits) => ((colour >> bits) & 255) - ((other >> bits) & 255));
    return (red ?? 0) ** 2 + (green ?? 0) ** 2 + (blue ?? 0) ** 2;
  };
  let best = 0;
  for (let index = 1; index < palette.length; index++)
    if (distance(palette[index] ?? 0) < distance(palette[best] ?? 0)) best = index;
  return best;
}

function chunk(name: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}

function decode(file: Buffer): Pixels {
  if (!file.subarray(0, 8).equals(SIGNATURE)) throw new Error("no PNG");
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  const [depth, type, , , interlaced] = file.subarray(24, 29);
  const channels = type === 6 ? 4 : 3;
  if (depth !== 8 || (type !== 2 && type !== 6) || interlaced !== 0) throw new Error("a PNG of another kind");
  const parts: Buffer[] = [];
  for (let at = 8; at + 8 <= file.length; at += 12 + file.readUInt32BE(at))
    if (file.toString("latin1", at + 4, at + 8) === "IDAT")
      parts.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  return { width, height, channels, bytes: unfilter(inflateSync(Buffer.concat(parts)), width * channels, channels) };
}

/** Section 9 of the PNG specification: each row says how its bytes follow from those to the left and above. */
function unfilter(data: Uint8Array, stride: number, channels: number): Uint8Array {
  const rows = data.length / (stride + 1);
  const out = new Uint8Array(rows * stride);
  for (let y = 0; y < rows; y++) {
    const filter = data[y * (stride + 1)] ?? 0;
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x < channels ? 0 : (out[at - channels] ?? 0);
      const up = y === 0 ? 0 : (out[at - stride] ?? 0);
      const corner = x < channels || y === 0 ? 0 : (out[at - stride - channels] ?? 0);
      out[at] = (data[y * (stride + 1) + 1 + x] ?? 0) + predicted(filter, left, up, corner);
    }
  }
  return out;
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}
