/** Reads how a flow's data travels in channels. */
import type { ChannelSpec, FlowSpec } from "../core/scenario.ts";
import { SECOND } from "../core/units.ts";
import type { ChannelDocument } from "./scenario/channel.ts";
import type { FlowDocument, FlowTemplateDocument } from "./scenario/flow.ts";
import type { Section } from "./section.ts";
import { DURATION, SIZE } from "./units.ts";

const DEFAULT_RECEIVE_WINDOW = 64_000_000;
const DEFAULT_IDLE_TIMEOUT = 30 * SECOND;

/** Windows of flow control have offsets of 48 bits; no path carries more than this. */
const MAX_WINDOW = 1_000_000_000_000;
/** Every association takes for granted that the other end takes so much. */
const LEAST_RECEIVE_WINDOW = 65_536;
const LEAST_WINDOW = 1_000;

/** What channels of each application may promise. Responses are asked for by the head of a request, so that it must come first. */
const PROMISES: { readonly [app in FlowSpec["app"]]?: readonly ChannelSpec["reliability"][] } = {
  bulk: ["ordered", "unordered", "unreliable"],
  "file-transfer": ["ordered", "unordered"],
  "request-response": ["ordered"],
  "message-stream": ["ordered", "unordered", "unreliable"],
};

/** null: the flow's data travels in streams, or there is something wrong with it. */
export function readChannel(document: FlowDocument | FlowTemplateDocument, section: Section): ChannelSpec | null {
  if (!("transport" in document || "channel" in document)) return null;
  const { transport = "stream", channel, reply, app } = document;
  if (transport === "stream") {
    if (channel !== undefined) {
      const message = `${section.at("channel").name} has options of channels, but ${section.name} does not use them`;
      section
        .at("channel")
        .ofKey()
        .problem({ message, expected: "transport: channel beside it", found: "transport: stream" });
    }
    return null;
  }
  if (reply === "select") {
    const expected = "reverse: over channels the other end answers by the way that packets came";
    section.at("reply").mismatch(expected, reply);
  }
  const ecn = "ecn" in document && document.ecn === true;
  return readOptions(channel ?? {}, app, ecn, section.at("channel"));
}

function readOptions(document: ChannelDocument, app: FlowSpec["app"], ecn: boolean, section: Section): ChannelSpec {
  const { controller = "cubic", scheduler = "single", reliability = usualReliability(app) } = document;
  checkController(document, section);
  const promises = PROMISES[app] ?? [];
  if (!promises.includes(reliability)) {
    section.at("reliability").mismatch(`${promises.join(" or ")}: ${app} needs that all arrives`, reliability);
  }
  const bytes = (key: "window" | "receive_window", least: number, byDefault: number): number =>
    document[key] === undefined
      ? byDefault
      : (section.at(key).bytes(document[key], SIZE, least, MAX_WINDOW) ?? byDefault);
  const time = (key: "keep_alive" | "idle_timeout", byDefault: number): number =>
    document[key] === undefined ? byDefault : (section.at(key).quantity(document[key], DURATION) ?? byDefault);
  const spec: ChannelSpec = {
    crypto: document.crypto ?? "modelled",
    keying: document.keying ?? "channel",
    handshake: document.handshake ?? "xx",
    controller,
    window_bytes: bytes("window", LEAST_WINDOW, 0),
    pacing: document.pacing ?? true,
    scheduler,
    paths: document.paths ?? 4,
    reliability,
    ack_every: document.ack_every ?? 2,
    receive_window_bytes: bytes("receive_window", LEAST_RECEIVE_WINDOW, DEFAULT_RECEIVE_WINDOW),
    keep_alive_ns: time("keep_alive", 0),
    idle_timeout_ns: time("idle_timeout", DEFAULT_IDLE_TIMEOUT),
    ecn: document.ecn ?? ecn,
  };
  if (spec.keep_alive_ns > 0 && spec.idle_timeout_ns > 0 && spec.keep_alive_ns >= spec.idle_timeout_ns) {
    section.at("keep_alive").mismatch(`less than idle_timeout, ${document.idle_timeout ?? "30s"}`, document.keep_alive);
  }
  return spec;
}

function usualReliability(app: FlowSpec["app"]): ChannelSpec["reliability"] {
  return app === "message-stream" ? "unreliable" : "ordered";
}

/** BBR sends by rate: without pacing it is another. One path at a time leaves nothing to couple. */
function checkController({ controller, pacing, paths, scheduler = "single" }: ChannelDocument, section: Section): void {
  if (controller === "bbr" && pacing === false) section.at("pacing").mismatch("true: bbr sends by rate", false);
  const coupled = controller === "lia" || controller === "olia";
  if (!coupled) return;
  if (scheduler === "single")
    section.at("controller").mismatch(`cubic or another, or a scheduler of several paths`, controller);
  else if (paths === 1) section.at("paths").mismatch(`at least 2 with ${controller}`, paths);
}
