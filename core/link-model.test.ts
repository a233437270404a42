/** Loss and jitter by their moments, and what common random numbers promise: a packet's fate hangs on the packet alone. */
import test from "ava";
import { hashText, keyedUniform } from "./digest.ts";
import { carry, createLinkModel } from "./link-model.ts";
import { NO_FLOW, type Packet } from "./packet.ts";
import { linkKeys } from "./passage.ts";
import { DEFAULT_DIRECTION, type LinkDirection } from "./scenario.ts";

const CLEAN: LinkDirection = {
  ...DEFAULT_DIRECTION,
  latency_ns: 1_000_000,
  rate_bps: 0,
  queue_packets: 0,
  reorder: true,
};
const N = 200_000;

function modelOf(changes: Partial<LinkDirection>, seed = 1) {
  return createLinkModel({ ...CLEAN, ...changes }, linkKeys(seed, "link"));
}

const packet = (number: number, flow = 0): Packet => ({ flow, number, wireLength: 1000 }) as Packet;

function delays(changes: Partial<LinkDirection>): number[] {
  const model = modelOf(changes);
  return Array.from({ length: N }, (_, n) => carry(model, n * 10_000_000, packet(n))).filter(
    (delay) => typeof delay === "number",
  );
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

for (const loss of [0.001, 0.01, 0.3]) {
  test(`loss of ${loss}: share and variance of runs as a Bernoulli process has them`, (t) => {
    const model = modelOf({ loss });
    const lost = Array.from({ length: N }, (_, n) => (carry(model, n, packet(n)) === "loss" ? 1 : 0) as number);
    const share = mean(lost);
    const sigma = Math.sqrt((loss * (1 - loss)) / N);
    t.true(Math.abs(share - loss) < 4 * sigma, `share ${share}, expected ${loss} within 4 x ${sigma}`);
    // Neighbours are independent: the share of pairs lost together is the square.
    const pairs = mean(lost.slice(1).map((one, n) => one * (lost[n] as number)));
    t.true(Math.abs(pairs - loss * loss) < 5 * Math.sqrt((loss * loss) / N), `pairs ${pairs}, expected ${loss * loss}`);
  });
}

test("jitter is uniform: mean, variance, bounds, fourth moment", (t) => {
  const jitter = 400_000;
  const found = delays({ delay: { kind: "uniform", width_ns: jitter } }).map((delay) => (delay - 1_000_000) / jitter);
  t.true(found.every((x) => x >= -1 && x <= 1));
  t.true(Math.abs(mean(found)) < 4 * Math.sqrt(1 / 3 / N), `mean ${mean(found)}`);
  t.true(Math.abs(mean(found.map((x) => x * x)) - 1 / 3) < 0.003);
  t.true(Math.abs(mean(found.map((x) => x * x * x * x)) - 1 / 5) < 0.003);
});

test("draws of one key over flows and numbers are uniform (chi-squared over 100 bins)", (t) => {
  const key = hashText("uniform");
  const bins = new Array<number>(100).fill(0);
  for (let flow = 0; flow < 200; flow++) {
    for (let number = 0; number < 1000; number++) {
      const bin = Math.floor(keyedUniform(key, flow, number) * 100);
      bins[bin] = (bins[bin] as number) + 1;
    }
  }
  const expected = 2000;
  const chi = bins.reduce((sum, count) => sum + ((count - expected) * (count - expected)) / expected, 0);
  // 99 degrees of freedom: 99.9 % of the time below 149.
  t.true(chi < 149, `chi-squared ${chi}`);
});

test("a packet's loss and jitter do not depend on what else was sent", (t) => {
  const changes: Partial<LinkDirection> = { loss: 0.2, delay: { kind: "uniform", width_ns: 500_000 } };
  const alone = modelOf(changes);
  const crowd = modelOf(changes);
  for (let n = 0; n < 2000; n++) {
    const expected = carry(alone, n * 5_000_000, packet(n, 3));
    for (let other = 0; other < 3; other++) carry(crowd, n * 5_000_000, packet(n, 10 + other));
    t.is(carry(crowd, n * 5_000_000, packet(n, 3)), expected);
  }
});

test("without reorder no packet arrives before the one sent earlier; with it some do", (t) => {
  const arrivals = (reorder: boolean): number[] => {
    const model = modelOf({ delay: { kind: "uniform", width_ns: 900_000 }, reorder });
    return Array.from({ length: 1000 }, (_, n) => n * 10_000 + (carry(model, n * 10_000, packet(n)) as number));
  };
  const overtakes = (times: readonly number[]): number =>
    times.filter((time, n) => n > 0 && time < (times[n - 1] as number)).length;
  t.is(overtakes(arrivals(false)), 0);
  t.true(overtakes(arrivals(true)) > 100);
});

test("a packet lost on the line has used its share of it", (t) => {
  const model = modelOf({ loss: 1, rate_bps: 8_000_000 });
  t.is(carry(model, 0, packet(0)), "loss");
  t.is(model.busyUntil, 1_000_000);
});

const datagram = (bytes: readonly number[], changes: Partial<Packet> = {}): Packet =>
  ({
    flow: NO_FLOW,
    number: 0,
    wireLength: 100,
    srcIa: "1-1",
    srcHost: "10.0.0.1",
    dstIa: "1-2",
    dstHost: "10.0.0.2",
    l4: { kind: "udp", srcPort: 1, dstPort: 2 },
    payloadLength: bytes.length,
    rest: new Uint8Array(bytes),
    ...changes,
  }) as Packet;

test("packets without flow draw one by one, by their bytes and addresses", (t) => {
  const loss = 0.2;
  const share = (packets: (n: number) => Packet): number => {
    const model = modelOf({ loss });
    return mean(Array.from({ length: 20_000 }, (_, n) => (carry(model, n, packets(n)) === "loss" ? 1 : 0) as number));
  };
  const near = (found: number, what: string) => t.true(Math.abs(found - loss) < 0.02, `${what}: ${found}`);
  near(
    share((n) => datagram([n & 255, n >> 8])),
    "other bytes each",
  );
  near(
    share(() => datagram([1, 2, 3])),
    "the same bytes again and again",
  );
  near(
    share((n) => datagram([7], { l4: { kind: "udp", srcPort: n, dstPort: 9 } })),
    "other ports each",
  );
  near(
    share((n) => datagram([], { rest: null, dstHost: `10.0.${n >> 8}.${n & 255}` })),
    "other addresses each",
  );
});

test("what befalls a packet without flow does not hang on packets of other bytes", (t) => {
  const fates = (between: number): unknown[] => {
    const model = modelOf({ loss: 0.5, delay: { kind: "uniform", width_ns: 1_000 } });
    return Array.from({ length: 50 }, (_, n) => {
      for (let other = 0; other < between; other++) carry(model, n * 1_000_000, datagram([9, 9, 9, 9]));
      return carry(model, n * 1_000_000, datagram([n]));
    });
  };
  t.deepEqual(fates(3), fates(0));
});

test("ports, addresses, length and bytes each make another packet of it", (t) => {
  const fates = (changes: Partial<Packet>, bytes: readonly number[] = [1, 2, 3]): string =>
    Array.from({ length: 40 }, (_, seed) => carry(modelOf({ loss: 0.5 }, seed), 0, datagram(bytes, changes))).join(" ");
  const others = [
    fates({}),
    fates({ l4: { kind: "udp", srcPort: 2, dstPort: 1 } }),
    fates({ l4: { kind: "scmp.other", type: 1, code: 1 } }),
    fates({ srcIa: "1-3" }),
    fates({ srcHost: "10.0.0.9" }),
    fates({ dstIa: "1-3" }),
    fates({ dstHost: "10.0.0.9" }),
    fates({}, [1, 2, 4]),
    fates({ rest: null }),
    fates({ rest: null, payloadLength: 4 }),
  ];
  t.is(new Set(others).size, others.length);
  t.is(fates({}), others[0] as string);
});
