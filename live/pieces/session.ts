/**
 * What a piece of a live run knows of the others, and what it tells them: pure but for the two callbacks, times are given to it.
 *
 *   A, at first contact        B
 *   hello, echo 0        ->       answers, and believes nothing: it may be an old datagram, sent again
 *   believes             <-    hello, echo A
 *   hello, echo B        ->       believes
 *
 * A datagram is believed that the key vouches for, that echoes this very process and counts higher than the one before. What is
 * believed spreads: who lives, and the epoch. The piece with the scenario's first AS proposes the epoch once every AS is up.
 */
import type { IA } from "../../core/address.ts";
import { MILLISECOND, type Nanos } from "../../core/units.ts";
import { randomId } from "./identity.ts";
import {
  type Body,
  encodeHello,
  FORMAT,
  type Identity,
  NONE,
  type Opened,
  openHello,
  type PieceNews,
  readBody,
} from "./message.ts";
import { addSample, bestOffset, type ClockOffset, createOffset } from "./offset.ts";
import { createRoster, forgetSilent, type KnownPiece, learn, placesUp, type Roster } from "./roster.ts";

/** From when all are up until the run begins: time for the news to reach every piece. */
const LEAD: Nanos = 500 * MILLISECOND;
/** Bytes of a datagram, where more than one piece is told of in it. */
const ROOM = 1_300;
const MAX_RETIRED = 64;
/** Answers on one link within a tick: what a flood can make a piece send. */
const MAX_ANSWERS = 4;

/** What others sent that was of no use. */
export interface PieceCounters {
  hellos: number;
  /** No datagrams of pieces, or none that can be read. */
  garbage: number;
  /** The key does not vouch for them. */
  forged: number;
  /** Sent to another process that was here before, or sent again. */
  stale: number;
  /** From pieces of another scenario, version or key. */
  foreign: number;
  /** Told of pieces that cannot be. */
  refused: number;
  /** Not answered, since there were too many. */
  unanswered: number;
}

export interface Epoch {
  readonly run: string;
  /** By our monotonic clock. */
  readonly at: Nanos;
  readonly error: Nanos;
}

/** The link to a piece next to this one. */
export interface Neighbour {
  /** `1-1#3`, this end. */
  readonly name: string;
  readonly ia: IA;
}

interface Link extends Neighbour {
  peer: string;
  counter: number;
  machine: string;
  offset: ClockOffset;
  heard: { readonly sentAt: Nanos; readonly at: Nanos };
  answers: number;
  /** Processes that were at the other end before: what they said is over, whoever sends it again. */
  readonly retired: string[];
}

export interface SessionOptions {
  readonly identity: Identity;
  readonly key: Uint8Array;
  readonly machine: string;
  readonly instance?: string;
  readonly places: readonly IA[];
  /** Indices of the places that are here, and of those other software runs. */
  readonly here: readonly number[];
  readonly foreign: readonly number[];
  readonly links: readonly Neighbour[];
  /** Puts a datagram on a link. */
  readonly send: (link: number, bytes: Uint8Array) => void;
  /** By our monotonic clock. */
  readonly clock: () => Nanos;
}

