/**
 * The text of one place's record as it is known so far, and readers that go through it. Text is kept as it came and read line by
 * line where a reader stands: a record may have hundreds of megabytes, and may still grow.
 *
 * How far a growing record can be trusted: a delivery's outputs stand behind it, so a delivery is whole once another one, a note, a mark or the end
 * stands behind it (`isWhole`). And nothing that is still to come is earlier than `known`: the time of the last delivery (they are
 * in order), or that of a mark (`["k", now]`), which a live run writes whenever it writes down what it has.
 */
import type { RecordEnd, RecordEntry, RecordHeader } from "../../actors/record.ts";
import type { Bytes, Nanos } from "../../core/units.ts";
import { countProblem, parseEntry, parseHeader, type RecordLine } from "../record-lines.ts";
import type { Reading } from "../replay-world.ts";

/** A line: which piece of the text, where in it, and how many lines and entries stand before it. Plain data. */
interface Position {
  piece: number;
  at: number;
  line: number;
  entries: number;
}

/** The record cannot be read from here on. */
export class DamagedRecord extends Error {}

/** Kinds of line that stand within the delivery before them. */
const WITHIN = new Set(['["o"', '["r"', '["l"']);
const KIND_LENGTH = 4;

export class RecordText {
  readonly place: string;
  /** Whole lines each. */
  readonly pieces: string[] = [];
  header: RecordHeader | null = null;
  bytes: Bytes = 0;
  /** What comes later is not earlier. */
  known: Nanos = 0;
  /** No more comes. */
  over = false;
  /** Why its first line is no header. */
  damage: string | null = null;
  /** Deliveries that begin before this place are whole. */
  #wholePiece = 0;
  #wholeAt = 0;
  #rest = "";

  constructor(place: string) {
    this.place = place;
  }

  /** More of the text, cut anywhere. */
  append(text: string): void {
    const whole = text.lastIndexOf("\n") + 1;
    if (whole === 0) {
      this.#rest += text;
      return;
    }
    const piece = this.#rest + text.slice(0, whole);
    this.#rest = text.slice(whole);
    this.bytes += piece.length;
    this.pieces.push(piece);
    if (this.pieces.length === 1) this.#readHeader(piece);
    this.#lookBack(piece);
  }

  /** No more comes; a last line without its end was being written when the run was killed. */
  end(): void {
    if (this.over) return;
    this.over = true;
    this.known = Number.POSITIVE_INFINITY;
    if (parseEntry(this.#rest).ok) this.pieces.push(`${this.#rest}\n`);
    this.#rest = "";
  }

  isWhole({ piece, at }: Position): boolean {
    return this.over || piece < this.#wholePiece || (piece === this.#wholePiece && at < this.#wholeAt);
  }

  /** Is there anything behind the outputs of the actors' start? */
  get hasBegun(): boolean {
    return this.#wholePiece > 0 || this.#wholeAt > 0;
  }

  /** Where the first line behind the header stands. */
  get beginning(): Position {
    return { piece: 0, at: (this.pieces[0] ?? "").indexOf("\n") + 1, line: 2, entries: 0 };
  }

  #readHeader(piece: string): void {
    const header = parseHeader(piece.slice(0, piece.indexOf("\n")));
    if (!header.ok) this.damage = `line 1: ${header.error}`;
    else if (header.value.place !== this.place)
      this.damage = `line 1: this is the record of ${String(header.value.place)}, not of ${this.place}`;
    else this.header = header.value;
    this.known = this.damage === null ? (this.header?.start ?? 0) : Number.POSITIVE_INFINITY;
  }

  /** Finds the last line that does not belong to the delivery before it. */
  #lookBack(piece: string): void {
    const first = this.pieces.length === 1 ? piece.indexOf("\n") + 1 : 0;
    for (let end = piece.length; end > first; ) {
      const start = Math.max(first, piece.lastIndexOf("\n", end - 2) + 1);
      if (!WITHIN.has(piece.slice(start, start + KIND_LENGTH))) {
        this.#trust(piece, start, end);
        return;
      }
      end = start;
    }
  }

  #trust(piece: string, start: number, end: number): void {
    const line = parseEntry(piece.slice(start, end - 1));
    const delivers = line.ok && ["i", "p", "f"].includes(line.value[0]);
    this.#wholePiece = this.pieces.length - 1;
    this.#wholeAt = delivers ? start : end;
    if (!line.ok || line.value[0] === "stop" || line.value[0] === "end") this.known = Number.POSITIVE_INFINITY;
    else if (typeof line.value[1] === "number") this.known = Math.max(this.known, line.value[1]);
  }
}

