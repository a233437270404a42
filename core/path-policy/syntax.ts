/** What the parsers of the path policy language share: a cursor over one text, and mistakes with their column. */
import { err, type Result } from "../result.ts";

/** Where a text is no longer in the language, and what could have stood there. */
export interface PolicySyntaxError {
  /** In characters of the text, from 1. */
  readonly column: number;
  readonly expected: string;
  readonly found: string;
  /** `column 3: expected ..., found ...` */
  readonly message: string;
}

export type Parsed<T> = Result<T, PolicySyntaxError>;

/** Longest piece of a text that a message repeats. */
const MAX_FOUND = 24;

export class Cursor {
  readonly text: string;
  /** Position of the next character, from 0. */
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get next(): string {
    return this.text.charAt(this.at);
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** Past blanks; whether there were any. */
  skipBlanks(): boolean {
    const from = this.at;
    while (isBlank(this.next)) this.at++;
    return this.at > from;
  }

  /** Past the character if it is the next one. */
  take(character: string): boolean {
    if (this.next !== character) return false;
    this.at++;
    return true;
  }

  /** The longest run of characters that `belongs` holds for; empty where the next one is none. */
  run(belongs: (character: string) => boolean): string {
    const from = this.at;
    while (!this.isAtEnd && belongs(this.next)) this.at++;
    return this.text.slice(from, this.at);
  }

  /** The mistake that something else stands at `offset`. */
  wrong(expected: string, offset: number = this.at): { readonly ok: false; readonly error: PolicySyntaxError } {
    const found = foundAt(this.text, offset);
    const column = offset + 1;
    return err({ column, expected, found, message: `column ${column}: expected ${expected}, found ${found}` });
  }
}

/** The word at an offset as a message names it. */
function foundAt(text: string, offset: number): string {
  let end = offset;
  while (end < text.length && end < offset + MAX_FOUND && !isBlank(text.charAt(end))) end++;
  if (end === offset) return offset >= text.length ? "the end" : "a space";
  return `${JSON.stringify(text.slice(offset, end))}${end === offset + MAX_FOUND && end < text.length ? "..." : ""}`;
}

export function isBlank(character: string): boolean {
  return character === " " || character === "\t" || character === "\n" || character === "\r";
}

export function isDigit(character: string): boolean {
  return character >= "0" && character <= "9" && character.length === 1;
}
