/** Reads path policies: texts parsed, names that are extended looked up, every mistake with its place. Nothing throws. */
import { parseIA } from "../core/address.ts";
import { checkAcl, formatAclEntry, parseAclEntry } from "../core/path-policy/acl.ts";
import { extendPolicy, MAX_POLICIES, type PathPolicy, type RemoteRule } from "../core/path-policy/policy.ts";
import { parseSequence } from "../core/path-policy/sequence.ts";
import type { PolicySyntaxError } from "../core/path-policy/syntax.ts";
import { alternatives, shown } from "./problems.ts";
import type { PathPolicyDocument } from "./scenario/path-policy.ts";
import type { Section } from "./section.ts";

/** Policies by the names that `extends` knows them by; one that is read already stands for itself. */
export interface PolicyEntry {
  readonly section: Section;
  readonly document: PathPolicyDocument;
}

/** Names that a message lists. */
const MAX_LISTED = 12;

/** Reads each policy of a set once, those that it extends before it. */
export class PathPolicyReader {
  readonly #entries: ReadonlyMap<string, PolicyEntry>;
  /** null: its reading has begun and not ended. undefined as a value: it could not be read. */
  readonly #read: Map<string, PathPolicy | null | undefined>;
  readonly #sizes = new Map<PathPolicy, number>();
  readonly #extended = new Set<string>();

  /** `known`: policies of other files, whole already. */
  constructor(
    entries: ReadonlyMap<string, PolicyEntry>,
    known: ReadonlyMap<string, PathPolicy | undefined> = new Map(),
  ) {
    this.#entries = entries;
    this.#read = new Map(known);
  }

  get names(): readonly string[] {
    return [...new Set([...this.#read.keys(), ...this.#entries.keys()])];
  }

  /** Names that some policy read so far extends. */
  get extended(): ReadonlySet<string> {
    return this.#extended;
  }

  /** The policy of a name; undefined where there is none that can be read. `place`: where the name stands. */
  named(name: string, place: Section): PathPolicy | undefined {
    const known = this.#read.get(name);
    if (known === null) {
      const round = [...this.#read].flatMap(([open, policy]) => (policy === null ? [open] : []));
      const message = `${place.name}: a policy that extends itself: ${[...round.slice(round.indexOf(name)), name].join(", ")}`;
      return place.problem({ message, expected: "a policy that does not extend this one", found: shown(name) });
    }
    if (known !== undefined || this.#read.has(name)) return known;
    const entry = this.#entries.get(name);
    if (entry === undefined) return this.#unknown(name, place);
    this.#read.set(name, null);
    const policy = this.read(entry.document, entry.section);
    // The order of what is open is that of the way there.
    this.#read.delete(name);
    this.#read.set(name, policy);
    return policy;
  }

  #unknown(name: string, place: Section): undefined {
    const names = this.names;
    const listed = names.length === 0 ? "there are none" : `expected ${alternatives(names.slice(0, MAX_LISTED))}`;
    const message = `unknown path policy ${shown(name)}: ${listed}`;
    return place.problem({
      message,
      expected: alternatives(names),
      found: shown(name),
      didYouMean: place.closest(name, names),
    });
  }

  /** The policy that a document stands for, or undefined where it is wrong; why has then been reported. */
  read(document: PathPolicyDocument, section: Section): PathPolicy | undefined {
    const before = section.file.problemCount;
    const options = this.#options(document.options, section.at("options"));
    const own = { ...readDemands(document, section), ...(options === undefined ? {} : { options }) };
    const extended = (document.extends ?? []).map((name, at) => {
      this.#extended.add(name);
      return this.named(name, section.at("extends", at));
    });
    if (section.file.problemCount > before || extended.includes(undefined)) return undefined;
    const policy = extendPolicy(own, extended as readonly PathPolicy[]);
    const size = this.#sizeOf(policy);
    if (size <= MAX_POLICIES) return policy;
    const message = `${section.name === "" ? "the policy" : section.name} holds more than ${MAX_POLICIES} options, those of options included`;
    return section.problem({ message, expected: `at most ${MAX_POLICIES} options`, found: String(size) });
  }

  #options(documents: PathPolicyDocument["options"], section: Section): NonNullable<PathPolicy["options"]> | undefined {
    return documents?.map(({ weight = 0, policy }, at) => ({
      weight,
      policy: this.read(policy, section.at(at, "policy")) ?? {},
    }));
  }

  /** Policies in a policy; what two share counts twice, as it would be written out twice. */
  #sizeOf(policy: PathPolicy): number {
    const known = this.#sizes.get(policy);
    if (known !== undefined) return known;
    const size = (policy.options ?? []).reduce((sum, option) => sum + this.#sizeOf(option.policy), 1);
    this.#sizes.set(policy, size);
    return size;
  }
}

type Demands = Omit<PathPolicy, "options">;

function readDemands(document: PathPolicyDocument, section: Section): Demands {
  const { local_isd_ases: local, remote_isd_ases: remote, acl, sequence } = document;
  return {
    ...(local === undefined ? {} : { local_isd_ases: readLocal(local, section.at("local_isd_ases")) }),
    ...(remote === undefined ? {} : { remote_isd_ases: readRemote(remote, section.at("remote_isd_ases")) }),
    ...(acl === undefined ? {} : { acl: readAcl(acl, section.at("acl")) }),
    ...(sequence === undefined ? {} : { sequence: readSequence(sequence, section.at("sequence")) }),
  };
}

function readLocal(ases: readonly string[], section: Section): NonNullable<PathPolicy["local_isd_ases"]> {
  return ases.flatMap((text, at) => section.at(at).ia(text) ?? []);
}

function readRemote(
  rules: NonNullable<PathPolicyDocument["remote_isd_ases"]>,
  section: Section,
): readonly RemoteRule[] {
  return rules.flatMap(({ isd_as, reject = false }, at): RemoteRule[] => {
    const read = parseIA(isd_as);
    if (read.ok) return [{ isd_as: read.value, reject }];
    const place = section.at(at, "isd_as");
    place.problem({ message: `${place.name}: ${read.error}`, expected: "an ISD-AS number", found: shown(isd_as) });
    return [];
  });
}

function readAcl(texts: readonly string[], section: Section): readonly string[] {
  const read = texts.map((text, at) => {
    const entry = parseAclEntry(text);
    if (!entry.ok) reportSyntax(text, entry.error, section.at(at));
    return entry;
  });
  const entries = read.flatMap((entry) => (entry.ok ? [entry.value] : []));
  if (entries.length < read.length) return [];
  const checked = checkAcl(entries);
  if (checked.ok) return entries.map(formatAclEntry);
  const { entry, expected, found } = checked.error;
  const place = entry < texts.length ? section.at(entry) : section;
  place.problem({ message: `${place.name}: expected ${expected}, found ${found}`, expected, found });
  return [];
}

function readSequence(text: string, section: Section): string {
  const read = parseSequence(text);
  if (!read.ok) reportSyntax(text, read.error, section);
  return text;
}

function reportSyntax(text: string, { column, ...finding }: PolicySyntaxError, section: Section): void {
  section.problemWithin(text, column - 1, finding);
}
