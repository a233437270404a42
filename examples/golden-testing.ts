/** What the examples' tests compare: a table of physical results, and what each scenario's head comment says of them. */
import type { ExecutionContext } from "ava";
import type { FlowResult, LinkResult, RunResult, TimelineEvent } from "../actors/results.ts";
import type { Scenario } from "../core/scenario.ts";

/** Flows with a line each; more are summed by workload. */
const MAX_FLOWS = 24;
const MAX_SWITCHES = 40;

/** Figures of a run as lines one can read in a diff: rounded, without digests and fingerprints. */
export function goldenTable(scenario: Scenario, { flows, links, drops, timeline }: RunResult): string {
  const parts = [
    `${scenario.name}, seed ${scenario.seed}`,
    [
      row(["flow", "sent", "received", "lost", "twice", "reordered", "goodput kbit/s", "p50 ms", "p95 ms", "switches"]),
      ...flowLines(scenario, flows),
    ],
    titled("transfers", ["flow", "started", "completed", "mean ms", "p50 ms", "p95 ms"], flows.flatMap(transferLine)),
    titled("messages", ["flow", "sent", "on time", "late", "lost"], flows.flatMap(messageLine)),
    titled("connections", ["flow", "sent again", "needlessly", "probes", "reductions"], flows.flatMap(transportLine)),
    titled("channels", ["flow", "handshake ms", "associations", "paths used", "closed"], flows.flatMap(channelLine)),
    titled(
      "links",
      ["link", "packets", "drops", "utilization", "longest queue", "marks"],
      links.flatMap((link) => linkLine(link, links.length)),
    ),
    titled("drops", ["reason", "packets"], Object.entries(drops).map(row)),
    titled("timeline", ["ms", "what"], timelineLines(timeline)),
  ];
  return `${parts
    .map((part) => (typeof part === "string" ? part : part.join("\n")))
    .filter((part) => part !== "")
    .join("\n\n")}\n`;
}

function row([first = "", ...cells]: readonly (string | number)[]): string {
  return `${String(first).padEnd(32)}${cells.map((cell) => String(cell).padStart(15)).join("")}`.trimEnd();
}

function titled(title: string, head: readonly string[], lines: readonly string[]): string {
  return lines.length === 0 ? "" : [title, row(head), ...lines].join("\n");
}

function ms(value: number | null): string {
  return value === null ? "-" : value.toFixed(2);
}

function flowLines({ flows: specs }: Scenario, flows: readonly FlowResult[]): string[] {
  if (flows.length <= MAX_FLOWS) return flows.map((flow) => flowLine(flow.id, [flow]));
  const groups = Map.groupBy(flows, (_, number) => specs[number]?.workload ?? null);
  return [...groups].map(([workload, group]) => flowLine(`${workload ?? "flows"}, ${group.length} flows`, group));
}

function flowLine(title: string, group: readonly FlowResult[]): string {
  const sum = (of: (flow: FlowResult) => number): number => group.reduce((total, flow) => total + of(flow), 0);
  const delays = (of: (flow: FlowResult) => number | null): string => {
    const known = group.map(of).filter((delay) => delay !== null);
    if (known.length < 2) return ms(known[0] ?? null);
    return `${ms(Math.min(...known))}-${ms(Math.max(...known))}`;
  };
  return row([
    title,
    sum(({ sent }) => sent),
    sum(({ received }) => received),
    sum(({ lost }) => lost),
    sum(({ duplicates = 0 }) => duplicates),
    sum(({ reordered }) => reordered),
    (sum(({ goodput_bps }) => goodput_bps) / 1_000).toFixed(1),
    delays(({ latency_ms }) => latency_ms.p50),
    delays(({ latency_ms }) => latency_ms.p95),
    sum(({ switches }) => switches),
  ]);
}

function transferLine({ id, transfers }: FlowResult): string[] {
  if (transfers === undefined) return [];
  const { started, completed, fct_ms } = transfers;
  return [row([id, started, completed, ms(fct_ms.mean), ms(fct_ms.p50), ms(fct_ms.p95)])];
}

function messageLine({ id, messages }: FlowResult): string[] {
  if (messages === undefined) return [];
  return [row([id, messages.sent, messages.on_time, messages.late, messages.lost])];
}

function transportLine({ id, transport }: FlowResult): string[] {
  if (transport === undefined) return [];
  const { retransmitted, spurious, probe_timeouts, congestion_events } = transport;
  return [row([id, retransmitted, spurious, probe_timeouts, congestion_events])];
}