export class PieceSession {
  readonly counters: PieceCounters = {
    hellos: 0,
    garbage: 0,
    forged: 0,
    stale: 0,
    foreign: 0,
    refused: 0,
    unanswered: 0,
  };
  readonly instance: string;
  /** Why there can be no run with a neighbour; set while no run has begun. */
  problem: string | null = null;
  /** Pieces met that are of no use to the run, a sentence each, once for each process; taken by `takeNews`. */
  readonly #news: string[] = [];
  readonly #refusedPeers = new Set<string>();
  readonly #options: SessionOptions;
  readonly #links: Link[];
  readonly #roster: Roster;
  readonly #proposes: boolean;
  #epoch: Epoch | null = null;
  /** The link that told it; -1: our own proposal. */
  #epochLink = -1;
  /** Others have an epoch, though ours may have to wait until their clock is known. */
  #isAgreed = false;
  #begun = false;
  #ended = false;
  #beat = 0;
  #counter = 0;
  #turn = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.instance = options.instance ?? randomId();
    this.#roster = createRoster(this.instance, options.here, options.places.length);
    this.#links = options.links.map((link) => ({ ...link, ...strangerOf(), answers: 0, retired: [] }));
    const first = options.places.findIndex((_ia, place) => !options.foreign.includes(place));
    this.#proposes = options.here.includes(first);
  }

  get epoch(): Epoch | null {
    return this.#epoch;
  }

  /** Those that live or were alive until lately, this one not among them. */
  get others(): readonly KnownPiece[] {
    return [...this.#roster.pieces.values()];
  }

  /** ASes of which nothing is known yet. */
  get missing(): readonly IA[] {
    const { places, here, foreign } = this.#options;
    const up = placesUp(this.#roster);
    return places.filter((_ia, place) => !here.includes(place) && !foreign.includes(place) && !up.has(place));
  }

  takeNews(): readonly string[] {
    return this.#news.splice(0);
  }

  /** The run has begun here: its epoch moves no more, and nothing ends it from outside. */
  begin(): void {
    this.#begun = true;
  }

  /** Says goodbye. */
  end(): void {
    this.#ended = true;
    this.#beat++;
    this.#sayAll();
  }

  /** To be called now and then: greets all neighbours, and forgets who is silent. */
  tick(): void {
    this.#beat++;
    for (const link of this.#links) link.answers = 0;
    const gone = forgetSilent(this.#roster, this.#options.clock()).filter(({ ended }) => !ended);
    if (this.#begun)
      for (const { places } of gone)
        this.#news.push(`nothing is heard any more of ${this.#namesOf(places)}; the run goes on here`);
    this.#propose();
    this.#sayAll();
  }

  receive(at: number, bytes: Uint8Array): void {
    const link = this.#links[at] as Link;
    const opened = openHello(bytes);
    if (opened === null) {
      this.counters.garbage++;
      return;
    }
    this.counters.hellos++;
    const difference = differenceOf(this.#options.identity, opened);
    if (difference !== null) {
      this.#refuse(at, opened, difference);
      return;
    }
    const body = readBody(opened, this.#options.key);
    if (typeof body === "string") {
      this.counters[body === "forged" ? "forged" : "garbage"]++;
      return;
    }
    const { instance, echo } = opened.opening;
    // Whoever is new must hear from us before it can be believed.
    if (echo !== this.instance) {
      if (echo !== NONE) this.counters.stale++;
      this.#answer(at, instance);
      return;
    }
    if (link.retired.includes(instance) || (link.peer === instance && body.counter <= link.counter)) {
      this.counters.stale++;
      return;
    }
    this.#believe(at, instance, body);
  }

  #believe(at: number, instance: string, body: Body): void {
    const link = this.#links[at] as Link;
    const { clock, machine } = this.#options;
    const now = clock();
    let fresh = link.peer !== instance;
    if (fresh) {
      if (link.peer !== NONE) link.retired.push(link.peer);
      if (link.retired.length > MAX_RETIRED) link.retired.shift();
      Object.assign(link, strangerOf(), { peer: instance });
    }
    Object.assign(link, { counter: body.counter, machine: body.machine, heard: { sentAt: body.sentAt, at: now } });
    if (body.heard.at !== 0) addSample(link.offset, body.heard.sentAt, body.heard.at, body.sentAt, now);
    const same = machine !== NONE && body.machine === machine;
    if (this.#takeEpoch(at, body, same)) fresh = true;
    for (const piece of body.pieces) {
      const found = learn(this.#roster, piece, now);
      if (found === "refused") this.counters.refused++;
      if (found === "new") fresh = true;
      if (found === "new" && this.#begun)
        this.#news.push(`${this.#namesOf(piece.places)} ${piece.ended ? "has ended" : "is here again"}`);
    }
    this.#propose();
    // News travel at once; the rest waits for the tick.
    if (fresh) this.#links.forEach((_link, other) => this.#answer(other, null));
  }

  #takeEpoch(at: number, { epoch }: Body, same: boolean): boolean {
    if (epoch === null || this.#begun) return false;
    this.#isAgreed = true;
    const known = this.#epoch;
    if (known !== null && (this.#epochLink !== at || known.run !== epoch.run)) return false;
    const offset = same ? { ahead: 0, error: 0 } : bestOffset((this.#links[at] as Link).offset);
    if (offset === null) return false;
    const error = epoch.error + offset.error;
    // A better sample moves the epoch only by what it was wrong before.
    if (known !== null && known.error <= error) return false;
    this.#epoch = { run: epoch.run, at: epoch.at - offset.ahead, error };
    this.#epochLink = at;
    return known === null;
  }

  #propose(): void {
    if (!this.#proposes || this.#isAgreed || this.#epoch !== null || this.missing.length > 0) return;
    this.#epoch = { run: randomId(), at: this.#options.clock() + LEAD, error: 0 };
  }

  #refuse(at: number, { opening }: Opened, difference: string): void {
    const { ia, name } = this.#links[at] as Link;
    this.counters.foreign++;
    this.#answer(at, opening.instance);
    // Without our echo it may have been sent long ago, or by anybody.
    if (opening.echo !== this.instance) return;
    const text = `the piece with ${ia}, over ${name}, ${difference}`;
    if (!this.#begun) this.problem ??= text;
    else if (this.#refusedPeers.size < 64 && !this.#refusedPeers.has(opening.instance)) {
      this.#refusedPeers.add(opening.instance);
      this.#news.push(`${text}; it was refused, and the run goes on here`);
    }
  }

  #namesOf(places: readonly number[]): string {
    return places.map((place) => this.#options.places[place]).join(", ");
  }

  #sayAll(): void {
    this.#links.forEach((link, at) => this.#say(at, link.peer));
  }

  /** `echo` null: whom the link knows. */
  #answer(at: number, echo: string | null): void {
    const link = this.#links[at] as Link;
    if (++link.answers > MAX_ANSWERS) this.counters.unanswered++;
    else this.#say(at, echo ?? link.peer);
  }

  #say(at: number, echo: string): void {
    const { identity, key, machine, clock } = this.#options;
    const link = this.#links[at] as Link;
    const epoch = this.#epoch;
    const body: Body = {
      counter: ++this.#counter,
      sentAt: clock(),
      heard: echo === link.peer ? link.heard : { sentAt: 0, at: 0 },
      machine,
      epoch,
      ended: this.#ended,
      pieces: this.#pieces(),
    };
    this.#options.send(at, encodeHello({ ...identity, instance: this.instance, echo }, body, key));
  }

  /** This piece, and of the others as many as fit, in turn. */
  #pieces(): PieceNews[] {
    const { here, machine } = this.#options;
    const own = { instance: this.instance, machine, beat: this.#beat, ended: this.#ended, places: here };
    const others = this.others;
    const told: PieceNews[] = [own];
    let bytes = sizeOf(own);
    for (let n = 0; n < others.length; n++) {
      const one = others[(this.#turn + n) % others.length] as KnownPiece;
      bytes += sizeOf(one);
      if (bytes > ROOM && n > 0) {
        this.#turn += n;
        break;
      }
      told.push(one);
    }
    return told;
  }
}

function sizeOf({ places }: PieceNews): number {
  return 23 + 2 * places.length;
}

function strangerOf(): Omit<Link, keyof Neighbour | "answers" | "retired"> {
  return { peer: NONE, counter: 0, machine: NONE, offset: createOffset(), heard: { sentAt: 0, at: 0 } };
}

/** What two pieces do not have in common though they must; null: they have all of it. */
function differenceOf(own: Identity, { opening }: Opened): string | null {
  if (opening.format !== FORMAT || opening.pathloom !== own.pathloom) {
    const [there, here] = [opening, { ...own, format: FORMAT }].map(
      ({ pathloom, format }) => `${pathloom}, handshake ${format}`,
    );
    return `is Pathloom ${there}; this is ${here}. Give all pieces one version`;
  }
  if (opening.scenario !== own.scenario)
    return `runs another scenario: there SHA-256 ${opening.scenario}, here ${own.scenario}. Give all pieces the same file, and the same --seed, --policy and --duration`;
  if (opening.keyId !== own.keyId)
    return `has other keys: there ${opening.keyId}, here ${own.keyId}. Give all pieces the same --secrets FILE, or all --insecure-seed`;
  return null;
}
