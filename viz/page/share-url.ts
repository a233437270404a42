/**
 * What is looked at, as an address's fragment: `#e=31-explore&t=12.5` for a scenario of the gallery, `#s=...` for another one
 * (deflated JSON in base64url). Nothing of it reaches a server. What comes in is a stranger's: it is bounded and checked.
 */
import type { Change, Fork } from "../../core/exploration.ts";
import type { Nanos } from "../../core/units.ts";

/** Other scenarios than the gallery's. */
export interface SharedScenario {
  readonly file: string;
  readonly text: string;
  readonly files: Readonly<Record<string, string>>;
}

export interface SharedView {
  /** Name of an entry of the gallery, or the scenario itself. */
  readonly scenario: string | SharedScenario;
  readonly seed: number | null;
  readonly policy: string | null;
  readonly time: Nanos;
  /** The exact event; null: the one that `time` leads to. */
  readonly event: number | null;
  readonly actor: string | null;
  readonly fork: Fork | null;
}

/** Longest fragment that is written or read, in characters: what browsers and chat programs pass on whole. */
export const MAX_FRAGMENT = 60_000;
/** Largest scenario that a fragment unfolds to, in characters. */
const MAX_UNFOLDED = 4_000_000;
const MAX_CHANGES = 100;

/** What is wrong with a fragment, to be shown. */
export class FragmentError extends Error {}

/** @throws FragmentError where it would be too long for a link. */
export async function writeFragment(view: SharedView): Promise<string> {
  const { scenario, seed, policy, time, event, actor, fork } = view;
  const parts = new URLSearchParams();
  if (typeof scenario === "string") parts.set("e", scenario);
  else parts.set("s", await fold(scenario));
  if (seed !== null) parts.set("seed", String(seed));
  if (policy !== null) parts.set("policy", policy);
  if (time > 0) parts.set("t", (time / 1e9).toFixed(9).replace(/\.?0+$/, ""));
  if (event !== null && event > 0) parts.set("n", String(event));
  if (actor !== null) parts.set("a", actor);
  if (fork !== null) parts.set("f", await fold(fork));
  const text = parts.toString();
  if (text.length <= MAX_FRAGMENT) return text;
  throw new FragmentError(
    `The scenario is too large for a link: ${text.length} characters, at most ${MAX_FRAGMENT}. Save it as a file and share the file.`,
  );
}

/** null: it is empty. @throws FragmentError */
export async function readFragment(fragment: string): Promise<SharedView | null> {
  const text = fragment.replace(/^#/, "");
  if (text === "") return null;
  if (text.length > MAX_FRAGMENT) {
    throw new FragmentError(`The link is too long: ${text.length} characters, at most ${MAX_FRAGMENT}.`);
  }
  const parts = new URLSearchParams(text);
  const name = parts.get("e");
  const folded = parts.get("s");
  if (name === null && folded === null)
    throw new FragmentError("The link names no scenario: it has neither “e=” (an example) nor “s=” (a scenario).");
  const event = numberOf(parts, "n", 1);
  const forked = parts.get("f");
  return {
    scenario: name ?? scenarioOf(await unfold(folded ?? "", "s")),
    seed: numberOf(parts, "seed", 1),
    policy: parts.get("policy"),
    time: numberOf(parts, "t", 1e9) ?? 0,
    event,
    actor: parts.get("a"),
    fork: forked === null ? null : forkOf(await unfold(forked, "f")),
  };
}

function numberOf(parts: URLSearchParams, name: string, unit: number): number | null {
  const text = parts.get(name);
  if (text === null) return null;
  const value = Math.round(Number(text) * unit);
  if (/^\d{1,15}(\.\d{1,15})?$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new FragmentError(`The link is broken: “${name}=” is to be a number from 0 on, found “${text.slice(0, 40)}”.`);
}

/** Plain data to deflated JSON in base64url. */
async function fold(data: unknown): Promise<string> {
  const json = new Blob([JSON.stringify(data)]);
  const stream = json.stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

async function unfold(text: string, name: string): Promise<unknown> {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(await readBounded(stream));
  } catch (error) {
    if (error instanceof FragmentError) throw error;
    throw new FragmentError(`The link is broken: what stands after “${name}=” was cut off or changed on its way.`);
  }
}

/** A short text may unfold to a very long one. */
async function readBounded(stream: ReadableStream<BufferSource>): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = stream.getReader();
  let text = "";
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    text += decoder.decode(read.value, { stream: true });
    if (text.length > MAX_UNFOLDED)
      throw new FragmentError(`The link unfolds to more than ${MAX_UNFOLDED} characters: it is no scenario.`);
  }
  return text + decoder.decode();
}

function scenarioOf(data: unknown): SharedScenario {
  if (isRecord(data) && typeof data["file"] === "string" && typeof data["text"] === "string") {
    const { file, text, files } = data;
    const texts = isRecord(files) ? Object.entries(files) : [];
    if (texts.every(([, content]) => typeof content === "string"))
      return { file, text, files: Object.fromEntries(texts) as Record<string, string> };
  }
  throw new FragmentError("The link is broken: what stands after “s=” is no scenario.");
}

function forkOf(data: unknown): Fork {
  if (isRecord(data) && Number.isSafeInteger(data["event"]) && Array.isArray(data["changes"])) {
    const changes: readonly unknown[] = data["changes"].slice(0, MAX_CHANGES);
    if (changes.every(isChange)) return { event: Number(data["event"]), changes };
  }
  throw new FragmentError("The link is broken: what stands after “f=” is no fork.");
}

function isChange(data: unknown): data is Change {
  if (!isRecord(data)) return false;
  const { kind, link, flow, policy, params, rate_bps } = data;
  const rated = typeof rate_bps === "number" && rate_bps > 0;
  if (kind === "cut" || kind === "heal") return typeof link === "string";
  if (kind === "link-rate") return typeof link === "string" && rated;
  if (kind === "flow-rate") return typeof flow === "string" && rated;
  return kind === "policy" && typeof flow === "string" && typeof policy === "string" && isRecord(params);
}

function isRecord(data: unknown): data is Record<string, unknown> {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}
