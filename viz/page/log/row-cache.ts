/** Rows of the log by their place among those that match, fetched in pages around what is in sight. One question is under way at a time; the newest wish goes next. */
import type { LogFilter, LogPage, LogRow } from "../../../core/exploration.ts";

export type AskLog = (ask: {
  readonly filter: LogFilter;
  readonly first: number;
  readonly count: number;
  readonly around?: number;
}) => Promise<LogPage>;

const PAGE = 200;
const MOST_PAGES = 100;

export class RowCache {
  /** Rows that match, as far as was told. */
  total = 0;
  keptFrom = 0;
  readonly #ask: AskLog;
  readonly #changed: () => void;
  readonly #failed: (error: unknown) => void;
  #filter: LogFilter = {};
  /** Counts filters, so that late answers are known as such. */
  #turn = 0;
  /** By number; those used last stand last. */
  readonly #pages = new Map<number, readonly LogRow[]>();
  #busy = false;
  #wish: readonly [from: number, to: number] | null = null;

  constructor(ask: AskLog, changed: () => void, failed: (error: unknown) => void) {
    this.#ask = ask;
    this.#changed = changed;
    this.#failed = failed;
  }

  get filter(): LogFilter {
    return this.#filter;
  }

  /** Rows of another filter, or of another run. */
  begin(filter: LogFilter): void {
    this.#turn++;
    this.#filter = filter;
    this.#pages.clear();
    this.total = 0;
    this.keptFrom = 0;
    this.#wish = [0, PAGE];
    this.#next();
  }

  /** null: not here yet. */
  rowAt(index: number): LogRow | null {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE] ?? null;
  }

  /** Fetches what is missing of rows `from` to `to`. */
  want(from: number, to: number): void {
    this.#wish = [from, to];
    this.#next();
  }

  /** The log has grown: how many match is asked anew, and a last page that was not full is fetched again. */
  refresh(): void {
    const last = Math.max(0, Math.ceil(this.total / PAGE) - 1);
    if ((this.#pages.get(last)?.length ?? PAGE) < PAGE) this.#pages.delete(last);
    void this.#fetch(last);
  }

  /** The place of the last row at or before an event; -1: none is. */
  async placeOf(event: number): Promise<number> {
    const turn = this.#turn;
    const page = await this.#ask({ filter: this.#filter, first: 0, count: 4, around: event });
    if (turn !== this.#turn) return -1;
    this.#heardTotal(page);
    const at = page.rows.findLastIndex((row) => row.event <= event);
    return at < 0 ? -1 : page.first + at;
  }

  #next(): void {
    if (this.#busy || this.#wish === null) return;
    const [from, to] = this.#wish;
    const last = Math.floor(Math.max(from, to - 1) / PAGE);
    for (let page = Math.floor(Math.max(0, from) / PAGE); page <= last; page++) {
      if (this.#pages.has(page)) continue;
      void this.#fetch(page);
      return;
    }
    this.#wish = null;
  }

  async #fetch(page: number): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    const turn = this.#turn;
    try {
      const answer = await this.#ask({ filter: this.#filter, first: page * PAGE, count: PAGE });
      if (turn === this.#turn) this.#take(page, answer);
    } catch (error) {
      this.#wish = null;
      this.#failed(error);
    } finally {
      this.#busy = false;
    }
    this.#next();
  }

  #take(page: number, answer: LogPage): void {
    this.#heardTotal(answer);
    this.#pages.delete(page);
    this.#pages.set(page, answer.first === page * PAGE ? answer.rows : []);
    for (const old of this.#pages.keys()) {
      if (this.#pages.size <= MOST_PAGES) break;
      this.#pages.delete(old);
    }
    this.#changed();
  }

  /** Where the log has forgotten rows, every place means another one. */
  #heardTotal({ total, keptFrom }: LogPage): void {
    if (keptFrom !== this.keptFrom) this.#pages.clear();
    else if (total > this.total) {
      const last = Math.floor(this.total / PAGE);
      if ((this.#pages.get(last)?.length ?? PAGE) < PAGE) this.#pages.delete(last);
    }
    const isNew = total !== this.total || keptFrom !== this.keptFrom;
    this.total = total;
    this.keptFrom = keptFrom;
    if (isNew) this.#changed();
  }
}