/** What a reader stands before. */
export type Head =
  | { readonly kind: "delivery"; readonly time: Nanos }
  /** More may come; nothing before `known`. */
  | { readonly kind: "waits"; readonly known: Nanos }
  | { readonly kind: "end"; readonly end: RecordEnd }
  /** The record stops before the run did. */
  | { readonly kind: "stop" };

/** A position that moves through a place's record. Several may read the same text. */
export class RecordReader implements Reading {
  readonly #text: RecordText;
  readonly #position: Position;
  /** The line at the position, once it has been read; undefined: not yet, or there is none. */
  #line: RecordLine | undefined;
  #lineEnd = 0;
  #last: Nanos;

  /** `from`: what `save` gave; left out: the beginning. */
  constructor(text: RecordText, from?: SavedPosition) {
    this.#text = text;
    const { last, ...position } = from ?? { ...text.beginning, last: 0 };
    this.#position = position;
    this.#last = last;
  }

  save(): SavedPosition {
    return { ...this.#position, last: this.#last };
  }

  get stops(): boolean {
    return this.#read()?.[0] !== "end";
  }

  head(): Head {
    const { known } = this.#text;
    if (!this.#text.isWhole(this.#position)) return { kind: "waits", known };
    const line = this.#skip();
    if (line === undefined) return this.#text.over ? { kind: "stop" } : { kind: "waits", known };
    if (line[0] === "end") return this.#ended(line);
    if (line[0] === "stop") return { kind: "stop" };
    if (!this.#text.isWhole(this.#position)) return { kind: "waits", known };
    // What does not begin with a delivery is said by whoever handles it.
    const time = line[0] === "i" || line[0] === "p" || line[0] === "f" ? line[1] : this.#last;
    if (!(time >= this.#last) || time > Number.MAX_SAFE_INTEGER)
      throw this.#damaged(`time goes from ${this.#last} to ${time} ns; the line is damaged`);
    this.#last = time;
    return { kind: "delivery", time };
  }

  peek(): RecordEntry | undefined {
    let line = this.#read();
    while (line !== undefined && line[0] === "k") {
      this.take();
      line = this.#read();
    }
    return line === undefined || line[0] === "end" || line[0] === "stop" ? undefined : line;
  }

  take(): void {
    if (this.#read() === undefined) return;
    if (this.#line?.[0] !== "k") this.#position.entries++;
    this.#goTo(this.#lineEnd);
  }

  takeIf(text: string): boolean {
    const { piece, at } = this.#position;
    const source = this.#text.pieces[piece];
    if (source === undefined) return false;
    if (at >= source.length) {
      if (piece + 1 >= this.#text.pieces.length) return false;
      this.#nextPiece();
      return this.takeIf(text);
    }
    if (!source.startsWith(text, at) || source.charCodeAt(at + text.length) !== LINE_BREAK) return false;
    this.#position.entries++;
    this.#goTo(at + text.length + 1);
    return true;
  }

  #ended(end: RecordEnd): Head {
    const problem = countProblem(this.#position.entries, end);
    if (problem !== null) throw this.#damaged(problem);
    return { kind: "end", end };
  }

  /** Goes on behind marks and notes. */
  #skip(): RecordLine | undefined {
    let line = this.#read();
    while (line !== undefined && (line[0] === "k" || line[0] === "x")) {
      this.take();
      line = this.#read();
    }
    return line;
  }

  /** The line at the position; undefined where there is none, or none yet. */
  #read(): RecordLine | undefined {
    if (this.#line !== undefined) return this.#line;
    const { pieces } = this.#text;
    while (this.#position.at >= (pieces[this.#position.piece] ?? "").length) {
      if (this.#position.piece + 1 >= pieces.length) return undefined;
      this.#nextPiece();
    }
    const source = pieces[this.#position.piece] as string;
    const end = source.indexOf("\n", this.#position.at);
    const line = parseEntry(source.slice(this.#position.at, end));
    if (!line.ok) throw this.#damaged(line.error);
    this.#line = line.value;
    this.#lineEnd = end + 1;
    return line.value;
  }

  #goTo(at: number): void {
    this.#position.at = at;
    this.#position.line++;
    this.#line = undefined;
  }

  #nextPiece(): void {
    this.#position.piece++;
    this.#position.at = 0;
  }

  #damaged(what: string): DamagedRecord {
    return new DamagedRecord(`the record of ${this.#text.place}, line ${this.#position.line}: ${what}`);
  }
}

const LINE_BREAK = 10;

/** Where a reader stands, as plain data. */
export type SavedPosition = Position & { readonly last: Nanos };
