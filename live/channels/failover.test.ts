/** One of two disjoint links is cut mid-transfer; and how many flights a handshake takes. Both seen from the wire. */
import test from "ava";
import { headerForm } from "../../core/channel/crypto/long-packets.ts";
import type { NoisePattern } from "../../core/channel/crypto/noise.ts";
import type { SchedulerName } from "../../core/channel/paths/types.ts";
import { MILLISECOND, type Nanos } from "../../core/units.ts";
import type { AssociationEnd } from "./association-end.ts";
import type { ChannelEnd } from "./channel-end.ts";
import { sleep } from "./gate.ts";
import { connectChannels, createIdentity, listenChannels } from "./connect.ts";
import { bare, bytesOf, linksReady, livePlace, pair, type Place, runIn, simPlace, tapped } from "./worlds-testing.ts";

const BYTES = 1_500_000;

interface Cut {
  readonly whole: boolean;
  /** From the cut until the path was known to be dead, and from then until data arrived again. */
  readonly detected: Nanos;
  readonly resumed: Nanos;
  readonly srtt: Nanos;
}

/** A transfer whose first link, once a third has arrived, carries nothing any more, either way. */
async function transferWithCut(place: Place, scheduler: SchedulerName): Promise<Cut> {
  let isCut = false;
  const cuttable = tapped(place, ({ url }) => !(isCut && (url === dead[0] || url === dead[1])));
  const dead: [string, string] = ["", ""];
  const tuning = { paths: { scheduler } };
  const { listener, asking, asked } = await pair(cuttable, { tuning }, { tuning });
  const { clock } = place.world.scheduler;
  dead[0] = listener.urls[0] as string;
  dead[1] = asking.localUrls[0] as string;
  await linksReady(asking);
  const here = await asking.open();
  const there = (await asked.accept()) as ChannelEnd;
  const sent = bytesOf(BYTES);
  const writing = here.write(sent).then(() => here.finish());
  const got: Uint8Array[] = [];
  let [length, cutAt, resumedAt] = [0, 0, 0];
  let detecting = Promise.resolve({ at: 0, srtt: 0 });
  for await (const piece of there) {
    got.push(piece);
    length += piece.length;
    if (cutAt > 0 && resumedAt === 0) resumedAt = clock.now();
    if (cutAt > 0 || length < BYTES / 3) continue;
    isCut = true;
    cutAt = clock.now();
    detecting = untilFailed(asking);
  }
  await writing;
  const { at: detectedAt, srtt } = await detecting;
  await asking.close();
  await listener.close();
  const whole = Buffer.compare(Buffer.concat(got), sent) === 0;
  return { whole, detected: detectedAt - cutAt, resumed: resumedAt - detectedAt, srtt };
}

/** When the cut was known, and the smoothed round trips of both paths then. */
async function untilFailed(asking: AssociationEnd): Promise<{ readonly at: Nanos; readonly srtt: Nanos }> {
  while (asking.statistics().paths.find(({ key }) => key === "link 0")?.state !== "failed") {
    await sleep(asking.world, MILLISECOND);
  }
  const srtt = Math.max(...asking.statistics().paths.map((path) => path.srtt ?? 0));
  return { at: asking.world.scheduler.clock.now(), srtt };
}

for (const scheduler of ["single", "minrtt"] as const) {
  test(`sim: ${scheduler}: a link is cut mid-transfer: nothing is lost, and data arrives within three round trips of the detection`, async (t) => {
    const place = simPlace();
    const { whole, detected, resumed, srtt } = await runIn(place, () => transferWithCut(place, scheduler));
    const ms = (time: Nanos): string => `${(time / MILLISECOND).toFixed(1)} ms`;
    t.log(`detected after ${ms(detected)}, data again ${ms(resumed)} later, srtt ${ms(srtt)}`);
    t.true(whole);
    t.true(detected > 0 && srtt > 0);
    t.true(resumed <= 3 * srtt);
  });

  test(`live: ${scheduler}: a link is cut mid-transfer: nothing is lost`, async (t) => {
    const place = livePlace();
    t.true((await transferWithCut(place, scheduler)).whole);
  });
}

interface Flight {
  readonly way: "in" | "out";
  readonly form: string;
  readonly at: Nanos;
}

/** What crossed the asking end's connector until the association stood, and when it stood. */
async function flightsOf(place: Place, pattern: NoisePattern): Promise<{ flights: Flight[]; stoodAt: Nanos }> {
  const { clock } = place.world.scheduler;
  const flights: Flight[] = [];
  const watched = tapped(place, ({ way, bytes }) => {
    flights.push({
      way,
      form: headerForm(bytes) === "long" ? `long ${(bytes[0] as number) & 0x0f}` : "short",
      at: clock.now(),
    });
    return true;
  });
  const identity = createIdentity(place.world, "listener");
  const listener = await listenChannels({ world: place.world, at: place.at.slice(0, 1), pattern, identity });
  const links = [{ from: place.from[0] as string, to: bare(listener.urls[0] as string) }];
  const asking = await connectChannels({ world: watched.world, links, pattern, peer: identity.public });
  const stoodAt = clock.now();
  const before = flights.filter(({ at }) => at <= stoodAt);
  const channel = await asking.open();
  await channel.write(bytesOf(10));
  const offered = (await listener.accept()) as AssociationEnd;
  await ((await offered.accept()) as ChannelEnd).read();
  await asking.close();
  await listener.close();
  return { flights: before, stoodAt };
}

for (const pattern of ["XX", "IK"] as const) {
  test(`${pattern}: after the cookie one round trip, then data`, async (t) => {
    const place = simPlace();
    const { flights, stoodAt } = await runIn(place, () => flightsOf(place, pattern));
    const handshake = flights.map(({ way, form }) => `${way} ${form}`);
    // Types of long packets: 0 or 2 and so on by core/channel/crypto/long-packets.ts.
    const [initial, retry, again, response] = flights as [Flight, Flight, Flight, Flight];
    t.deepEqual(
      handshake.slice(0, 4).map((one) => one.split(" ")[0]),
      ["out", "in", "out", "in"],
      handshake.join(", "),
    );
    t.is(flights.filter(({ way }) => way === "in").length, 2, "nothing else had to come before data may go");
    t.is(again.at, retry.at);
    t.is(stoodAt, response.at);
    // The first trip is as long as the second, packets of one size apart.
    t.true(Math.abs(response.at - again.at - (retry.at - initial.at)) < MILLISECOND);
    t.true(handshake.slice(4).includes("out short"), "data goes with the last message");
  });
}
