/**
 * Brings a piece of a live run together with the others: greets them over the links' own sockets until all of them agree on when the
 * run begins, or one that runs already tells when it began; goes on answering as long as the run lasts.
 */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { formatInterface, type IA } from "../../core/address.ts";
import { MILLISECOND, type Nanos, SECOND } from "../../core/units.ts";
import type { LiveWorld } from "../driver.ts";
import type { UnderlayPlan } from "../underlay/plan.ts";
import { keyIdOf, machineId } from "./identity.ts";
import { NONE } from "./message.ts";
import { type Neighbour, type PieceCounters, PieceSession } from "./session.ts";

/** The pieces do not fit together, or the run was ended before it began. */
export class PiecesError extends Schema.TaggedError<PiecesError>()("PiecesError", {
  message: Schema.String,
  /** The input is wrong; else somebody ended it. */
  input: Schema.Boolean,
}) {}

export interface PiecesOptions {
  /** SHA-256 of the resolved scenario, 64 hex digits. */
  readonly scenario: string;
  /** Version and build of Pathloom. */
  readonly pathloom: string;
  readonly build: string;
  /** What vouches for what pieces say (`pieceKey`). */
  readonly key: Uint8Array;
  /** Sentences for people: for whom this piece waits, who has come and gone. */
  readonly onNews?: (text: string) => void;
}

/** What a piece knows of the run's pieces. */
export interface PiecesReport {
  /** By how much the epoch may be wrong here; 0: proposed here, or on the same machine. */
  readonly epoch_error_us: number;
  readonly others: readonly { readonly here: readonly IA[]; readonly same_machine: boolean; readonly ended: boolean }[];
  readonly handshake: PieceCounters;
}

/** A run that has a beginning. */
export interface Joined {
  /** By `process.hrtime`. */
  readonly epoch: bigint;
  /** It had begun before this piece knew of it. */
  readonly late: boolean;
  /** To be called when the run begins here. */
  readonly begin: () => void;
  readonly report: () => PiecesReport;
  /** ASes whose clocks are known to be this one's. */
  readonly sameMachine: () => ReadonlySet<IA>;
}

const WAITING_MS = 100;
const RUNNING_MS = 1_000;
/** How often a piece that waits says for whom. */
const SAY_EVERY: Nanos = 5 * SECOND;
/** Who does not fit must hear of it too. */
const FAREWELL: Nanos = 500 * MILLISECOND;
/** Time for the estimate of another machine's clock to become better. */
const SETTLE: Nanos = 400 * MILLISECOND;

const monotonic = (): Nanos => Number(process.hrtime.bigint());

/** Until its scope ends, the piece answers others. `signal` raised: gives up waiting. */
export const joinPieces = Effect.fnUntraced(function* (
  world: LiveWorld,
  plan: UnderlayPlan,
  foreign: readonly IA[],
  options: PiecesOptions,
  signal: AbortSignal | undefined,
) {
  const tables = yield* Effect.acquireRelease(
    Effect.sync(() => new PieceTable(world, plan, foreign, options)),
    (table) => Effect.sync(() => table.close()),
  );
  const epoch = yield* Effect.callback<{ readonly at: Nanos; readonly late: boolean }, PiecesError>((resume) => {
    const giveUp = (): void => {
      const message = `ended before the run began: ${tables.waitsFor()}`;
      resume(Effect.fail(new PiecesError({ message, input: false })));
    };
    tables.wait(
      (at, late) => resume(Effect.succeed({ at, late })),
      (message) => resume(Effect.fail(new PiecesError({ message, input: true }))),
    );
    if (signal?.aborted === true) giveUp();
    signal?.addEventListener("abort", giveUp, { once: true });
    return Effect.sync(() => signal?.removeEventListener("abort", giveUp));
  });
  const joined: Joined = {
    epoch: BigInt(Math.round(epoch.at)),
    late: epoch.late,
    begin: () => tables.begin(),
    report: () => tables.report(),
    sameMachine: () => tables.sameMachine(),
  };
  return joined;
});

class PieceTable {
  readonly #world: LiveWorld;
  readonly #session: PieceSession;
  readonly #machine = machineId();
  readonly #options: PiecesOptions;
  #timer: NodeJS.Timeout | null = null;
  #lastSaid: Nanos = monotonic() - SAY_EVERY + SECOND;
  /** Since when the epoch is known, or what is wrong. */
  #since: Nanos | null = null;
  /** Every piece met. */
  readonly #met = new Map<string, { here: readonly IA[]; same_machine: boolean; ended: boolean }>();

