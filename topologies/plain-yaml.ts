/**
 * Reads the narrow form of YAML that `networkToYaml` writes, twenty times as fast as a whole YAML parser: top-level keys with a
 * scalar, or with one entry a line, `  KEY: { ... }` or `  - { ... }`, which may hold mappings and lists; scalars are plain words,
 * plain decimal numbers, ISD-AS numbers, interfaces, ranges of ports, IPv4 addresses, quantities with their unit, and double-quoted
 * text without escapes.
 *
 * Whatever else stands in a text, it gives null, and the text is for the parser: this reader never decides that something is
 * wrong. What it does read, the parser reads to the same value (yaml.test.ts compares the two on changed files).
 */

/** One scalar: quoted text, or everything up to the next separator. */
const TOKEN = /"([^"\\]*)"|[^\s{},"[\]]+/y;
const NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$/;
const WORD = /^[A-Za-z][\w-]{0,99}$/;
const ADDRESS = /^[1-9]\d{0,4}-[0-9a-f]+(?::[0-9a-f]+:[0-9a-f]+)?(?:#\d{1,5})?$/;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const QUANTITY = /^\d{1,15}(?:\.\d{1,15})?(?:ns|us|ms|s|min|h|[kMGT]?bit\/s|B|[kMG]B|[KMG]iB|%)$/;
/** Words that YAML reads as something else than text, in some mixes of capitals. */
const RESERVED = new Set(["null", "true", "false"]);
/** Nesting beyond that of an AS's pairs of interfaces is more than the form has. */
const MAX_DEPTH = 6;

type Mapping = Record<string, unknown>;

/** Plain data, or null where the text has any other form. */
export function readPlainYaml(text: string): Mapping | null {
  try {
    return new Reader(text).document();
  } catch (error) {
    if (error instanceof OtherForm) return null;
    throw error;
  }
}

class OtherForm extends Error {}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Mapping {
    const entries = new Map<string, unknown>();
    while (this.#at < this.#text.length) {
      const key = this.#key();
      if (this.#skip(" ")) {
        enter(entries, key, this.#scalar());
        this.#expect("\n");
      } else {
        this.#expect("\n");
        enter(entries, key, this.#text.startsWith("  - ", this.#at) ? this.#list() : this.#mapping());
      }
    }
    return Object.fromEntries(entries);
  }

  #list(): unknown[] {
    const items: unknown[] = [];
    while (this.#skip("  - ")) {
      items.push(this.#flow(0));
      this.#expect("\n");
    }
    return items;
  }

  #mapping(): Mapping {
    const entries = new Map<string, unknown>();
    while (this.#skip("  ")) {
      const key = this.#key();
      this.#expect(" ");
      enter(entries, key, this.#flow(0));
      this.#expect("\n");
    }
    if (entries.size === 0) throw new OtherForm();
    return Object.fromEntries(entries);
  }

  #flow(depth: number): Mapping {
    if (depth > MAX_DEPTH) throw new OtherForm();
    if (this.#skip("{}")) return {};
    this.#expect("{ ");
    const entries = new Map<string, unknown>();
    do {
      const key = this.#key();
      this.#expect(" ");
      enter(entries, key, this.#value(depth + 1));
    } while (this.#skip(", "));
    this.#expect(" }");
    return Object.fromEntries(entries);
  }

  #value(depth: number): unknown {
    if (this.#text[this.#at] === "{") return this.#flow(depth);
    return this.#text[this.#at] === "[" ? this.#flowList(depth) : this.#scalar();
  }

  #flowList(depth: number): unknown[] {
    if (depth > MAX_DEPTH) throw new OtherForm();
    if (this.#skip("[]")) return [];
    this.#expect("[ ");
    const items: unknown[] = [];
    do items.push(this.#value(depth + 1));
    while (this.#skip(", "));
    this.#expect(" ]");
    return items;
  }

  /** A key and its colon. */
  #key(): string {
    TOKEN.lastIndex = this.#at;
    const [written = ""] = TOKEN.exec(this.#text) ?? [];
    const key = written.slice(0, -1);
    if (!written.endsWith(":") || !(ADDRESS.test(key) || isText(key))) throw new OtherForm();
    this.#at += written.length;
    return key;
  }

  #scalar(): string | number | boolean {
    TOKEN.lastIndex = this.#at;
    const [written = "", quoted] = TOKEN.exec(this.#text) ?? [];
    this.#at += written.length;
    if (quoted !== undefined) {
      if (/[^ -~\p{Letter}]/u.test(quoted)) throw new OtherForm();
      return quoted;
    }
    if (written === "true" || written === "false") return written === "true";
    if (NUMBER.test(written)) return Number(written);
    if (ADDRESS.test(written) || IPV4.test(written) || QUANTITY.test(written)) return written;
    if (isText(written)) return written;
    throw new OtherForm();
  }

  #skip(wanted: string): boolean {
    if (!this.#text.startsWith(wanted, this.#at)) return false;
    this.#at += wanted.length;
    return true;
  }

  #expect(wanted: string): void {
    if (!this.#skip(wanted)) throw new OtherForm();
  }
}

function isText(word: string): boolean {
  return WORD.test(word) && !RESERVED.has(word.toLowerCase());
}

function enter(entries: Map<string, unknown>, key: string, value: unknown): void {
  if (entries.has(key)) throw new OtherForm();
  entries.set(key, value);
}
