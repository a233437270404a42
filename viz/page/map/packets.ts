/** Packets on their way, on a canvas above the links: drawn anew with every frame, all of one colour in one go. */
import type { Frame } from "../../../core/exploration.ts";
import { currentTheme, flowColour, pathColour } from "../colours.ts";
import type { Lines, Spot } from "./lines.ts";
import type { View } from "./painter.ts";

export type Colouring = "flow" | "path";

/** A packet that is drawn, by its index in the frame. */
export interface DrawnPacket {
  readonly index: number;
  readonly flow: number;
  readonly path: number;
  readonly direction: number;
}

/** Colours told apart; the last bucket is for packets of no series. */
const BUCKETS = 10;
/** Up to here packets have shapes by series; more are squares. */
const MOST_SHAPED = 400;
const RADIUS = { shaped: 4, plain: 2.2 };
/** Outside of the canvas by so much: not drawn. */
const MARGIN = 6;

/** Corners of the shapes around 0, 0 with a radius near 1: x, y, x, y ... Series n has shape n, and so on from the beginning. */
const SHAPES: readonly (readonly number[])[] = [
  Array.from({ length: 24 }, (_, n) =>
    n % 2 === 0 ? Math.cos((n / 2) * (Math.PI / 6)) : Math.sin(((n - 1) / 2) * (Math.PI / 6)),
  ),
  [-0.9, -0.9, 0.9, -0.9, 0.9, 0.9, -0.9, 0.9],
  [0, -1.2, 1.15, 0.85, -1.15, 0.85],
  [0, -1.3, 1.3, 0, 0, 1.3, -1.3, 0],
  [0, 1.2, 1.15, -0.85, -1.15, -0.85],
];

function shapeOf(series: number): readonly number[] {
  return SHAPES[Math.max(series, 0) % SHAPES.length] as readonly number[];
}

/** `d` of the shape of a series, for legends. */
export function shapeText(series: number, radius: number): string {
  const corners = shapeOf(series);
  const points = corners.flatMap((x, n) => (n % 2 === 0 ? [`${x * radius} ${(corners[n + 1] ?? 0) * radius}`] : []));
  return `M${points.join("L")}Z`;
}

