/** What it returns runs `run` at once, and again `pause` ms later where it was asked for meanwhile: for questions that frames would ask too often. */
export function slowly(pause: number, run: () => unknown): () => void {
  let waits = false;
  let again = false;
  const next = (): void => {
    waits = again;
    again = false;
    if (!waits) return;
    run();
    window.setTimeout(next, pause);
  };
  return () => {
    again = true;
    if (!waits) next();
  };
}