function channelLine({ id, channel, paths }: FlowResult): string[] {
  if (channel === undefined) return [];
  return [row([id, ms(channel.handshake_ms), channel.associations, paths.length, channel.closed ?? "-"])];
}

/** In a large network only links that drop or carry much. */
function linkLine(link: LinkResult, links: number): string[] {
  const { id, packets, drops, utilization, queue_max_packets, ecn_marks } = link;
  if (packets + drops === 0 || (links > MAX_FLOWS && drops === 0 && utilization < 0.1)) return [];
  return [row([id, packets, drops, `${(utilization * 100).toFixed(1)} %`, queue_max_packets, ecn_marks])];
}

function timelineLines(timeline: readonly TimelineEvent[]): string[] {
  return timeline.slice(0, MAX_SWITCHES).map((event) => {
    const what =
      event.event === "switch" ? `${event.flow} switches` : `${event.fault} ${event.event}s: ${event.effect}`;
    return `${event.at_ms.toFixed(1).padStart(9)}  ${what}`;
  });
}

type Explanation = (t: ExecutionContext, result: RunResult) => void;

function near(
  t: ExecutionContext,
  value: number | null | undefined,
  expected: number,
  within: number,
  what: string,
): void {
  const off = value === null || value === undefined ? Number.NaN : Math.abs(value - expected);
  t.true(off <= within, `${what}: ${value}, expected ${expected} within ${within}`);
}

function flowOf({ flows }: RunResult, id: string): FlowResult {
  const found = flows.find((flow) => flow.id === id);
  if (found === undefined) throw new Error(`no flow ${id}`);
  return found;
}

function linkOf({ links }: RunResult, id: string): LinkResult {
  const found = links.find((link) => link.id === id);
  if (found === undefined) throw new Error(`no link ${id}`);
  return found;
}

const queues: Explanation = (t, run) => {
  const [tail, small, codel, red] = run.links.filter(({ id }) => id.startsWith("1-ff00:0:110")) as LinkResult[];
  near(t, tail?.utilization, 1, 0.002, "drop-tail is never idle");
  near(t, flowOf(run, "drop-tail").latency_ms.max, 20 + 0.96 * 101, 1, "the full queue's delay");
  t.is(tail?.queue_max_packets, 100);
  near(t, flowOf(run, "small").latency_ms.max, 20 + 0.96 * 11, 1, "the small queue's delay");
  near(t, small?.utilization, 0.85, 0.06, "the line behind a small queue runs dry");
  t.true((codel?.dropped.early_drop ?? 0) > 0);
  near(t, flowOf(run, "codel").latency_ms.p50, 22.5, 3, "CoDel holds the queue below 5 ms");
  t.is(flowOf(run, "red-ecn").lost, 0);
  t.true((red?.ecn_marks ?? 0) > 0);
};

const priority: Explanation = (t, run) => {
  const [call, unmarked] = [flowOf(run, "call"), flowOf(run, "unmarked")];
  t.is(call.messages?.on_time, call.messages?.sent);
  t.true((call.latency_ms.max ?? 99) < 10 + 0.96 + 0.3, `${call.latency_ms.max} ms`);
  t.true((unmarked.messages?.on_time ?? 1) < 0.05 * unmarked.sent);
  near(t, flowOf(run, "film").goodput_bps, 2e6, 1e4, "the film's rate");
  near(t, linkOf(run, "1-ff00:0:110#1>1-ff00:0:111#41").utilization, 1, 0.002, "the line is full");
  near(t, flowOf(run, "download").goodput_bps, 6.8e6, 0.1e6, "what is left, without headers");
};

const delays: Explanation = (t, run) => {
  const expected = {
    fixed: [20, 20],
    uniform: [20, 24.5],
    normal: [20, 23.3],
    pareto: [21.6, 31.6],
    recorded: [20, 50],
  };
  for (const [id, [p50 = 0, p95 = 0]] of Object.entries(expected)) {
    near(t, flowOf(run, id).latency_ms.p50, p50, 0.3, `${id}, median`);
    near(t, flowOf(run, id).latency_ms.p95, p95, 1.5, `${id}, 95th percentile`);
    t.is(flowOf(run, id).reordered > 0, id === "pareto", id);
  }
};

const burstLoss: Explanation = (t, run) => {
  const [single, bursts] = [flowOf(run, "single"), flowOf(run, "bursts")];
  near(t, single.lost / single.sent, 0.02, 0.003, "packets lost, each by itself");
  near(t, bursts.lost / bursts.sent, 0.02, 0.006, "packets lost in bursts");
  near(t, (single.messages?.lost ?? 0) / 9091, 0.096, 0.01, "pictures lost, each packet by itself");
  near(t, (bursts.messages?.lost ?? 0) / 9091, 0.044, 0.012, "pictures lost in bursts");
};

