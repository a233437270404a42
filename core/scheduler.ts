/**
 * Callbacks for readiness, time and users' own events (after Packeteer), on whatever clock it is given: real time in the live
 * world, virtual time inside a simulation. One thread and no promises, so the order of calls is total: by the time a thing
 * became due, then by the order of registration.
 *
 *   connector --watch--> told --+
 *   schedule* ------------------+--> heap (time, registration) --> round --> callback
 *   fireEvents -----------------+
 *
 * A round takes all that is due at its start and calls it in order. What callbacks add waits for the next round, what they take
 * back is not called any more, so nobody starves and nobody is called after `unregister`.
 */
import {
  type Connector,
  type ConnectorError,
  type ConnectorErrorName,
  EVENTS,
  type Outcome,
  refuse,
} from "./connector.ts";
import { Heap } from "./heap.ts";
import { err, ok } from "./result.ts";
import { MICROSECOND, type Nanos } from "./units.ts";

/** Time as a scheduler needs it; `MonotonicClock` of the live world and `simClock` of a simulated network are two. */
export interface SchedulerClock {
  now(): Nanos;
  /** Calls back once, at or after `due`, never from inside `wake`. A later `wake` replaces an earlier one. */
  wake(due: Nanos, callback: () => void): void;
  stop(): void;
  /** Lets time go by up to `until` or until `ready` holds; only a clock of virtual time can. `process` waits with it. */
  pass?(until: Nanos, ready: () => boolean): void;
}

/**
 * `repeat_action` from a callback with the repeat flag calls it again; `repeat_action` without the flag and `async` say
 * "nothing to do for now"; any other name is a failure.
 */
export type SchedulerCallback = (
  now: Nanos,
  events: number,
  connector: Connector | null,
) => ConnectorErrorName | void | undefined;

export interface RegisterFlags {
  /** Taken back before its first call; the callback may register anew. */
  readonly once?: boolean;
  /** Called again, in the next round, as long as it answers `repeat_action`. */
  readonly repeat?: boolean;
}

export interface SchedulerOptions {
  /** Gets what a callback threw, or the error it answered. Without it both surface from `process`, or from the clock's wake. */
  readonly failed?: (error: unknown) => void;
  /** Calls before the loop gets its turn. */
  readonly batch?: number;
  /** Registrations and timers at most; beyond them `num_items`. */
  readonly most?: number;
}

/** Packeteer handles this many events before it looks up; so do we. */
const BATCH = 512;
const MOST = 1_000_000;
/** How long the loop gets after a full batch: in virtual time it keeps an endless repeat from holding an instant for ever. */
const BREATH: Nanos = MICROSECOND;

/** All bits of a 32-bit mask from `USER` up, the sign bit left out. */
const USER_MASK = 0x7fffffff & ~(EVENTS.USER - 1);
const IO_MASK = EVENTS.READ | EVENTS.WRITE | EVENTS.ERROR | EVENTS.OPEN | EVENTS.CLOSE;

/** A callback threw nothing but answered an error. */
export class CallbackError extends Error {
  readonly error: ConnectorError;

  constructor(error: ConnectorError) {
    super(error.message);
    this.error = error;
    this.name = "CallbackError";
  }
}

/** One entry of the scheduler: a connector's interest, a timer, or an interest in users' events. */
interface Registration {
  /** Second key of the order of calls. */
  readonly order: number;
  readonly slot: number;
  readonly connector: Connector | null;
  readonly callback: SchedulerCallback;
  readonly once: boolean;
  readonly repeat: boolean;
  events: number;
  /** Events to be reported by the next call. */
  pending: number;
  /** Stands in the heap, or in the round that is being called. */
  queued: boolean;
  live: boolean;
  /** Timers: when it is due, the step to the next, and how many calls are left (-1: no end). */
  due: Nanos;
  readonly interval: Nanos;
  left: number;
}

/** A connector somebody registered for. */
interface Watched {
  readonly interests: Registration[];
  /** Told while nobody was interested in it. */
  unclaimed: number;
  /** Connections that wait at a listener: each notification of READ is one. */
  waiting: number;
  unwatch: () => void;
}

