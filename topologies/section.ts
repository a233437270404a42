/** A place in a file together with the values read there: reading reports what is wrong, with its position. */
import { type IA, iaParts, parseIA, parseInterface } from "../core/address.ts";
import type { LinkEnd } from "../core/scenario.ts";
import { mismatch } from "./decode.ts";
import { type Finding, shown } from "./problems.ts";
import { closest } from "./suggest.ts";
import { parseQuantity, type QuantityKind } from "./units.ts";
import { type Path, pathText, type YamlFile } from "./yaml.ts";

export class Section {
  readonly file: YamlFile;
  readonly path: Path;
  readonly #ofKey: boolean;
  readonly #about: string;

  constructor(file: YamlFile, path: Path = [], ofKey = false, about = "") {
    this.file = file;
    this.path = path;
    this.#ofKey = ofKey;
    this.#about = about;
  }

  at(...steps: Path): Section {
    const path = steps.reduce<Path>((before, step) => [...before, this.file.originalStep(before, step)], this.path);
    return new Section(this.file, path);
  }

  /** The same place, its problems shown at the key and not at the value. */
  ofKey(): Section {
    return new Section(this.file, this.path, true);
  }

  /** The same place, its problems about what `what` names: a line of another file. */
  about(what: string): Section {
    return new Section(this.file, this.path, this.#ofKey, `${what}: `);
  }

  /** `flows[0].rate` */
  get name(): string {
    return pathText(this.path);
  }

  /** A problem with what stands here, in a sentence of its own. */
  problem(finding: Finding): undefined {
    if (this.file.followsFromLeftOut(this.path)) return;
    const told = { ...finding, message: this.#about + finding.message };
    if (this.#ofKey) this.file.atKey(this.path, told);
    else this.file.atValue(this.path, told);
  }

  /** A problem with one character, counted from 0, of the text here. */
  problemWithin(text: string, offset: number, finding: Finding): undefined {
    if (this.file.followsFromLeftOut(this.path)) return;
    this.file.within(this.path, text, offset, { ...finding, message: `${this.name}, ${finding.message}` });
  }

  /** "expected this, found that" about the value here. */
  mismatch(expected: string, found: unknown, didYouMean?: string): undefined {
    const text = shown(found);
    return this.problem({ message: mismatch(this.path, expected, text), expected, found: text, didYouMean });
  }

  /** The nearest of the known words; nothing once so many problems are found that this one is not shown. */
  closest(word: string, known: Iterable<string>): string | undefined {
    return this.file.full ? undefined : closest(word, known);
  }

  /** A quantity in base units, at least `minimum`. */
  quantity(text: string, kind: QuantityKind, minimum = 0): number | undefined {
    const read = parseQuantity(text, kind);
    if (!read.ok) return this.mismatch(read.error.expected, text, read.error.didYouMean);
    if (read.value >= minimum) return read.value;
    return this.mismatch(minimum === 1 ? "more than 0" : `at least ${minimum} ${kind.base}`, text);
  }

  /** Ids are names in files and on the command line; no two things of a kind (`flows`) have one. `key`: what it stands behind. */
  ownId(id: string, kind: string, used: Map<string, string>, key = "id"): void {
    const other = used.get(id);
    used.set(id, this.name);
    if (other !== undefined) {
      const message = `two ${kind} have the id ${shown(id)}, ${other} and ${this.name}`;
      this.at(key).problem({ message, expected: "another id", found: shown(id) });
    }
    if (!/^[\w.:-]{1,64}$/.test(id)) this.at(key).mismatch("1 to 64 letters, digits, or characters of - _ . :", id);
  }

  /** A size in bytes, a plain number or a text with its unit. */
  bytes(value: number | string, kind: QuantityKind, minimum: number, maximum: number): number | undefined {
    const bytes = typeof value === "number" ? value : this.quantity(value, kind);
    if (bytes === undefined || (bytes >= minimum && bytes <= maximum)) return bytes;
    return this.mismatch(`${minimum} to ${maximum} ${kind.base}`, value);
  }

  /** An ISD-AS number without wildcards. */
  ia(text: string): IA | undefined {
    const read = parseIA(text);
    if (!read.ok) return this.problem({ message: read.error, expected: "an ISD-AS number", found: shown(text) });
    const { isd, as } = iaParts(read.value);
    return isd > 0 && as > 0 ? read.value : this.mismatch("an ISD-AS number without 0, which is a wildcard", text);
  }

  /** An interface, `IA#ifId`, with an id that a link can have. */
  interface(text: string): LinkEnd | undefined {
    const read = parseInterface(text);
    if (!read.ok)
      return this.problem({ message: read.error, expected: "an interface, ISD-AS#ifId", found: shown(text) });
    const { ia, ifId } = read.value;
    if (ifId === 0) return this.mismatch("an interface id from 1 to 65535", text);
    const { isd, as } = iaParts(ia);
    return isd > 0 && as > 0 ? read.value : this.mismatch("an ISD-AS number without 0, which is a wildcard", text);
  }

  /** An AS that must be among the known ones. */
  unknownAs(ia: IA, known: Iterable<IA>): undefined {
    return this.problem({
      message: `unknown AS ${ia}: the topology has no such AS`,
      expected: "an AS of the topology",
      found: ia,
      didYouMean: this.closest(ia, known),
    });
  }
}
