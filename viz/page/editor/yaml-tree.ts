/**
 * The structure of YAML while it is being written: mappings, lists and scalars with their places in the text. What is unfinished or wrong is passed
 * over, never refused. It reads the YAML that scenarios are written in: block and flow collections, quoted and plain scalars of one line, comments, block
 * scalars; aliases stand for themselves, anchors and tags are passed over. Whether a file is right is said by `topologies`, which reads it wholly.
 */

export interface YamlScalar {
  readonly kind: "scalar";
  /** Without quotes. */
  readonly text: string;
  /** Quotes included. */
  readonly from: number;
  readonly to: number;
  /** It stands on a line of its own, below its key: a key that is being written looks like this. */
  readonly alone: boolean;
}

export interface YamlEntry {
  readonly key: YamlScalar;
  /** null: nothing, or nothing yet. */
  readonly value: YamlNode | null;
  /** Has it got its colon? */
  readonly closed: boolean;
}

export interface YamlMap {
  readonly kind: "map";
  readonly entries: readonly YamlEntry[];
  readonly flow: boolean;
  /** Of its keys; of flow mappings, of the line that the mapping begins in. */
  readonly column: number;
}

export interface YamlList {
  readonly kind: "list";
  readonly items: readonly (YamlNode | null)[];
  readonly flow: boolean;
  readonly column: number;
  /** Text where an item should begin with `-`. */
  readonly stray: YamlScalar | null;
}

export type YamlNode = YamlScalar | YamlMap | YamlList;

/** Deeper ones are passed over. */
const MAX_DEPTH = 64;

