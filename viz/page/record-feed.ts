/**
 * Feeds the page's worker with the record of a run that `pathloom explore` serves: pieces of each place's file, one round after the
 * other, until all is there; a run that is still written is asked again and again, less often while nothing comes.
 */
import type { Opening, Questions } from "./protocol.ts";

type RecordOpening = Extract<Opening, { kind: "record" }>;
type FeedAsk = Questions["feed"]["ask"];

export interface FeedOptions {
  /** Hands a piece to the worker; the next one is fetched when it has been taken. */
  readonly feed: (ask: FeedAsk) => Promise<unknown>;
  /** Another run is looked at: nothing more is fetched. */
  readonly signal?: AbortSignal;
  /** Told at last where the server went away before the end: what came stays. */
  readonly complain?: (message: string) => void;
  /** For tests. */
  readonly fetch?: typeof globalThis.fetch;
  readonly wait?: (ms: number) => Promise<void>;
}

/** Places asked at once: as many connections as browsers open to one server. */
const AT_ONCE = 6;
/** Milliseconds between two rounds that bring nothing. */
const SHORTEST_WAIT = 250;
const LONGEST_WAIT = 4_000;
/** Rounds without an answer, with longer and longer waits, before the server is given up. */
const TRIES = 6;

interface Stream {
  readonly path: string;
  from: number;
  over: boolean;
  /** Bytes of a character may come in two pieces. */
  readonly decoder: TextDecoder;
}

/** Returns when everything has been fed, or the signal is raised. */
export async function followRecord(opening: RecordOpening, options: FeedOptions): Promise<void> {
  const { feed, signal, wait = pause } = options;
  const places = placesOf(opening).map((place) => ({ place, ...streamOf(`run/record?place=${place}&`) }));
  const macs = opening.macs === null ? null : streamOf("run/macs?");
  const state = { waits: SHORTEST_WAIT, failures: 0 };
  const goesOn = (): boolean => places.some(({ over }) => !over) && signal?.aborted !== true;
  while (goesOn()) {
    try {
      const came = await round(places, macs, options);
      state.failures = 0;
      state.waits = came ? SHORTEST_WAIT : Math.min(LONGEST_WAIT, 2 * state.waits);
      if (came) continue;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      if (++state.failures > TRIES) {
        options.complain?.(`The rest of the run cannot be had: ${error.message}. What came until now is shown.`);
        break;
      }
      state.waits = Math.min(LONGEST_WAIT, 2 * state.waits);
    }
    await wait(state.waits);
  }
  if (signal?.aborted !== true) await feed({ place: places[0]?.place ?? 0, text: "", over: true });
}

/** A request that came to nothing; others may not. */
class Unreachable extends Error {}

function streamOf(path: string): Stream {
  return { path, from: 0, over: false, decoder: new TextDecoder() };
}

/** Those that ran in the process that wrote the record; of damaged files the worker has more to say. */
function placesOf({ scenario, manifest }: RecordOpening): number[] {
  try {
    const { network } = JSON.parse(scenario) as {
      readonly network: { readonly ases: readonly { readonly ia: string }[] };
    };
    const { here } = JSON.parse(manifest) as { readonly here?: readonly string[] };
    return network.ases.flatMap(({ ia }, place) => (here === undefined || here.includes(ia) ? [place] : []));
  } catch {
    return [];
  }
}

type PlaceStream = Stream & { readonly place: number };

/** One piece of each place that has more, oldest first; true: something came. */
async function round(places: readonly PlaceStream[], macs: Stream | null, options: FeedOptions): Promise<boolean> {
  let came = false;
  const isStopped = (): boolean => options.signal?.aborted === true;
  const open = places.filter(({ over }) => !over);
  for (let first = 0; first < open.length && !isStopped(); first += AT_ONCE) {
    const some = open.slice(first, first + AT_ONCE);
    const texts = await Promise.all(some.map((stream) => nextOf(stream, options)));
    // Asked after the records: what they need has been written before them.
    const more = macs === null || texts.every((text) => text === "") ? "" : await allOf(macs, options);
    if (isStopped()) return came;
    for (const [n, text] of texts.entries()) {
      if (text === "") continue;
      came = true;
      const { place } = some[n] as PlaceStream;
      const known = more === "" || n !== texts.findIndex((one) => one !== "") ? {} : { macs: more };
      await options.feed({ place, text, over: false, ...known });
    }
  }
  return came;
}

async function allOf(stream: Stream, options: FeedOptions): Promise<string> {
  let text = "";
  for (;;) {
    const piece = await nextOf(stream, options);
    if (piece === "") return text;
    text += piece;
  }
}

/** The next piece; "": there is none, or none yet. */
async function nextOf(stream: Stream, { fetch = globalThis.fetch, signal }: FeedOptions): Promise<string> {
  const response = await reach(fetch, `${stream.path}from=${stream.from}`, signal);
  const next = Number(response.headers.get("pathloom-next"));
  if (!(next >= stream.from)) throw new Unreachable("the server answers something else than a record");
  const bytes = await response.arrayBuffer().catch((cause: unknown) => unreachable(cause));
  stream.from = next;
  stream.over = response.headers.get("pathloom-over") === "true";
  return stream.decoder.decode(bytes, { stream: true });
}

async function reach(fetch: typeof globalThis.fetch, path: string, signal: AbortSignal | undefined): Promise<Response> {
  const response = await fetch(path, signal === undefined ? {} : { signal }).catch((cause: unknown) =>
    unreachable(cause),
  );
  if (response.ok) return response;
  throw new Unreachable(`${response.status}: ${(await response.text()).trim()}`);
}

function unreachable(cause: unknown): never {
  throw new Unreachable(cause instanceof Error ? cause.message : String(cause));
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