const changingRate: Explanation = (t, run) => {
  t.is(flowOf(run, "steps").lost, 12_100);
  near(t, flowOf(run, "steps").latency_ms.max, 10 + 101 * 4.8, 5, "the wait behind a full queue");
  t.is(flowOf(run, "trace").lost, 0);
  near(t, flowOf(run, "trace").latency_ms.max, 185, 5, "the wait through the gap");
  near(t, linkOf(run, "1-ff00:0:110#2>1-ff00:0:120#2").utilization, 4 / 4.52, 0.01, "the trace's share used");
};

const accessLines: Explanation = (t, run) => {
  const time = (id: string): number => flowOf(run, id).transfers?.fct_ms.p50 ?? 0;
  near(t, time("page-1"), 53 + 12, 10, "a page over LTE");
  near(t, time("page-3"), 600 + 12, 20, "a page over the satellite");
  near(t, time("file-1"), 250, 60, "a file over LTE");
  near(t, time("file-3"), 2_200, 500, "a file over the satellite");
  t.true(time("page-2") > 40 && time("page-2") < 250, "a page over Wi-Fi");
};

const insideAnAs: Explanation = (t, run) => {
  near(t, flowOf(run, "lugano").latency_ms.max, 16 + 2 * 0.24, 0.02, "Zurich to Lugano");
  near(t, flowOf(run, "geneva-shortest").latency_ms.max, 24, 0.02, "Zurich to Geneva, over #4");
  near(t, flowOf(run, "geneva-fastest").latency_ms.max, 16, 0.02, "Zurich to Geneva, over #3");
  near(t, flowOf(run, "backup").latency_ms.max, 8 + 1.92, 0.03, "through the provider's own line");
};

const demand: Explanation = (t, run) => {
  const rates = run.flows.filter(({ id }) => id.startsWith("traffic-")).map(({ sent }) => (sent * 8_000) / 10);
  near(
    t,
    rates.reduce((sum, rate) => sum + rate, 0),
    60e6,
    1e6,
    "all rates together",
  );
  // 2 leaves of weight 4 and 10 of weight 1: the products of all ordered pairs come to 18^2 - 42 = 282.
  near(t, Math.max(...rates), (60e6 * 16) / 282, 0.2e6, "the rate between the two heavy leaves");
  const busy = run.links.toSorted((a, b) => b.utilization - a.utilization)[0];
  t.is(busy?.id, "1-ff00:0:110#3>2-ff00:0:210#3");
  near(t, busy?.utilization, 1, 0.02, "the link that all take");
  for (const id of ["1-ff00:0:120#3>2-ff00:0:220#3", "1-ff00:0:130#3>2-ff00:0:230#3"])
    t.true(linkOf(run, id).utilization < 0.5 && linkOf(run, id).drops === 0, id);
};

const outages: Explanation = (t, run) => {
  const switches = run.timeline.filter((event) => event.event === "switch" && event.flow === "telemetry");
  const between = (from: number, to: number): number[] =>
    switches.map(({ at_ms }) => at_ms).filter((at) => at >= from && at < to);
  near(t, between(5_000, 7_000)[0], 5_610, 20, "the cut is noticed");
  near(t, between(15_000, 16_000)[0], 15_600, 20, "the dead AS is noticed");
  t.deepEqual(between(25_000, 35_000), [], "what is shorter than the detection is not noticed");
  t.true(run.timeline.filter((event) => event.event === "begin" && event.fault === "storm").length > 1);
  const lost = flowOf(run, "telemetry").lost;
  t.true(lost > 60 + 60 + 100 + 200 + 200 && lost < 1_000, `${lost} lost`);
};

const impairments: Explanation = (t, run) => {
  near(t, flowOf(run, "delay").latency_ms.max, 50, 0.5, "40 ms and up to 5 ms more");
  t.is(flowOf(run, "narrow").lost, 400);
  near(t, flowOf(run, "silent").lost, 200, 40, "pings lost on one way");
  near(t, run.drops.corrupted, 100, 30, "packets damaged");
  t.is(flowOf(run, "noise").lost, run.drops.corrupted ?? -1);
  near(t, flowOf(run, "copies").duplicates, 100, 30, "packets that came twice");
  t.is(flowOf(run, "copies").lost, 0);
  near(t, flowOf(run, "disorder").latency_ms.max, 30.04, 0.01, "held back");
  t.true(flowOf(run, "disorder").reordered > 60);
  // A third of the packets seems faster by 2 to 5 ms.
  near(t, flowOf(run, "clock").latency_ms.mean, 5.04 - 3.5 / 3, 0.01, "the delay that a slow clock shows");
  t.true(flowOf(run, "storm").lost > 50);
};

