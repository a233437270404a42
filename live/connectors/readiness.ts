/** What a connector tells its watcher: at once from the event loop, soon from inside a call, later where nobody watches yet. */
import { EVENTS } from "../../core/connector.ts";

/** Kept for the next watcher; bytes are seen by `peek`, and being writable is the rule. */
const KEPT = EVENTS.OPEN | EVENTS.CLOSE | EVENTS.ERROR;

export class Readiness {
  #notify: ((events: number) => void) | null = null;
  #kept = 0;
  #soon = 0;
  /** Raised by every watch: what was meant for an earlier watcher does not reach a later one. */
  #round = 0;

  /** `waiting`: connections that wait, each of which the watcher is told of. */
  watch(notify: (events: number) => void, waiting = 0): () => void {
    const round = ++this.#round;
    this.#notify = notify;
    // Those that wait are told one by one below.
    if (waiting > 0) this.#soon &= ~EVENTS.READ;
    if (this.#kept !== 0 || waiting > 0) process.nextTick(() => this.#catchUp(round, waiting));
    return () => {
      if (this.#round === round) this.#notify = null;
    };
  }

  /** From the event loop. */
  tell(events: number): void {
    if (this.#notify === null) this.#kept |= events & KEPT;
    else this.#notify(events);
  }

  /** From inside a call of the connector. */
  tellSoon(events: number): void {
    if (this.#soon === 0) process.nextTick(this.#tellNow);
    this.#soon |= events;
  }

  /** Forgets what happened: the connector is closed, and may be opened anew. */
  clear(): void {
    this.#kept = 0;
    this.#soon = 0;
  }

  readonly #tellNow = (): void => {
    const events = this.#soon;
    this.#soon = 0;
    if (events !== 0) this.tell(events);
  };

  #catchUp(round: number, waiting: number): void {
    const events = this.#kept;
    this.#kept = 0;
    for (let n = 0; n < Math.max(1, waiting); n++) {
      if (this.#round !== round) return;
      const bits = (n === 0 ? events : 0) | (waiting > 0 ? EVENTS.READ : 0);
      if (bits !== 0) this.tell(bits);
    }
  }
}
