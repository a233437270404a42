import { connectChannels, listenChannels } from "../live/channels/connect.ts";
import { liveChannels } from "../live/channels/world.ts";
import { patternOf, CHUNK } from "./channel-live-end.ts";
const N = Number(process.argv[2] ?? 16) << 20;
const TUNING = {
  windows: { channel: 4 << 20, association: 16 << 20, sendBuffer: 4 << 20 },
  paths: { probeMtu: false, acks: { every: 16 } },
};
const listener = await listenChannels({ world: liveChannels(), at: ["udp4://127.0.0.1:0"], mtu: 1400, tuning: TUNING });
const asking = await connectChannels({
  world: liveChannels(),
  links: [{ to: listener.urls[0]!, from: "udp4://127.0.0.1:0", mtu: 1400 }],
  peer: listener.identity,
  tuning: TUNING,
});
const asked = (await listener.accept())!;
const chunk = patternOf(CHUNK);
const t0 = process.hrtime.bigint();
const c0 = process.cpuUsage();
const rec = (async () => {
  const ch = (await asked.accept())!;
  let n = 0;
  let reads = 0;
  for (let p = await ch.read(); p !== null; p = await ch.read()) {
    n += p.length;
    reads++;
  }
  ch.finish();
  return { n, reads };
})();
const ch = await asking.open();
let mark = process.cpuUsage();
let mt = process.hrtime.bigint();
for (let s = 0; s < N; s += CHUNK) {
  await ch.write(chunk);
  if (s % (8 << 20) === 0 && s > 0) {
    const m = process.cpuUsage(mark);
    mark = process.cpuUsage();
    const w = Number(process.hrtime.bigint() - mt) / 1e9;
    mt = process.hrtime.bigint();
    console.log(
      (s >> 20) + " MB",
      (((m.user + m.system) * 1400) / (8 << 20)).toFixed(1),
      "us a packet cpu (user",
      ((m.user * 1400) / (8 << 20)).toFixed(1) + ")",
      (8.388 / w).toFixed(1) + " MB/s",
    );
  }
}
ch.finish();
await ch.delivered();
const { n, reads } = await rec;
const s = Number(process.hrtime.bigint() - t0) / 1e9;
const c = process.cpuUsage(c0);
console.log(
  n,
  "reads",
  reads,
  (n / s / 1e6).toFixed(1),
  "MB/s",
  (((c.user + c.system) * 1400) / n).toFixed(1),
  "us cpu a packet both ends",
);
const st = asking.statistics();
const sr = asked.statistics();
console.log(JSON.stringify(st.paths[0]), JSON.stringify({ ...st.counts, dropped: 0 }));
console.log(JSON.stringify({ ...sr.counts, dropped: 0 }));
const rec2 = asking.engine()!.paths.list[0]!.recovery;
console.log(JSON.stringify(rec2.counts), rec2.controller.window);
process.exit(0);