const compareTwoIsds: Explanation = (t, run) => {
  const talk = run.flows.filter(({ app }) => app === "on-off");
  const bits = talk.reduce((sum, { sent }) => sum + sent * 1_400 * 8, 0);
  near(t, bits / 60, 14.175e6, 1e6, "70 % of the offered load");
  const files = run.flows.filter(({ app }) => app === "file-transfer");
  const begun = files.reduce((sum, { transfers }) => sum + (transfers?.started ?? 0), 0);
  near(t, begun, (55 * 12) / 3.951, 40, "files begun before 55 s");
  near(t, flowOf(run, "surge").sent, (7e6 / 9_600) * 10, 2, "packets of the surge");
  t.is(linkOf(run, "1-ff00:0:112#4>2-ff00:0:212#4").packets, 0, "the peering link leads no pair anywhere");
  t.true((run.drops.loss ?? 0) > 0, "what is lost silently");
};

const compareSmall: Explanation = (t, run) => {
  for (const { sent } of run.flows) near(t, sent * 1_400 * 8, 1.5e6 * 5.8, 0.8e6, "1.5 Mbit/s for 5.8 s");
  t.is(run.flows.length, 4);
};

const beaconing: Explanation = (t, run) => {
  const plane = run.control_plane;
  if (plane === undefined) return t.fail("no control plane");
  t.is(plane.segments, 286);
  const since = plane.converged_ms ?? 0;
  t.true(since > 70_000 && since < 95_000, `the segments are back ${since} ms after the start`);
  t.deepEqual(Object.keys(plane.beacons_refused), ["replayed"]);
  t.is(plane.requests_unanswered, 0);
  const switches = run.timeline.filter((event) => event.event === "switch");
  near(t, switches[0]?.at_ms, 7_000, 1_000, "the first paths");
  near(t, switches.find(({ at_ms }) => at_ms > 30_000)?.at_ms, 40_600, 100, "the news of the cut");
  const [early, late] = [flowOf(run, "early").lost, flowOf(run, "late").lost];
  near(t, early - late, run.drops.no_path ?? 0, 1, "what early lost for lack of a path");
  t.true(late > 5 && late < 10, `${late} lost to the cut`);
};

const pathPolicies: Explanation = (t, run) => {
  const free = flowOf(run, "free");
  near(t, free.lost, 61, 2, "packets before the cut is noticed");
  near(t, free.latency_ms.p95, 29, 1, "C-F after the cut");
  for (const id of ["acl", "interface", "sequence"]) {
    t.is(flowOf(run, id).lost, 0, `${id} never comes to A-D`);
    near(t, flowOf(run, id).latency_ms.p50, 29, 1, "C-F");
  }
  near(t, flowOf(run, "extends").latency_ms.p50, 31, 1, "B-E");
  near(t, flowOf(run, "options").received, 400, 2, "packets before the cut");
  near(t, flowOf(run, "options").latency_ms.p50, 14, 1, "A-D");
  t.is(flowOf(run, "remote").received, 0);
};

const twoPaths: Explanation = (t, run) => {
  const [both, one] = [flowOf(run, "both"), flowOf(run, "one")];
  near(t, both.transfers?.fct_ms.max, 6_500, 300, "10 MB over two ways, then one");
  near(t, one.transfers?.fct_ms.max, 9_040 + 1_000, 600, "10 MB over one way, and the failure noticed");
  for (const { transfers, paths, channel } of [both, one]) {
    t.is(transfers?.completed, 1);
    t.is(paths.length, 2);
    t.is(channel?.closed, "done");
  }
  const [near10, far20] = ["#1>1-ff00:0:130#1", "#2>1-ff00:0:140#1"].map((id) => linkOf(run, `1-ff00:0:110${id}`));
  near(t, near10?.utilization, 0.2, 0.01, "full for 3 s of 15");
  near(t, far20?.utilization, 6.3 / 15, 0.02, "full until the end");
};

const handover: Explanation = (t, run) => {
  const [call, upload] = [flowOf(run, "call"), flowOf(run, "upload")];
  t.deepEqual([call.switches, upload.switches], [2, 2]);
  const at = run.timeline.flatMap((event) => (event.event === "switch" && event.flow === "call" ? [event.at_ms] : []));
  near(t, at[0], 10_100, 5, "the loss of Wi-Fi is noticed");
  near(t, at[1], 22_100, 5, "the way back");
  t.true((call.messages?.lost ?? 99) <= 9, `${call.messages?.lost} messages lost`);
  t.true((call.messages?.late ?? 99) <= 10, `${call.messages?.late} messages late`);
  t.is(upload.transfers?.unfinished, 0);
  t.deepEqual([call.channel?.associations, upload.channel?.associations], [1, 1]);
};

