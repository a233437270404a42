/** Programs over channels, the same in both worlds. */
import test from "ava";
import { bytesOf, livePlace, pair, type Place, runIn, simPlace } from "./worlds-testing.ts";

const PLACES: readonly (readonly [string, () => Place])[] = [
  ["live", livePlace],
  ["sim", simPlace],
];

for (const [name, place] of PLACES) {
  test(`${name}: connect, open, write, read to the end, close`, async (t) => {
    const there = place();
    await runIn(there, async () => {
      const { listener, asking, asked } = await pair(there);
      t.deepEqual(asking.identity, listener.identity);
      const channel = await asking.open();
      const sent = bytesOf(300_000);
      const got = (async () => {
        const offered = await asked.accept();
        const pieces: Uint8Array[] = [];
        for await (const piece of offered!) pieces.push(piece);
        offered!.finish();
        return Buffer.concat(pieces);
      })();
      await channel.write(sent);
      channel.finish();
      t.deepEqual(new Uint8Array(await got), sent);
      t.is(await channel.read(), null);
      await channel.delivered();
      t.is((await asking.finish()).word, "closed");
      await listener.close();
    });
  });
}
