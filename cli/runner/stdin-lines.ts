/** Commands that answer every line of stdin with a line of stdout, thousands in one process. */
import { createInterface } from "node:readline";
import * as Effect from "effect/Effect";

/** Answers written to stdout at once. */
const LINES_A_PIECE = 256;

export interface Answer {
  readonly text: string;
  readonly ok: boolean;
}

/** Answers each line, counted from 1; tells how many answers were none. */
export function eachLine(answer: (line: string, number: number) => Answer): Effect.Effect<number> {
  return Effect.promise(async () => {
    const pieces: string[] = [];
    let [number, failed] = [0, 0];
    const flush = async (): Promise<void> => {
      const text = pieces.join("");
      pieces.length = 0;
      if (!process.stdout.write(text)) await new Promise((resolve) => process.stdout.once("drain", resolve));
    };
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
      const { text, ok } = answer(line, ++number);
      if (!ok) failed++;
      pieces.push(text, "\n");
      if (pieces.length >= 2 * LINES_A_PIECE) await flush();
    }
    await flush();
    return failed;
  });
}