export function readYaml(text: string): YamlNode | null {
  return new Reader(text).block(0, 0);
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The node that begins at the next line with content, if that is not left of `least`. A list may stand at `least - 1`, below its key. */
  block(least: number, depth: number): YamlNode | null {
    this.#skipEmpty();
    if (this.#over || depth > MAX_DEPTH) return null;
    const column = this.#column();
    if (column >= least || (column === least - 1 && this.#atDash())) return this.#node(column, least, true, depth);
    return null;
  }

  get #over(): boolean {
    return this.#at >= this.#text.length;
  }

  #column(): number {
    return this.#at - this.#lineStart();
  }

  #lineStart(): number {
    return this.#text.lastIndexOf("\n", this.#at - 1) + 1;
  }

  #lineEnd(): number {
    const end = this.#text.indexOf("\n", this.#at);
    return end < 0 ? this.#text.length : end;
  }

  /** To the next character that is neither space nor comment, over lines. */
  #skipEmpty(): void {
    for (;;) {
      this.#skipSpaces();
      if (this.#over) return;
      const next = this.#text[this.#at];
      if (next === "#" && this.#atWordStart()) this.#at = this.#lineEnd();
      else if (next === "\n") this.#at++;
      else if (this.#column() === 0 && /^(---|\.\.\.)\s*$/.test(this.#text.slice(this.#at, this.#lineEnd()))) {
        this.#at = this.#lineEnd();
      } else return;
    }
  }

  #skipSpaces(): void {
    while (this.#text[this.#at] === " " || this.#text[this.#at] === "\t" || this.#text[this.#at] === "\r") this.#at++;
  }

  /** Anchors and tags. */
  #skipProperties(): void {
    this.#skipSpaces();
    const found = /^([&!][^\s,[\]{}]*(\s|$))+/.exec(this.#text.slice(this.#at, this.#lineEnd()));
    this.#at += found?.[0].length ?? 0;
    this.#skipSpaces();
  }

  #atWordStart(): boolean {
    return this.#at === 0 || /\s/.test(this.#text[this.#at - 1] as string);
  }

  #atDash(): boolean {
    return this.#text[this.#at] === "-" && /^(\s|$)/.test(this.#text.slice(this.#at + 1, this.#at + 2));
  }

  /** What begins here, on a line of its own or behind a dash (`opens`) or behind a key. */
  #node(column: number, least: number, opens: boolean, depth: number): YamlNode {
    if (depth > MAX_DEPTH) return this.#plain(false);
    if (opens && this.#atDash()) return this.#list(column, depth);
    if (opens && this.#keyEnd() !== null) return this.#map(column, depth);
    return this.#inline(column, least, opens, depth);
  }

  #inline(column: number, least: number, alone: boolean, depth: number): YamlNode {
    const next = this.#text[this.#at];
    if (next === "{") return this.#flowMap(column, least, depth);
    if (next === "[") return this.#flowList(column, least, depth);
    if (next === "|" || next === ">") return this.#blockScalar(least);
    return this.#plain(alone);
  }

  /** The end of the key that begins here; null: what begins here is none. */
  #keyEnd(): number | null {
    const rest = this.#text.slice(this.#at, this.#lineEnd());
    const found = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'{}[\]#&*!|>%@`,-][^#]*?|-[^\s#][^#]*?)\s*:(?=\s|$)/.exec(
      rest,
    );
    return found === null ? null : this.#at + (found[1] as string).length;
  }

  #map(column: number, depth: number): YamlMap {
    const entries: YamlEntry[] = [];
    while (!this.#over && this.#column() === column && !this.#atDash()) {
      entries.push(this.#entry(column, depth));
      this.#toColumn(column);
    }
    return { kind: "map", entries, flow: false, column };
  }

  #entry(column: number, depth: number): YamlEntry {
    const end = this.#keyEnd();
    if (end === null) return { key: this.#plain(false), value: null, closed: false };
    const key = this.#scalar(this.#at, end, false);
    this.#at = this.#text.indexOf(":", end) + 1;
    this.#skipProperties();
    const isEmpty = this.#at >= this.#lineEnd() || (this.#text[this.#at] === "#" && this.#atWordStart());
    const value = isEmpty ? this.block(column + 1, depth + 1) : this.#node(column, column + 1, false, depth + 1);
    return { key, value, closed: true };
  }

  #list(column: number, depth: number): YamlList {
    const items: (YamlNode | null)[] = [];
    let stray: YamlScalar | null = null;
    while (!this.#over && this.#column() === column) {
      if (this.#atDash()) items.push(this.#item(column, depth));
      else if (this.#keyEnd() === null) stray = this.#plain(true);
      else break;
      this.#toColumn(column);
    }
    return { kind: "list", items, flow: false, column, stray };
  }

  #item(column: number, depth: number): YamlNode | null {
    this.#at++;
    this.#skipProperties();
    const isEmpty = this.#at >= this.#lineEnd() || (this.#text[this.#at] === "#" && this.#atWordStart());
    return isEmpty ? this.block(column + 1, depth + 1) : this.#node(this.#column(), column + 1, true, depth + 1);
  }

  /** Past whatever lies deeper than `column` and was not understood. */
  #toColumn(column: number): void {
    for (;;) {
      this.#skipEmpty();
      const isRest = this.#text.slice(this.#lineStart(), this.#at).trim() !== "";
      if (this.#over || (!isRest && this.#column() <= column)) return;
      this.#at = this.#lineEnd();
    }
  }

  /** A quoted or plain scalar of one line. In flow collections `stop` ends it. */
  #plain(alone: boolean, stop: RegExp | null = null): YamlScalar {
    const from = this.#at;
    const rest = this.#text.slice(from, this.#lineEnd());
    const quoted = /^("(?:[^"\\]|\\.)*"?|'(?:[^']|'')*'?)/.exec(rest)?.[0];
    const plain = quoted ?? rest.slice(0, rest.search(stop === null ? /\s+#|\s*$/ : stop)).trimEnd();
    this.#at = from + plain.length;
    return this.#scalar(from, this.#at, alone);
  }

  #scalar(from: number, to: number, alone: boolean): YamlScalar {
    const text = this.#text.slice(from, to);
    const bare = text.startsWith('"')
      ? text.replaceAll(/^"|"$/g, "")
      : text.startsWith("'")
        ? text.replaceAll(/^'|'$/g, "")
        : text;
    return { kind: "scalar", text: bare, from, to, alone };
  }

  #blockScalar(least: number): YamlScalar {
    const from = this.#at;
    this.#at = this.#lineEnd();
    let end = this.#at;
    while (!this.#over) {
      const line = /^\n([ \t]*)([^\n]*)/.exec(this.#text.slice(this.#at, this.#at + 10_000));
      if (line === null || ((line[2] as string).trim() !== "" && (line[1] as string).length < least)) break;
      this.#at += line[0].length;
      if ((line[2] as string).trim() !== "") end = this.#at;
    }
    return { kind: "scalar", text: this.#text.slice(from, end), from, to: end, alone: false };
  }

  /** Is there more within the brackets? A line that begins left of `least` ends what was never closed. */
  #flowGoesOn(least: number): boolean {
    const line = this.#lineStart();
    this.#skipEmpty();
    if (this.#over) return false;
    return this.#lineStart() === line || this.#column() >= least || /[\]},]/.test(this.#text[this.#at] as string);
  }

  #flowMap(column: number, least: number, depth: number): YamlMap {
    const entries: YamlEntry[] = [];
    this.#at++;
    while (this.#flowGoesOn(least)) {
      const next = this.#text[this.#at] as string;
      if (next === "}" || next === "]") {
        this.#at++;
        break;
      }
      if (next === ",") this.#at++;
      else entries.push(this.#flowEntry(column, least, depth));
    }
    return { kind: "map", entries, flow: true, column };
  }

  #flowEntry(column: number, least: number, depth: number): YamlEntry {
    const key = this.#plain(false, /\s*:(\s|$|[,{}[\]])|\s*[,{}[\]]|\s+#|\s*$/);
    if (key.from === key.to) this.#at++;
    this.#skipSpaces();
    if (this.#text[this.#at] !== ":") return { key, value: null, closed: false };
    this.#at++;
    return { key, value: this.#flowValue(column, least, depth), closed: true };
  }

  #flowValue(column: number, least: number, depth: number): YamlNode | null {
    if (!this.#flowGoesOn(least) || /[,}\]]/.test(this.#text[this.#at] as string) || depth > MAX_DEPTH) return null;
    const next = this.#text[this.#at];
    if (next === "{") return this.#flowMap(column, least, depth + 1);
    if (next === "[") return this.#flowList(column, least, depth + 1);
    return this.#plain(false, /\s*[,{}[\]]|\s+#|\s*$/);
  }

  #flowList(column: number, least: number, depth: number): YamlList {
    const items: (YamlNode | null)[] = [];
    this.#at++;
    while (this.#flowGoesOn(least)) {
      const next = this.#text[this.#at] as string;
      if (next === "}" || next === "]") {
        this.#at++;
        break;
      }
      if (next === ",") {
        this.#at++;
        continue;
      }
      const began = this.#at;
      items.push(this.#flowValue(column, least, depth));
      if (this.#at === began) this.#at++;
    }
    return { kind: "list", items, flow: true, column, stray: null };
  }
}
