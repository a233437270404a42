/** `pathloom ping`: SCMP echo between two hosts of a network, in the simulator or live. */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import { FLOW_DEFAULTS, type PacedFlow } from "../../core/scenario.ts";
import type { TraceRecord } from "../../core/trace.ts";
import { SECOND } from "../../core/units.ts";
import { CheckFailed, reporting } from "../errors.ts";
import { durationOf, jsonFlag, topologyArgument, wholeNumber } from "../flags.ts";
import { print, printJson } from "../output.ts";
import { formatMs } from "../report.ts";

const FLOW_ID = "pathloom-ping";
const APP = `app/${FLOW_ID}`;
const SELECTOR = `selector/${FLOW_ID}`;
/** What scion ping sends by default, and what an answer may take. */
const PAYLOAD_BYTES = 56;
const TIMEOUT_NS = SECOND;

export const probeArguments = {
  topology: topologyArgument,
  src: Argument.String("src").pipe(Argument.withDescription("ISD-AS to start from, or ISD-AS,host")),
  dst: Argument.String("dst").pipe(Argument.withDescription("ISD-AS to reach, or ISD-AS,host")),
  path: Flag.String("path").pipe(
    Flag.withMetavar("n|fingerprint"),
    Flag.withDescription(
      "Path to take, as pathloom paths numbers them from 0, or by its fingerprint; default: the best",
    ),
    Flag.optional,
  ),
  live: Flag.Boolean("live").pipe(
    Flag.withDescription("On real sockets and in real time, each AS on a loopback address"),
    Flag.withDefault(false),
  ),
  json: jsonFlag,
};

const flags = {
  ...probeArguments,
  count: wholeNumber("count", 1, 65_536).pipe(
    Flag.withDescription("Echo requests to send (default 4)"),
    Flag.withDefault(4),
  ),
  interval: durationOf("interval").pipe(Flag.withDescription("Time between them (default 1s)"), Flag.optional),
};

interface Echo {
  readonly sequence: number;
  readonly sent_ns: number;
  readonly path: string | null;
  time_ms: number | null;
}

interface ErrorSeen {
  readonly time_ms: number;
  readonly from: string;
  readonly error: string;
  readonly [field: string]: unknown;
}

/** What the trace tells of the probe. */
class PingLog {
  readonly echoes = new Map<number, Echo>();
  readonly errors: ErrorSeen[] = [];
  readonly #host: string;
  readonly #say: (line: string) => void;
  #path: string | null = null;

  constructor(host: string, say: (line: string) => void) {
    this.#host = host;
    this.#say = say;
  }

  readonly add = ({ time_ns, actor, kind, number = 0, detail }: TraceRecord): void => {
    if (actor === SELECTOR && kind === "selector.switch") this.#switchTo((detail?.["path"] ?? null) as string | null);
    else if (actor === APP && kind === "app.send") {
      this.echoes.set(number, { sequence: number, sent_ns: time_ns, path: this.#path, time_ms: null });
    } else if (actor === APP && kind === "app.receive") this.#answered(number, time_ns);
    else if (actor === this.#host && kind === "host.error") {
      const { from, error, ...fields } = detail ?? {};
      this.errors.push({ time_ms: time_ns / 1e6, from: String(from), error: String(error), ...fields });
      const words = Object.values(fields).join(" ");
      this.#say(`From ${from}: ${String(error).replace("scmp.", "").replaceAll("-", " ")} ${words}`);
    }
  };

  #switchTo(path: string | null): void {
    this.#path = path;
    this.#say(path === null ? "no path is usable" : `using path ${path}`);
  }

  #answered(number: number, now: number): void {
    const echo = this.echoes.get(number);
    if (echo === undefined) return;
    echo.time_ms = (now - echo.sent_ns) / 1e6;
    this.#say(`reply: scmp_seq=${number} time=${formatMs(echo.time_ms)} ms`);
  }
}