const coupledWindows: Explanation = (t, run) => {
  const share = (id: string, beside: string): number => {
    const [own, other] = [flowOf(run, id).goodput_bps, flowOf(run, beside).goodput_bps];
    return own / (own + other);
  };
  near(t, share("coupled", "beside-coupled"), 0.5, 0.06, "coupled windows take one flow's share");
  near(t, share("greedy", "beside-greedy"), 2 / 3, 0.06, "windows of their own take two flows' share");
  for (const id of ["coupled", "greedy"])
    t.is(flowOf(run, id).paths.filter(({ packets }) => packets > 5_000).length, 2);
};

/** By the name of the scenario's file. */
/** Nobody is outside: cli/gateway.test.ts runs it live. */
const gateway: Explanation = (t, { flows, timeline }) => {
  t.deepEqual(
    flows.map(({ sent, app }) => [sent, app]),
    [[0, "gateway"]],
  );
  t.is(timeline.length, 1);
};

const parityClean: Explanation = (t, run) => {
  for (const { id, lost, sent, latency_ms } of run.flows) {
    t.is(lost, 0, id);
    t.true(sent > 100, id);
    near(t, latency_ms.p50, id === "ping" ? 24 : 12, 1, id);
  }
};

const parityLossy: Explanation = (t, run) => {
  const [stream, ping] = [flowOf(run, "stream"), flowOf(run, "ping")];
  near(t, stream.lost / stream.sent, 0.04, 0.015, "two links of 2 %");
  near(t, ping.lost / ping.sent, 0.08, 0.06, "four links of 2 %");
  near(t, stream.latency_ms.p50, 20.5, 0.5, "two links of 10 ms");
};

const parityFailover: Explanation = (t, run) => {
  const changes = run.timeline.flatMap((event) => (event.event === "switch" && event.flow === "stream" ? [event] : []));
  const [away, , , back] = changes;
  t.is(changes.length, 4);
  near(t, away?.at_ms, 1_800, 10, "noticed after 300 ms");
  near(t, back?.at_ms, 3_800, 20, "the old way again, two tries of 1 s later");
  t.is(back?.path, changes[1]?.path);
  near(t, flowOf(run, "stream").lost, 64, 4, "300 ms of 200 packets a second, and those under way");
};

const explore: Explanation = (t, run) => {
  const switches = run.timeline.filter((event) => event.event === "switch" && event.flow === "video");
  const expected = [10_600, 13_600, 13_612, 16_612, 16_617, 19_617];
  t.is(switches.length, expected.length);
  for (const [n, at] of expected.entries()) near(t, switches[n]?.at_ms, at, 10, `switch ${n + 1} of the video`);
  t.is(flowOf(run, "ping").switches, flowOf(run, "video").switches);
  near(t, flowOf(run, "ping").lost, 8, 2, "pings lost: those of 600 ms, and one with each try");
  for (const id of ["copy", "download"]) t.is(flowOf(run, id).transfers?.completed, 1, id);
  near(t, flowOf(run, "copy").transfers?.fct_ms.mean, 13_000, 500, "the copy's time");
  t.true(flowOf(run, "copy").paths.length > 1);
  near(t, flowOf(run, "download").transfers?.fct_ms.mean, 4_640, 500, "the download's time");
};

/** By the name of the scenario's file. */
export const EXPLAINED: Readonly<Record<string, Explanation>> = {
  "08-queues": queues,
  "09-priority": priority,
  "10-delays": delays,
  "11-burst-loss": burstLoss,
  "12-changing-rate": changingRate,
  "13-access-lines": accessLines,
  "14-inside-an-as": insideAnAs,
  "15-demand": demand,
  "16-outages": outages,
  "17-impairments": impairments,
  "18-compare-two-isds": compareTwoIsds,
  "19-beaconing": beaconing,
  "20-compare-small": compareSmall,
  "21-path-policies": pathPolicies,
  "22-two-paths-at-once": twoPaths,
  "23-wifi-to-lte": handover,
  "24-coupled-windows": coupledWindows,
  "25-gateway": gateway,
  "26-parity-clean": parityClean,
  "27-parity-lossy": parityLossy,
  "28-parity-failover": parityFailover,
  "31-explore": explore,
};