export class PacketLayer {
  readonly canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  #width = 0;
  #height = 0;
  #ratio = 1;
  /** Of the packets drawn last: how many, which, and where, in pixels. */
  #count = 0;
  #index = new Int32Array(0);
  #bucket = new Uint8Array(0);
  #x = new Float32Array(0);
  #y = new Float32Array(0);
  #drawn: Frame | null = null;

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    this.#context = canvas.getContext("2d");
  }

  resize(width: number, height: number): void {
    this.#ratio = Math.min(window.devicePixelRatio || 1, 3);
    this.#width = width;
    this.#height = height;
    this.canvas.width = Math.round(width * this.#ratio);
    this.canvas.height = Math.round(height * this.#ratio);
  }

  clear(): void {
    this.#count = 0;
    this.#drawn = null;
    this.#context?.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** `flow`: the others stand back; null: none does. */
  draw(frame: Frame, lines: Lines, view: View, colouring: Colouring, flow: number | null): void {
    const context = this.#context;
    if (context === null) return;
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    context.clearRect(0, 0, this.#width, this.#height);
    this.#place(frame, lines, view, colouring);
    const shaped = this.#count <= MOST_SHAPED;
    context.lineWidth = 1;
    context.strokeStyle = currentTheme().background;
    for (let bucket = 0; bucket <= BUCKETS; bucket++) this.#drawBucket(context, frame, bucket, shaped, colouring, flow);
    context.globalAlpha = 1;
  }

  #drawBucket(
    context: CanvasRenderingContext2D,
    frame: Frame,
    bucket: number,
    shaped: boolean,
    colouring: Colouring,
    flow: number | null,
  ): void {
    const series = colouring === "flow" ? frame.packetFlow : frame.packetPath;
    for (const faint of flow === null ? [false] : [true, false]) {
      let empty = true;
      for (let n = 0; n < this.#count; n++) {
        const index = this.#index[n] ?? 0;
        if (this.#bucket[n] !== bucket) continue;
        if (flow !== null && (frame.packetFlow[index] !== flow) !== faint) continue;
        if (empty) context.beginPath();
        empty = false;
        const [x, y] = [this.#x[n] ?? 0, this.#y[n] ?? 0];
        if (shaped) tracePolygon(context, shapeOf(series[index] ?? 0), x, y, RADIUS.shaped);
        else context.rect(x - RADIUS.plain, y - RADIUS.plain, 2 * RADIUS.plain, 2 * RADIUS.plain);
      }
      if (empty) continue;
      context.globalAlpha = faint ? 0.25 : 1;
      const colour = bucket === BUCKETS ? -1 : bucket;
      context.fillStyle = colouring === "flow" ? flowColour(colour) : pathColour(colour);
      if (shaped) context.stroke();
      context.fill();
    }
  }

  /** Finds the places on the canvas of those in sight. */
  #place(frame: Frame, lines: Lines, { k, x, y }: View, colouring: Colouring): void {
    const total = frame.packetDirection.length;
    if (this.#index.length < total) {
      this.#index = new Int32Array(total);
      this.#bucket = new Uint8Array(total);
      this.#x = new Float32Array(total);
      this.#y = new Float32Array(total);
    }
    const series = colouring === "flow" ? frame.packetFlow : frame.packetPath;
    const { starts, x: lineX, y: lineY } = lines;
    let count = 0;
    for (let n = 0; n < total; n++) {
      const direction = frame.packetDirection[n] ?? 0;
      const first = starts[direction] ?? 0;
      const pieces = (starts[direction + 1] ?? 0) - first - 1;
      if (pieces < 1) continue;
      const along = (frame.packetPlace[n] ?? 0) * pieces;
      const piece = Math.max(0, Math.min(Math.floor(along), pieces - 1));
      const rest = along - piece;
      const at = first + piece;
      const [fromX, fromY] = [lineX[at] ?? 0, lineY[at] ?? 0];
      const left = (fromX + rest * ((lineX[at + 1] ?? 0) - fromX)) * k + x;
      const top = (fromY + rest * ((lineY[at + 1] ?? 0) - fromY)) * k + y;
      if (left < -MARGIN || top < -MARGIN || left > this.#width + MARGIN || top > this.#height + MARGIN) continue;
      const of = series[n] ?? -1;
      this.#index[count] = n;
      this.#bucket[count] = of < 0 ? BUCKETS : of % BUCKETS;
      this.#x[count] = left;
      this.#y[count] = top;
      count++;
    }
    this.#count = count;
    this.#drawn = frame;
  }

  /** The packet nearest to a place on the canvas, as they were drawn last. */
  at({ x, y }: Spot, reach: number): DrawnPacket | null {
    const frame = this.#drawn;
    let [best, bound] = [-1, reach * reach];
    for (let n = 0; n < this.#count; n++) {
      const [dx, dy] = [(this.#x[n] ?? 0) - x, (this.#y[n] ?? 0) - y];
      const distance = dx * dx + dy * dy;
      if (distance <= bound) [best, bound] = [this.#index[n] ?? 0, distance];
    }
    if (frame === null || best < 0) return null;
    return {
      index: best,
      flow: frame.packetFlow[best] ?? -1,
      path: frame.packetPath[best] ?? -1,
      direction: frame.packetDirection[best] ?? 0,
    };
  }
}

function tracePolygon(
  context: CanvasRenderingContext2D,
  corners: readonly number[],
  x: number,
  y: number,
  radius: number,
): void {
  context.moveTo(x + (corners[0] ?? 0) * radius, y + (corners[1] ?? 0) * radius);
  for (let n = 2; n < corners.length; n += 2)
    context.lineTo(x + (corners[n] ?? 0) * radius, y + (corners[n + 1] ?? 0) * radius);
  context.closePath();
}