export class Scheduler {
  readonly #clock: SchedulerClock;
  readonly #failed: ((error: unknown) => void) | undefined;
  readonly #batch: number;
  readonly #most: number;
  readonly #heap = new Heap();
  readonly #slots: (Registration | null)[] = [];
  readonly #free: number[] = [];
  readonly #watched = new Map<Connector, Watched>();
  readonly #timers = new Map<SchedulerCallback, Set<Registration>>();
  readonly #user: Registration[] = [];
  #count = 0;
  #orders = 0;
  #attached = false;
  #running = false;
  /** When the clock will wake us, Infinity where it will not. */
  #armed: Nanos = Number.POSITIVE_INFINITY;
  /** Told again after the run: their bytes wait still. */
  readonly #lingering: Registration[] = [];
  /** Connectors whose last interest went during the run. */
  readonly #idle = new Set<Connector>();
  #instant: Nanos = -1;
  #callsAtInstant = 0;

  constructor(clock: SchedulerClock, options: SchedulerOptions = {}) {
    this.#clock = clock;
    this.#failed = options.failed;
    this.#batch = Math.max(1, options.batch ?? BATCH);
    this.#most = options.most ?? MOST;
  }

  /** Registrations, timers and interests in users' events that stand now. */
  get size(): number {
    return this.#count;
  }

  /** Whether the clock drives it. */
  get attached(): boolean {
    return this.#attached;
  }

  get clock(): SchedulerClock {
    return this.#clock;
  }

