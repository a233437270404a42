/** Reads what each application has of its own. */
import { HOST_TYPE, hostType, parseHost } from "../core/address.ts";
import type { L4 } from "../core/packet.ts";
import type {
  BulkFlow,
  FileTransferFlow,
  FlowSpec,
  GatewayFlow,
  MessageStreamFlow,
  OnOffFlow,
  OutsideAddress,
  PacedFlow,
  PoissonFlow,
  RequestResponseFlow,
} from "../core/scenario.ts";
import { MILLISECOND, SECOND } from "../core/units.ts";
import { readDurations, readSizes } from "./distributions.ts";
import type { FlowDocument, FlowTemplateDocument } from "./scenario/flow.ts";
import type { Section } from "./section.ts";
import { DURATION, RATE, SIZE } from "./units.ts";

/** Ten echo requests a second: enough samples in a short run, and no load on any link. */
const DEFAULT_PING_INTERVAL = 100 * MILLISECOND;

type Of<T, A extends FlowSpec["app"]> = Extract<T, { readonly app: A }>;
type Form<A extends FlowSpec["app"]> = Of<FlowDocument | FlowTemplateDocument, A>;

/** The keys that an application has beside those that all flows share. */
type Own<F extends FlowSpec> = F extends FlowSpec ? Pick<F, "app" | Exclude<keyof F, keyof Shared>> : never;
type Shared = Pick<
  FlowSpec,
  "id" | "workload" | "src" | "dst" | "policy" | "reply" | "start_ns" | "stop_ns" | "packet_size" | "traffic_class"
>;
export type OwnFields =
  | Own<PacedFlow>
  | Own<PoissonFlow>
  | Own<OnOffFlow>
  | Own<RequestResponseFlow>
  | Own<FileTransferFlow>
  | Own<MessageStreamFlow>
  | Own<BulkFlow>
  | Own<GatewayFlow>;

/** What each application puts between the SCION header and its payload; only the length counts here. */
export function headerOf(app: FlowSpec["app"]): L4 {
  return app === "ping"
    ? { kind: "scmp.echo", reply: false, identifier: 0, sequence: 0 }
    : { kind: "udp", srcPort: 0, dstPort: 0 };
}

/** Applications whose rate a demand can set. */
export function takesDemand(app: FlowSpec["app"]): app is "constant-rate" | "poisson" {
  return app === "constant-rate" || app === "poisson";
}

/** `rateGiven`: the rate comes from elsewhere, and may not stand here. */
export function readApp(
  document: FlowDocument | FlowTemplateDocument,
  packetSize: number,
  section: Section,
  rateGiven = false,
): OwnFields | undefined {
  switch (document.app) {
    case "constant-rate":
    case "ping":
    case "poisson": {
      const interval_ns = readInterval(document, packetSize, section, rateGiven);
      return interval_ns === undefined ? undefined : { app: document.app, interval_ns };
    }
    case "on-off": {
      const interval_ns = readInterval(document, packetSize, section, false);
      if (interval_ns === undefined) return undefined;
      const on = readDurations(document.on, section.at("on"), 1);
      return { app: "on-off", interval_ns, on, off: readDurations(document.off, section.at("off"), 1) };
    }
    case "request-response":
      return readRequests(document, section);
    case "file-transfer":
      return readTransfer(document, section);
    case "message-stream":
      return {
        app: "message-stream",
        interval_ns: section.at("interval").quantity(document.interval, DURATION, 1) ?? 1,
        message: readSizes(document.message, section.at("message")),
        deadline_ns: readTime(document.deadline, "deadline", 100 * MILLISECOND, section),
      };
    case "gateway": {
      const listen = readOutside(document.listen, section.at("listen"));
      const forward = readOutside(document.forward, section.at("forward"));
      return listen === undefined || forward === undefined ? undefined : { app: "gateway", listen, forward };
    }
    case "bulk": {
      const { bytes, ecn = false } = document;
      return { app: "bulk", bytes: bytes === undefined ? 0 : (section.at("bytes").quantity(bytes, SIZE, 1) ?? 0), ecn };
    }
  }
}

/** `127.0.0.1:5300` or `[::1]:5300`. */
function readOutside(text: string, section: Section): OutsideAddress | undefined {
  const found = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text);
  const [host, port] = [parseHost(found?.[1] ?? found?.[2] ?? ""), Number(found?.[3])];
  if (host.ok && hostType(host.value) !== HOST_TYPE.svc && port >= 1 && port <= 65_535) {
    return { address: host.value, port };
  }
  return section.mismatch("an IP address and a UDP port, such as 127.0.0.1:5300", text);
}

function readTime(text: string | undefined, key: string, byDefault: number, section: Section): number {
  return text === undefined ? byDefault : (section.at(key).quantity(text, DURATION, 1) ?? byDefault);
}

function readRequests(document: Form<"request-response">, section: Section): Own<RequestResponseFlow> {
  const { request = 500, response = 10_000, think = "1s", timeout } = document;
  return {
    app: "request-response",
    request: readSizes(request, section.at("request")),
    response: readSizes(response, section.at("response")),
    think: readDurations(think, section.at("think")),
    timeout_ns: readTime(timeout, "timeout", 5 * SECOND, section),
  };
}

function readTransfer(document: Form<"file-transfer">, section: Section): Own<FileTransferFlow> {
  const { size, arrivals = { model: "sequential" as const }, count = 0, ecn = false } = document;
  const place = section.at("arrivals");
  return {
    app: "file-transfer",
    size: readSizes(size, section.at("size")),
    arrivals:
      arrivals.model === "poisson"
        ? { kind: "poisson", interval_ns: place.at("interval").quantity(arrivals.interval, DURATION, 1) ?? 1 }
        : { kind: "sequential", gap: readDurations(arrivals.gap ?? "0s", place.at("gap")) },
    count,
    ecn,
  };
}

type Paced = Form<"constant-rate" | "ping" | "poisson" | "on-off">;

/** Exactly one of `rate` and `interval`; a ping may have neither, a flow of a demand must. */
function readInterval(
  { app, rate, interval }: Paced,
  size: number,
  section: Section,
  rateGiven: boolean,
): number | undefined {
  if (rateGiven) {
    const key = rate === undefined ? "interval" : "rate";
    if (rate === undefined && interval === undefined) return 1;
    const message = `${section.at(key).name}: the demand says what the rate of each flow is`;
    return section.at(key).ofKey().problem({ message, expected: "neither rate nor interval", found: key });
  }
  if (rate !== undefined && interval !== undefined) {
    const message = `${section.name} has both rate and interval: one follows from the other`;
    return section.at("rate").ofKey().problem({ message, expected: "rate or interval", found: "both" });
  }
  if (interval !== undefined) return section.at("interval").quantity(interval, DURATION, 1);
  if (rate === undefined) {
    if (app === "ping") return DEFAULT_PING_INTERVAL;
    const message = `${section.name} needs either rate or interval`;
    return section.problem({ message, expected: "rate or interval", found: "nothing" });
  }
  const bits = section.at("rate").quantity(rate, RATE, 1);
  if (bits === undefined) return undefined;
  const spacing = spacingOf(size, bits);
  return spacing >= 1 ? spacing : section.at("rate").mismatch(`at most one packet a nanosecond of ${size}B`, rate);
}

/** Nanoseconds between packets of `size` bytes at this rate. */
export function spacingOf(size: number, bitsPerSecond: number): number {
  return Math.round((size * 8 * SECOND) / bitsPerSecond);
}
