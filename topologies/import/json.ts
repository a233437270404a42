/**
 * JSON with positions. A strict scan finds what is no JSON, and keys that stand twice; what is sound is read as YAML,
 * whose parser knows where each value stands (JSON is YAML 1.2), or by `JSON.parse` where speed counts more.
 */
import { err, ok, type Result } from "../../core/result.ts";
import { type Problem, shown, withSources } from "../problems.ts";
import { parseYaml, type YamlFile } from "../yaml.ts";
import { checkText, type SourceFile, TextFile } from "./source.ts";

/** Deeper nesting is no topology, and would exhaust the stack. */
const MAX_DEPTH = 100;

/** The text of a file that is sound JSON. */
export function checkJson(source: SourceFile): Result<SourceFile, readonly Problem[]> {
  const checked = checkText(source, "JSON");
  if (!checked.ok) return checked;
  const { text } = checked.value;
  const fault = new Scanner(text).scan();
  if (fault === null) return checked;
  const file = new TextFile(checked.value);
  const found =
    fault.offset >= text.length ? "the end of the file" : shown(text.slice(fault.offset, fault.offset + 20));
  file.add(fault.offset, { message: `not valid JSON: ${fault.message}`, expected: "valid JSON", found });
  return err(withSources(file.problems, text));
}

/** JSON whose values know their places. */
export function parseJson(source: SourceFile): Result<YamlFile, readonly Problem[]> {
  const checked = checkJson(source);
  if (!checked.ok) return checked;
  const parsed = parseYaml(checked.value.text, checked.value.path);
  return parsed.ok ? ok(parsed.value) : err(withSources(parsed.error, checked.value.text));
}

interface Fault {
  readonly offset: number;
  readonly message: string;
}

/** One walk through a text. */
class Scanner {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #fault: Fault | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  /** The first thing that is no JSON. */
  scan(): Fault | null {
    if (this.#scanValue() && this.#skip() < this.#text.length) this.#fail("more after the end of the value");
    return this.#fault;
  }

  #fail(message: string, offset = this.#at): false {
    this.#fault ??= { offset, message };
    return false;
  }

  /** To the next character that is no space; where that is. */
  #skip(): number {
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
    }
    return this.#at;
  }

  #expect(character: string): boolean {
    if (this.#text[this.#skip()] !== character) return this.#fail(`expected ${character}`);
    this.#at++;
    return true;
  }

  #scanValue(): boolean {
    switch (this.#text[this.#skip()]) {
      case "{":
        return this.#nested("}");
      case "[":
        return this.#nested("]");
      case '"':
        return this.#scanString();
      default:
        return this.#scanWord();
    }
  }

  #scanWord(): boolean {
    const word = /[\w+.-]{0,400}/y;
    word.lastIndex = this.#at;
    const [found = ""] = word.exec(this.#text) ?? [];
    if (!/^(true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)$/.test(found)) return this.#fail("expected a value");
    if (/\d/.test(found) && !Number.isFinite(Number(found))) return this.#fail("a number beyond all bounds");
    this.#at += found.length;
    return true;
  }

  #scanString(): boolean {
    const start = this.#at++;
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === 0x22) {
        this.#at++;
        return true;
      }
      if (code < 0x20) return this.#fail("a line break within a text");
      if (code === 0x5c && !this.#scanEscape()) return this.#fail("an unknown escape");
    }
    return this.#fail("a text that does not end", start);
  }

  #scanEscape(): boolean {
    const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
    escape.lastIndex = this.#at;
    const [found] = escape.exec(this.#text) ?? [];
    this.#at += (found?.length ?? 1) - 1;
    return found !== undefined;
  }

  #nested(end: "}" | "]"): boolean {
    if (++this.#depth > MAX_DEPTH) return this.#fail(`nested more than ${MAX_DEPTH} deep`);
    this.#at++;
    const done = end === "}" ? this.#scanMembers() : this.#scanItems();
    this.#depth--;
    return done;
  }

  #scanMembers(): boolean {
    if (this.#text[this.#skip()] === "}") return this.#expect("}");
    const keys = new Set<string>();
    for (;;) {
      const start = this.#skip();
      if (this.#text[start] !== '"') return this.#fail("expected a key in double quotes");
      if (!this.#scanString()) return false;
      const key = JSON.parse(this.#text.slice(start, this.#at)) as string;
      if (keys.has(key)) return this.#fail(`${shown(key)} stands twice in one object`, start);
      keys.add(key);
      if (!(this.#expect(":") && this.#scanValue())) return false;
      if (this.#text[this.#skip()] !== ",") return this.#expect("}");
      this.#at++;
    }
  }

  #scanItems(): boolean {
    if (this.#text[this.#skip()] === "]") return this.#expect("]");
    for (;;) {
      if (!this.#scanValue()) return false;
      if (this.#text[this.#skip()] !== ",") return this.#expect("]");
      this.#at++;
    }
  }
}