  /**
   * Calls back when the connector is ready for one of `events`. Bytes that wait already, connections that wait already and a
   * connector that can be written to count as told. The same callback with the same flags once more adds its events.
   */
  register(
    connector: Connector,
    events: number,
    callback: SchedulerCallback,
    flags: RegisterFlags = {},
  ): Outcome<void> {
    if (typeof callback !== "function") return emptyCallback("register");
    if (!isMask(events, IO_MASK)) {
      return refuse(
        "invalid_value",
        `register takes READ, WRITE, ERROR, OPEN and CLOSE; ${events} holds something else.`,
      );
    }
    const known = this.#watched.get(connector);
    const same = known?.interests.find((one) => one.callback === callback && sameFlags(one, flags));
    if (same === undefined && this.#count >= this.#most) return this.#full();
    const watched = known ?? this.#watch(connector);
    const interest = same ?? this.#add(connector, callback, 0, flags);
    if (same === undefined) watched.interests.push(interest);
    const added = events & ~interest.events;
    interest.events |= events;
    const ready = added & (readyNow(connector, watched) | watched.unclaimed);
    watched.unclaimed &= ~added;
    if (ready !== 0) this.#tell(interest, ready);
    return ok(undefined);
  }

  /** Takes back some events of one callback, some events of all, or (with the connector alone) everything. */
  unregister(connector: Connector, events: number = IO_MASK, callback?: SchedulerCallback): Outcome<void> {
    const watched = this.#watched.get(connector);
    if (watched === undefined) return ok(undefined);
    for (const interest of watched.interests.slice()) {
      if (callback !== undefined && interest.callback !== callback) continue;
      interest.events &= ~events;
      interest.pending &= interest.events;
      if (interest.events === 0) this.#drop(interest);
    }
    return ok(undefined);
  }

  /** One call after `delay`. */
  scheduleOnce(delay: Nanos, callback: SchedulerCallback): Outcome<void> {
    return this.schedule(this.#clock.now() + delay, 0, 0, callback);
  }

  /** One call at `time` of the clock; at once where that has gone by. */
  scheduleAt(time: Nanos, callback: SchedulerCallback): Outcome<void> {
    return this.schedule(time, 0, 0, callback);
  }

  /**
   * Calls at `first` (a time of the clock) and then every `interval`: `count` 0 is one call, above 0 that many, below 0 no
   * end. Calls keep to the grid of `first`; those missed while the loop was busy are left out, but do not count.
   */
  schedule(first: Nanos, interval: Nanos, count: number, callback: SchedulerCallback): Outcome<void> {
    if (typeof callback !== "function") return emptyCallback("schedule");
    if (!Number.isFinite(first)) return refuse("invalid_value", `A time is a number of nanoseconds, not ${first}.`);
    if (!Number.isInteger(count)) return refuse("invalid_value", `A count of calls is a whole number, not ${count}.`);
    const repeats = count < 0 || count > 1;
    if (repeats && !(Number.isFinite(interval) && interval >= 1)) {
      return refuse("invalid_value", `A timer that repeats needs an interval of at least 1 ns, not ${interval}.`);
    }
    if (this.#count >= this.#most) return this.#full();
    const timer = this.#add(null, callback, EVENTS.TIMEOUT, {}, interval);
    timer.left = count < 0 ? -1 : Math.max(1, count);
    timer.due = first;
    const same = this.#timers.get(callback);
    if (same === undefined) this.#timers.set(callback, new Set([timer]));
    else same.add(timer);
    timer.pending = EVENTS.TIMEOUT;
    this.#queue(timer, first);
    return ok(undefined);
  }

  /** Takes back every timer of this callback and says how many there were. */
  unschedule(callback: SchedulerCallback): Outcome<number> {
    if (typeof callback !== "function") return emptyCallback("unschedule");
    const timers = this.#timers.get(callback);
    if (timers === undefined) return ok(0);
    const count = timers.size;
    for (const timer of timers) this.#drop(timer);
    return ok(count);
  }

  /** Calls back when one of these events is fired; they start at `EVENTS.USER`. */
  registerEvent(events: number, callback: SchedulerCallback): Outcome<void> {
    if (typeof callback !== "function") return emptyCallback("registerEvent");
    if (!isMask(events, USER_MASK)) return systemBits("registerEvent", events);
    const same = this.#user.find((one) => one.callback === callback);
    if (same !== undefined) {
      same.events |= events;
      return ok(undefined);
    }
    if (this.#count >= this.#most) return this.#full();
    this.#user.push(this.#add(null, callback, events, {}));
    return ok(undefined);
  }

  unregisterEvent(events: number, callback: SchedulerCallback): Outcome<void> {
    if (typeof callback !== "function") return emptyCallback("unregisterEvent");
    if (!isMask(events, USER_MASK)) return systemBits("unregisterEvent", events);
    const interest = this.#user.find((one) => one.callback === callback);
    if (interest === undefined) return ok(undefined);
    interest.events &= ~events;
    interest.pending &= interest.events;
    if (interest.events === 0) this.#drop(interest);
    return ok(undefined);
  }

  /** Fires users' events; fired twice before the call, they are reported once. */
  fireEvents(events: number): Outcome<void> {
    if (!isMask(events, USER_MASK)) return systemBits("fireEvents", events);
    for (const interest of this.#user) {
      const hit = interest.events & events;
      if (hit !== 0) this.#tell(interest, hit);
    }
    return ok(undefined);
  }

  /**
   * Handles what is ready or due, a batch at most, and says how many calls that made; `timeout` where there was nothing. A
   * clock that can let time pass waits up to `timeout`, but only to the first thing that becomes due. Throws what a callback
   * threw; what had not been called yet stays for the next `process`.
   */
  process(timeout: Nanos): Outcome<number> {
    if (this.#attached)
      return refuse("unsupported_action", "The clock drives this scheduler; detach it to pump by hand.");
    if (this.#running)
      return refuse("unsupported_action", "process was called from inside a callback; return instead.");
    const deadline = this.#clock.now() + timeout;
    try {
      for (let called = this.#run(); ; called = this.#run()) {
        if (called > 0) return ok(called);
        if (!this.#pass(deadline)) break;
      }
    } catch (error) {
      if (error instanceof CallbackError) return err(error.error);
      throw error;
    }
    return refuse("timeout", `Nothing became ready within ${timeout} ns.`);
  }

  /** From now on the clock calls: no pump is needed. */
  attach(): void {
    this.#attached = true;
    this.#arm();
  }

  /** Back to pumping by hand; registrations stay. */
  detach(): void {
    this.#attached = false;
    this.#armed = Number.POSITIVE_INFINITY;
    this.#clock.stop();
  }

  /** Waits for the first thing to become ready or due; false where no time went by. */
  #pass(deadline: Nanos): boolean {
    const clock = this.#clock;
    const start = clock.now();
    if (clock.pass === undefined || start >= deadline) return false;
    const until = this.#heap.size > 0 ? Math.min(deadline, this.#heap.topTime) : deadline;
    const ready = (): boolean => this.#heap.size > 0 && this.#heap.topTime <= clock.now();
    clock.pass(until, ready);
    return clock.now() > start || ready();
  }

  readonly #woken = (): void => {
    this.#armed = Number.POSITIVE_INFINITY;
    if (!this.#attached || this.#running) return;
    try {
      this.#run();
    } finally {
      this.#arm();
    }
  };

  /** Asks the clock to wake us for the first entry; after a full batch at one instant not before the loop had its turn. */
  #arm(): void {
    if (!this.#attached || this.#running || this.#heap.size === 0) return;
    const held = this.#callsAtInstant >= this.#batch && this.#clock.now() === this.#instant;
    const due = held ? Math.max(this.#heap.topTime, this.#instant + BREATH) : this.#heap.topTime;
    if (due >= this.#armed) return;
    this.#armed = due;
    this.#clock.wake(due, this.#woken);
  }

  /** Rounds until nothing is due or the batch is full; how many calls that made. */
  #run(): number {
    this.#running = true;
    let called = 0;
    try {
      while (called < this.#batch) {
        const now = this.#clock.now();
        if (now !== this.#instant) this.#callsAtInstant = 0;
        this.#instant = now;
        const round = this.#takeDue(now, this.#batch - called);
        if (round.length === 0) break;
        const made = this.#callRound(round, now);
        called += made;
        this.#callsAtInstant += made;
      }
    } finally {
      this.#running = false;
      this.#afterRun();
    }
    return called;
  }

  #takeDue(now: Nanos, most: number): Registration[] {
    const round: Registration[] = [];
    while (round.length < most && this.#heap.size > 0 && this.#heap.topTime <= now) {
      round.push(this.#slots[this.#heap.topItem] as Registration);
      this.#heap.pop();
    }
    return round;
  }

  #callRound(round: readonly Registration[], now: Nanos): number {
    let called = 0;
    let at = 0;
    try {
      while (at < round.length) {
        const entry = round[at++] as Registration;
        entry.queued = false;
        if (!entry.live || entry.pending === 0) continue;
        called++;
        this.#call(entry, now);
      }
    } finally {
      // A callback that threw must not cost the others their turn.
      for (const entry of round.slice(at)) {
        entry.queued = false;
        if (entry.live && entry.pending !== 0) this.#queue(entry, entry.due);
      }
    }
    return called;
  }

  #call(entry: Registration, now: Nanos): void {
    const { connector, callback } = entry;
    const events = entry.pending;
    entry.pending = 0;
    const reads = connector !== null && (events & EVENTS.READ) !== 0;
    const waited = reads ? connector.peek() : 0;
    const watched = reads ? this.#watched.get(connector) : undefined;
    if (watched !== undefined && watched.waiting > 0) watched.waiting--;
    if (entry.left !== 0) this.#advance(entry, now);
    else if (entry.once) this.#drop(entry);
    let answer: ConnectorErrorName | void | undefined;
    try {
      answer = callback(now, events, connector);
    } catch (error) {
      this.#fail(error);
    }
    if (reads && entry.live) this.#readOn(entry, connector, waited);
    if (answer === undefined || answer === "async") return;
    if (answer !== "repeat_action") this.#fail(callbackError(answer, events, connector));
    else if (entry.repeat && connector !== null) this.#again(entry, connector, events);
  }

  /** A timer's next call is settled before this one, so that the callback can take it back. */
  #advance(timer: Registration, now: Nanos): void {
    if (timer.left === 1) {
      this.#drop(timer);
      return;
    }
    if (timer.left > 0) timer.left--;
    const next = timer.due + timer.interval;
    const steps = next < now ? Math.ceil((now - timer.due) / timer.interval) : 1;
    timer.pending = EVENTS.TIMEOUT;
    this.#queue(timer, timer.due + steps * timer.interval);
  }

  /**
   * READ stands as long as something waits. Where the callback left everything as it was, the next call waits for the next
   * run, so that one `process` does not spin on a callback that never reads.
   */
  #readOn(entry: Registration, connector: Connector, waited: number): void {
    const watched = this.#watched.get(connector) as Watched;
    const left = connector.peek();
    if (watched.waiting > 0 || (left > 0 && left !== waited)) this.#tell(entry, EVENTS.READ);
    else if (left > 0) this.#lingering.push(entry);
  }

  #again(entry: Registration, connector: Connector, events: number): void {
    if (entry.live) this.#tell(entry, events & entry.events);
    else if (entry.once && entry.events !== 0) {
      this.register(connector, entry.events, entry.callback, entry);
      const anew = this.#watched.get(connector)?.interests.find((one) => one.callback === entry.callback);
      if (anew !== undefined) this.#tell(anew, events);
    }
  }

  #afterRun(): void {
    for (const entry of this.#lingering.splice(0)) {
      if (entry.live && (entry.events & EVENTS.READ) !== 0) this.#tell(entry, EVENTS.READ);
    }
    for (const connector of this.#idle) this.#unwatchIdle(connector);
    this.#idle.clear();
  }

  #fail(error: unknown): void {
    if (this.#failed === undefined) throw error;
    this.#failed(error);
  }

  #watch(connector: Connector): Watched {
    const watched: Watched = { interests: [], unclaimed: 0, waiting: 0, unwatch: () => {} };
    this.#watched.set(connector, watched);
    watched.unwatch = connector.watch((events) => this.#told(connector, watched, events));
    return watched;
  }

  #told(connector: Connector, watched: Watched, events: number): void {
    if ((events & EVENTS.READ) !== 0 && isListener(connector)) watched.waiting++;
    let claimed = 0;
    for (const interest of watched.interests) {
      const hit = interest.events & events;
      if (hit !== 0) this.#tell(interest, hit);
      claimed |= hit;
    }
    watched.unclaimed |= events & IO_MASK & ~claimed;
  }

  #tell(entry: Registration, events: number): void {
    entry.pending |= events;
    if (!entry.queued && entry.pending !== 0) this.#queue(entry, this.#clock.now());
  }

  #queue(entry: Registration, due: Nanos): void {
    entry.queued = true;
    entry.due = due;
    this.#heap.push(due, entry.order, entry.slot);
    this.#arm();
  }

