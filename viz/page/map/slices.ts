/** Long work in pieces, so that the page answers in between. */

/** Work that can be left at each `yield`; a piece between two takes few milliseconds. */
export type Steps<Result> = Generator<void, Result, void>;

/** What one piece may take before the page has its turn, in ms. */
const SLICE_MS = 12;

/** Does the work, a slice at a time; `done` hears the result, unless what is returned was called before. The first slice is done at once. */
export function inSlices<Result>(steps: Steps<Result>, done: (result: Result) => void): () => void {
  let ended = false;
  const turn = new MessageChannel();
  const work = (): void => {
    if (ended) return;
    const until = performance.now() + SLICE_MS;
    do {
      const { done: over, value } = steps.next();
      if (over === true) {
        ended = true;
        turn.port1.close();
        done(value);
        return;
      }
    } while (performance.now() < until);
    turn.port2.postMessage(null);
  };
  turn.port1.addEventListener("message", work);
  turn.port1.start();
  work();
  return () => {
    ended = true;
    turn.port1.close();
  };
}

/** Does it all now: for tests, and where little is to be done. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