  constructor(world: LiveWorld, plan: UnderlayPlan, foreign: readonly IA[], options: PiecesOptions) {
    this.#world = world;
    this.#options = options;
    const { places } = world.assembly;
    const links = linksToPieces(world, plan, foreign);
    const sockets = links.map(({ ia, ifId }) => world.socketOf(ia, ifId));
    const { scenario, pathloom, build, key } = options;
    this.#session = new PieceSession({
      identity: { scenario, pathloom, build, keyId: keyIdOf(key) },
      key,
      machine: this.#machine,
      places,
      here: places.flatMap((_ia, place) => (world.isHere(place) ? [place] : [])),
      foreign: places.flatMap((ia, place) => (foreign.includes(ia) ? [place] : [])),
      links: links.map(({ neighbour }) => neighbour),
      send: (link, bytes) => sockets[link]?.sendAside(bytes),
      clock: monotonic,
    });
    sockets.forEach((socket, link) => {
      socket.aside = (bytes) => {
        this.#session.receive(link, bytes);
        this.#tellNews();
      };
    });
  }

  /** Calls one of the two, once. */
  wait(onEpoch: (at: Nanos, late: boolean) => void, onProblem: (message: string) => void): void {
    const look = (): void => {
      this.#tick();
      const { problem, epoch } = this.#session;
      const now = monotonic();
      if (problem === null && epoch === null) {
        this.#sayForWhom(now);
        return;
      }
      const late = epoch !== null && epoch.at <= (this.#since ?? now);
      this.#since ??= now;
      if (problem !== null && now - this.#since >= FAREWELL) this.#stop(() => onProblem(problem));
      else if (problem === null && epoch !== null && (!late || now - this.#since >= SETTLE || epoch.error === 0))
        this.#stop(() => onEpoch(epoch.at, late));
    };
    this.#timer = setInterval(look, WAITING_MS);
    look();
  }

  begin(): void {
    this.#session.begin();
    this.#stop(() => undefined);
    this.#timer = setInterval(() => this.#tick(), RUNNING_MS);
    this.#timer.unref();
  }

  close(): void {
    this.#stop(() => this.#session.end());
  }

  report(): PiecesReport {
    const { counters, epoch } = this.#session;
    this.#meet();
    return { epoch_error_us: (epoch?.error ?? 0) / 1_000, others: [...this.#met.values()], handshake: { ...counters } };
  }

  sameMachine(): ReadonlySet<IA> {
    this.#meet();
    const here = this.#world.assembly.places.filter((_ia, place) => this.#world.isHere(place));
    return new Set([...here, ...[...this.#met.values()].flatMap((one) => (one.same_machine ? one.here : []))]);
  }

  waitsFor(): string {
    const { missing, counters } = this.#session;
    if (missing.length === 0) return `all ASes are up; ${this.#world.assembly.places[0]} says when the run begins`;
    const refused = counters.forged + counters.garbage;
    const notes = refused === 0 ? "" : ` (${refused} datagrams came that no piece of this run has sent)`;
    return `waiting for ${missing.join(", ")}: start their pieces (pathloom live --only)${notes}`;
  }

  #sayForWhom(now: Nanos): void {
    if (now - this.#lastSaid < SAY_EVERY) return;
    this.#lastSaid = now;
    this.#options.onNews?.(this.waitsFor());
  }

  #tick(): void {
    this.#session.tick();
    this.#meet();
    this.#tellNews();
  }

  #tellNews(): void {
    for (const text of this.#session.takeNews()) this.#options.onNews?.(text);
  }

  #meet(): void {
    const { places } = this.#world.assembly;
    for (const { instance, machine, ended, places: theirs } of this.#session.others) {
      const here = theirs.map((place) => places[place] as IA);
      // The latest of those that were started again: no run has more pieces than that.
      const last = [...this.#met].find(
        ([other, one]) => other !== instance && one.here.some((ia) => here.includes(ia)),
      );
      if (last !== undefined) this.#met.delete(last[0]);
      this.#met.set(instance, { here, same_machine: machine !== NONE && machine === this.#machine, ended });
    }
  }

  #stop(then: () => void): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    then();
  }
}

/** Ends of links that lead to other pieces, one for each link. */
function linksToPieces(world: LiveWorld, plan: UnderlayPlan, foreign: readonly IA[]) {
  const elsewhere = new Set(world.assembly.places.filter((ia, place) => !world.isHere(place) && !foreign.includes(ia)));
  return plan.places.flatMap(({ ia, links }, place) =>
    (world.isHere(place) ? links : []).flatMap(({ ifId, neighbour: there }) => {
      const neighbour: Neighbour = { name: formatInterface(ia, ifId), ia: there };
      return elsewhere.has(there) ? [{ ia, ifId, neighbour }] : [];
    }),
  );
}
