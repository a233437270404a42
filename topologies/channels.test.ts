/** Flows over channels as files have them: defaults, each option, and what is refused. */
import test from "ava";
import { type FlowSpec, isOverChannels } from "../core/scenario.ts";
import { scenarioOf, wrong } from "./scenario-testing.ts";

const HEAD = "topology: diamond\nduration: 10s\nflows:\n  - ";

function flowWith(fields: string): FlowSpec {
  return scenarioOf(`${HEAD}{from: 1-ff00:0:110, to: 1-ff00:0:120, ${fields}}\n`).flows[0] as FlowSpec;
}

function refused(fields: string): string[] {
  return wrong(`${HEAD}{from: 1-ff00:0:110, to: 1-ff00:0:120, ${fields}}\n`);
}

const channelWith = (fields: string) => {
  const flow = flowWith(fields);
  return isOverChannels(flow) ? flow.channel : null;
};

test("a flow that names no transport is what it was before there were channels", (t) => {
  t.false("channel" in flowWith("app: bulk"));
  t.deepEqual(flowWith("app: bulk, transport: stream"), flowWith("app: bulk"));
});

test("transport: channel alone gives every default", (t) => {
  const spec = {
    crypto: "modelled",
    keying: "channel",
    handshake: "xx",
    controller: "cubic",
    window_bytes: 0,
    pacing: true,
    scheduler: "single",
    paths: 4,
    reliability: "ordered",
    ack_every: 2,
    receive_window_bytes: 64_000_000,
    keep_alive_ns: 0,
    idle_timeout_ns: 30_000_000_000,
    ecn: false,
  };
  for (const app of ["app: bulk", "app: file-transfer, size: 1kB", "app: request-response"])
    t.deepEqual<unknown, unknown>(channelWith(`${app}, transport: channel`), spec, app);
  const stream = channelWith("app: message-stream, interval: 1s, message: 1kB, transport: channel");
  t.deepEqual<unknown, unknown>(stream, { ...spec, reliability: "unreliable" });
  t.true(channelWith("app: bulk, ecn: true, transport: channel")?.ecn);
});

test("every option is read", (t) => {
  const options =
    "crypto: real, keying: association, handshake: ik, controller: olia, window: 30kB, pacing: false, scheduler: ecf, paths: 3, " +
    "reliability: unordered, ack_every: 1, receive_window: 1MB, keep_alive: 5s, idle_timeout: 20s, ecn: true";
  t.deepEqual<unknown, unknown>(channelWith(`app: bulk, transport: channel, channel: {${options}}`), {
    crypto: "real",
    keying: "association",
    handshake: "ik",
    controller: "olia",
    window_bytes: 30_000,
    pacing: false,
    scheduler: "ecf",
    paths: 3,
    reliability: "unordered",
    ack_every: 1,
    receive_window_bytes: 1_000_000,
    keep_alive_ns: 5_000_000_000,
    idle_timeout_ns: 20_000_000_000,
    ecn: true,
  });
});

test("workloads take them, too", (t) => {
  const text =
    "topology: diamond\nduration: 10s\ngroups: {leaves: core}\nworkloads:\n  - {name: w, from: leaves, to: leaves, flow: {app: bulk, transport: channel}}\n";
  const { flows } = scenarioOf(text);
  t.true(flows.length > 1 && flows.every(isOverChannels));
});

const REFUSED: readonly (readonly [fields: string, says: RegExp])[] = [
  ["app: bulk, channel: {}", /channel has options of channels, but flows\[0\] does not use them/],
  ["app: bulk, transport: stream, channel: {paths: 2}", /options of channels/],
  ["app: bulk, transport: tcp", /transport: expected stream or channel, found "tcp"/],
  ["app: bulk, transport: channel, reply: select", /reply: expected reverse: over channels/],
  ["app: bulk, transport: channel, channel: {controller: bbr, pacing: false}", /pacing: expected true: bbr/],
  [
    "app: bulk, transport: channel, channel: {controller: lia}",
    /controller: expected cubic or another, or a scheduler/,
  ],
  [
    "app: bulk, transport: channel, channel: {controller: lia, scheduler: minrtt, paths: 1}",
    /paths: expected at least 2/,
  ],
  ["app: bulk, transport: channel, channel: {paths: 17}", /paths: expected a whole number from 1 to 16/],
  ["app: bulk, transport: channel, channel: {sheduler: minrtt}", /sheduler/],
  ["app: request-response, transport: channel, channel: {reliability: unreliable}", /reliability: expected ordered/],
  [
    "app: file-transfer, size: 1kB, transport: channel, channel: {reliability: unreliable}",
    /reliability: expected ordered or unordered/,
  ],
  ["app: bulk, transport: channel, channel: {keep_alive: 40s}", /keep_alive: expected less than idle_timeout, 30s/],
  ["app: bulk, transport: channel, channel: {receive_window: 1kB}", /receive_window: expected/],
  ["app: bulk, transport: channel, packet_size: 300", /packet_size: expected at least \d+B, what the headers of bulk/],
  ["app: ping, transport: channel", /transport/],
];

for (const [fields, says] of REFUSED) {
  test(`refused: ${fields}`, (t) => {
    const problems = refused(fields);
    t.is(problems.length, 1, problems.join("\n"));
    t.regex(problems[0] ?? "", says);
  });
}
