/** Fields of JSON that people write, each checked where it is read; what is wrong is thrown as a `Fault`. */
import { bytesOfHex } from "../../actors/record.ts";

type Json = Readonly<Record<string, unknown>>;

/** A field is not what it must be; `message` says which, what was expected, and what stands there. */
export class Fault extends Error {
  override readonly name = "Fault";
  constructor(at: string, expected: string, found: unknown) {
    super(`${at}: expected ${expected}, found ${shown(found)}`);
  }
}

function shown(value: unknown): string {
  const json = value === undefined ? "nothing" : JSON.stringify(value);
  return json.length > 60 ? `${json.slice(0, 57)}...` : json;
}

function placed(name: string, within: string): string {
  return within === "" ? name : `${within}.${name}`;
}

export function field(json: Json, name: string): unknown {
  return Object.hasOwn(json, name) ? json[name] : undefined;
}

export function object(value: unknown, at: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new Fault(at, "an object", value);
}

export function text(json: Json, name: string, within: string): string {
  const value = field(json, name);
  if (typeof value === "string") return value;
  throw new Fault(placed(name, within), "a text", value);
}

export function flag(json: Json, name: string, within: string): boolean {
  const value = field(json, name);
  if (typeof value === "boolean") return value;
  throw new Fault(placed(name, within), "true or false", value);
}

export function number(value: unknown, at: string, max: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new Fault(at, `a whole number from 0 to ${max}`, value);
}

export function uint(json: Json, name: string, within: string, max: number): number {
  return number(field(json, name), placed(name, within), max);
}

export function listField(json: Json, name: string, within: string): readonly unknown[] {
  const value = field(json, name);
  if (Array.isArray(value)) return value;
  throw new Fault(placed(name, within), "a list", value);
}

/** A list that may be left out. */
export function optional(json: Json, name: string, within: string, otherwise: readonly unknown[]): readonly unknown[] {
  return field(json, name) === undefined ? otherwise : listField(json, name, within);
}

/** Bytes as hex digits. */
export function bytesField(json: Json, name: string, at: string): Uint8Array {
  const value = field(json, name);
  const bytes = typeof value === "string" ? bytesOfHex(value) : null;
  if (bytes === null) throw new Fault(at, "an even number of hex digits", value);
  return bytes;
}
