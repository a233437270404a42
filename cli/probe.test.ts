/** `pathloom ping` and `pathloom traceroute` as child processes, in both worlds, across a network with a link that fails. */
import test from "ava";
import { pathloom, temporaryFolder, writeText } from "./child-testing.ts";

const [SRC, DST] = ["1-ff00:0:110", "1-ff00:0:120"] as const;
const folder = temporaryFolder();

/** The first way of the diamond is down from the start of the second echo on. */
const FAILING = `
name: failing
topology: diamond
duration: 10s
detection: 20ms
flows: [{ id: f, from: ${SRC}, to: ${DST}, app: ping, interval: 1s }]
faults: [{ at: 250ms, link: "${SRC}#3", event: down }]
`;

interface PingReport {
  readonly sent: number;
  readonly received: number;
  readonly replies: readonly { readonly path: string; readonly time_ms: number | null }[];
  readonly errors: readonly { readonly error: string; readonly ia: string; readonly ifId: number }[];
}

for (const live of [false, true]) {
  const world = live ? "live" : "sim";
  const where = live ? ["--live"] : [];

  test(`ping across a link that fails, ${world}: the error comes back, the path changes, answers go on`, async (t) => {
    const file = writeText(folder, `failing-${world}.yaml`, FAILING);
    const { code, stdout, stderr } = await pathloom(
      ["ping", file, SRC, DST, "--count", "10", "--interval", "150ms", "--json"].concat(where),
    );
    t.is(code, 0, stderr);
    const report = JSON.parse(stdout) as PingReport;
    t.is(report.sent, 10);
    t.true(report.received >= 6 && report.received < 10, `${report.received} received`);
    t.like(report.errors[0], { error: "scmp.interface-down", ia: SRC, ifId: 3 });
    t.true(new Set(report.replies.map(({ path }) => path)).size >= 2);
    t.not(report.replies.at(-1)?.time_ms, null);
  });

  test(`traceroute, ${world}: every interface of the path answers in order, and the host`, async (t) => {
    const { code, stdout, stderr } = await pathloom([
      "traceroute",
      "diamond",
      SRC,
      DST,
      "--probes",
      "1",
      "--json",
      ...where,
    ]);
    t.is(code, 0, stderr);
    const { hops } = JSON.parse(stdout) as { hops: { interface: string | null; from: string; rtt_ms: number[] }[] };
    const names = [`${SRC}#3`, "1-ff00:0:150#1", "1-ff00:0:150#2", `${DST}#3`, null];
    t.deepEqual(
      hops.map((hop) => hop.interface),
      names,
    );
    t.deepEqual(
      hops.map(({ from }) => from.split(",")[0]),
      [SRC, "1-ff00:0:150", "1-ff00:0:150", DST, DST],
    );
    t.true((hops[4]?.rtt_ms[0] ?? 0) >= 119.9);
  });
}

test("ping prints each answer; the path can be chosen by number and by fingerprint", async (t) => {
  const { code, stdout } = await pathloom(["ping", "diamond", SRC, DST, "--count", "2", "--path", "1"]);
  t.is(code, 0);
  const [, used = "", first = ""] = stdout.split("\n");
  t.regex(first, /^reply: scmp_seq=0 time=[\d.]+ ms$/);
  t.regex(stdout, /2 sent, 2 received, 0 % lost/);
  const fingerprint = used.replace("using path ", "");
  const again = await pathloom(["ping", "diamond", SRC, DST, "--count", "1", "--path", fingerprint]);
  t.true(again.stdout.includes(`using path ${fingerprint}`));
});

test("what cannot be: exit code 2 and what there is; nobody answers: exit code 1", async (t) => {
  const path = await pathloom(["ping", "diamond", SRC, DST, "--path", "99"]);
  t.is(path.code, 2);
  t.regex(path.stderr, /--path 99: no such path; there are 0: [0-9a-f]{16}/);
  const unknown = await pathloom(["traceroute", "diamond", SRC, "1-ff00:0:12"]);
  t.is(unknown.code, 2);
  t.regex(unknown.stderr, /dst: topology diamond has no AS 1-ff00:0:12/);
  const service = await pathloom(["ping", "diamond", SRC, `${DST},CS`, "--count", "2", "--json"]);
  t.is(service.code, 1);
  t.like(JSON.parse(service.stdout), { received: 0, errors: [{ error: "scmp.destination-unreachable" }] });
});