const execute = Effect.fnUntraced(function* (input: Command.Command.Config.Infer<typeof flags>) {
  const { topology, src: from, dst: to, path, live, json, count, interval } = input;
  const { choosePath, formatSpec, loadProbed, runProbe } = yield* Effect.promise(() => import("../runner/probe.ts"));
  const { assemble } = yield* Effect.promise(() => import("../../actors/assemble.ts"));
  const { wireLengthOf } = yield* Effect.promise(() => import("../../core/wire/codec.ts"));
  const { scenario, policies, src, dst, paths } = yield* loadProbed(topology, from, to);
  const chosen = Option.isNone(path) ? 0 : yield* choosePath(paths, path.value);
  const interval_ns = Option.isNone(interval) ? SECOND : interval.value.ns;
  const echo = { kind: "scmp.echo", reply: false, identifier: 0, sequence: 0 } as const;
  const flow: PacedFlow = {
    ...FLOW_DEFAULTS,
    id: FLOW_ID,
    app: "ping",
    src,
    dst,
    policy: Option.isNone(path) ? { name: "shortest", params: {} } : { name: "pinned", params: { path: chosen } },
    start_ns: 0,
    stop_ns: count * interval_ns,
    interval_ns,
    packet_size: wireLengthOf(paths[0]?.forwarding ?? null, src.host, dst.host, echo, PAYLOAD_BYTES),
  };
  const duration_ns = (count - 1) * interval_ns + TIMEOUT_NS;
  const assembly = assemble(
    { ...scenario, duration_ns, flows: [...scenario.flows, flow] },
    { repeat: "the same command", policies },
  );
  const say = (line: string): void => void (json || process.stdout.write(`${line}\n`));
  say(
    `PING ${formatSpec(dst)} from ${formatSpec(src)}: ${PAYLOAD_BYTES} bytes of data, ${live ? "live" : "simulated"}`,
  );
  const log = new PingLog(`host/${formatSpec(src)}`, say);
  yield* runProbe(assembly, duration_ns, live, log.add);
  const summary = summaryOf(log, formatSpec(src), formatSpec(dst), live);
  yield* json ? printJson(summary) : print(formatStatistics(summary));
  if (summary.received === 0) return yield* new CheckFailed();
});

type Summary = ReturnType<typeof summaryOf>;

function summaryOf({ echoes, errors }: PingLog, src: string, dst: string, live: boolean) {
  const replies = [...echoes.values()].map(({ sequence, path, time_ms }) => ({ sequence, path, time_ms }));
  const times = replies.flatMap(({ time_ms }) => (time_ms === null ? [] : [time_ms]));
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  const rtt_ms = times.length === 0 ? null : { min: Math.min(...times), mean, max: Math.max(...times) };
  const world = live ? ("live" as const) : ("sim" as const);
  return { src, dst, world, sent: replies.length, received: times.length, rtt_ms, replies, errors };
}

function formatStatistics({ dst, sent, received, rtt_ms }: Summary): string {
  const loss = sent === 0 ? 0 : Math.round(((sent - received) / sent) * 100);
  const lines = [`--- ${dst} ---`, `${sent} sent, ${received} received, ${loss} % lost`];
  if (rtt_ms !== null) {
    lines.push(`rtt min/mean/max ${[rtt_ms.min, rtt_ms.mean, rtt_ms.max].map(formatMs).join("/")} ms`);
  }
  return lines.join("\n");
}

export const pingCommand = Command.make("ping", flags, (input) => reporting(execute(input))).pipe(
  Command.withDescription("Send SCMP echo requests through the network; exit code 1 where none is answered"),
  Command.withExamples([
    {
      command: "pathloom ping diamond 1-ff00:0:110 1-ff00:0:120",
      description: "Four echo requests over the best path",
    },
    {
      command: "pathloom ping examples/02-failover.yaml 1-ff00:0:110 1-ff00:0:120 --count 20 --interval 500ms",
      description: "Beside a scenario's flows and faults: watch the path change",
    },
  ]),
);