  #add(
    connector: Connector | null,
    callback: SchedulerCallback,
    events: number,
    { once = false, repeat = false }: RegisterFlags,
    interval: Nanos = 0,
  ): Registration {
    const slot = this.#free.pop() ?? this.#slots.length;
    const order = this.#orders++;
    const state = { pending: 0, queued: false, live: true, due: 0, interval, left: 0 };
    const entry: Registration = { order, slot, connector, callback, once, repeat, events, ...state };
    this.#slots[slot] = entry;
    this.#count++;
    return entry;
  }

  #drop(entry: Registration): void {
    entry.live = false;
    if (entry.queued) this.#heap.remove(entry.slot);
    this.#slots[entry.slot] = null;
    this.#free.push(entry.slot);
    this.#count--;
    if (entry.connector !== null) this.#dropInterest(entry, entry.connector);
    else if (entry.interval !== 0 || entry.left !== 0) this.#dropTimer(entry);
    else remove(this.#user, entry);
    if (this.#heap.size === 0 && this.#armed !== Number.POSITIVE_INFINITY) {
      // Nothing to wake for: a timer left standing would keep a process alive.
      this.#armed = Number.POSITIVE_INFINITY;
      this.#clock.stop();
    }
  }

  #dropTimer(timer: Registration): void {
    const same = this.#timers.get(timer.callback);
    same?.delete(timer);
    if (same?.size === 0) this.#timers.delete(timer.callback);
  }

  #dropInterest(interest: Registration, connector: Connector): void {
    const watched = this.#watched.get(connector) as Watched;
    remove(watched.interests, interest);
    if (watched.interests.length > 0) return;
    // A callback that registers anew must not lose what was told meanwhile.
    if (this.#running) this.#idle.add(connector);
    else this.#unwatchIdle(connector);
  }

  #unwatchIdle(connector: Connector): void {
    const watched = this.#watched.get(connector);
    if (watched === undefined || watched.interests.length > 0) return;
    this.#watched.delete(connector);
    watched.unwatch();
  }

  #full(): Outcome<never> {
    return refuse("num_items", `The scheduler holds ${this.#most} registrations already; take some back first.`);
  }
}

/** A listener's READ means connections, not bytes. */
function isListener(connector: Connector): boolean {
  return connector.listening && !connector.communicating;
}

function readyNow(connector: Connector, watched: Watched): number {
  const read = watched.waiting > 0 || connector.peek() > 0 ? EVENTS.READ : 0;
  return connector.communicating ? read | EVENTS.WRITE : read;
}

function sameFlags(one: Registration, { once = false, repeat = false }: RegisterFlags): boolean {
  return one.once === once && one.repeat === repeat;
}

function isMask(events: number, allowed: number): boolean {
  return Number.isInteger(events) && events > 0 && events <= 0x7fffffff && (events & ~allowed) === 0;
}

function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}

function emptyCallback(method: string): Outcome<never> {
  return refuse("empty_callback", `${method} needs a function to call.`);
}

function systemBits(method: string, events: number): Outcome<never> {
  return refuse(
    "invalid_value",
    `${method} takes users' events only, from EVENTS.USER up; ${events} holds other bits.`,
  );
}

function callbackError(name: ConnectorErrorName, events: number, connector: Connector | null): CallbackError {
  const where = connector === null ? "" : ` of ${connector.url}`;
  return new CallbackError({ name, message: `The callback${where} for events ${events} answered ${name}.` });
}
