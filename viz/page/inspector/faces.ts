/** What an actor is, by its kind: routers, links, selectors, transports, and counters of all others. */
import type {
  ActorFace,
  ActorView,
  ChannelPathView,
  CountersFace,
  LinkFace,
  NodeFace,
  SeriesName,
  TransportFace,
} from "../../../core/exploration.ts";
import type { App } from "../app.ts";
import { h } from "../dom.ts";
import { selectorSection } from "./selector-face.ts";
import { sparkline } from "./sparkline.ts";
import { bytesText, countText, figures, linkButton, millisText, rateText, shortPath, tableOf } from "./words.ts";

export function faceTitle(face: ActorFace): string {
  const titles = {
    node: "Router",
    link: "Link",
    selector: "Choice of path",
    transport: "Transport",
    counters: "Counters",
  };
  return titles[face.kind];
}

export function faceSection(face: ActorFace, view: ActorView, app: App): HTMLElement {
  switch (face.kind) {
    case "node":
      return nodeSection(face, app);
    case "link":
      return linkSection(face, view, app);
    case "selector":
      return selectorSection(face, app);
    case "transport":
      return transportSection(face);
    case "counters":
      return countersSection(face);
  }
}

function nodeSection({ counters, drops, interfaces }: NodeFace, app: App): HTMLElement {
  return h(
    "div",
    {},
    figures(counters.map(({ name, value }) => [name, countText(value)])),
    tableOf(
      "Interfaces",
      [
        { head: "Interface", cell: ({ ifId }) => String(ifId) },
        {
          head: "To",
          cell: ({ ifId, link, to }) => linkButton(`interface ${ifId}`, to, () => app.select(link), `Look at ${link}`),
        },
        { head: "Type", cell: ({ type }) => type },
        { head: "State", cell: ({ up }) => (up ? "up" : h("span", { class: "bad" }, "down")) },
      ],
      interfaces,
    ),
    dropTable(drops),
  );
}

function dropTable(drops: NodeFace["drops"]): HTMLElement {
  if (drops.length === 0) return h("p", { class: "muted" }, "No packet was dropped here.");
  return tableOf(
    "Drops by reason",
    [
      { head: "Dropped", cell: ({ reason }) => reason },
      { head: "Packets", number: true, cell: ({ packets }) => countText(packets) },
    ],
    drops,
  );
}

function linkSection(face: LinkFace, { id, now }: ActorView, app: App): HTMLElement {
  const { bound, bytes, causes, drops, from, latency_ms, packets, rate_bps, to, up, waiting } = face;
  const node = (end: string): HTMLElement => {
    const router = `node/${end.slice(0, end.indexOf("#"))}`;
    return linkButton(`end ${end}`, end, () => app.select(router), `Look at ${router}`);
  };
  const chart = (name: SeriesName, label: string, text: (value: number) => string): HTMLElement | null => {
    const series = app.series.get(name, id);
    return series === null ? null : sparkline({ label, series, now, end: app.outline?.duration_ns ?? now, text });
  };
  return h(
    "div",
    {},
    figures([
      ["from", node(from)],
      ["to", node(to)],
      ["state", up ? "up" : h("span", { class: "bad" }, `down: ${causes.join(", ")}`)],
      ["rate", rate_bps === 0 ? "no limit" : rateText(rate_bps)],
      ["latency", millisText(latency_ms)],
      ["waiting", bound === 0 ? countText(waiting) : `${countText(waiting)} of ${countText(bound)} packets`],
      ["sent", `${countText(packets)} packets, ${bytesText(bytes)}`],
    ]),
    chart("link.load", "Load", (value) => `${Math.round(100 * value)} %`),
    chart("link.queue", "Queue", (value) => `${countText(value)} packets`),
    chart("link.drops", "Drops", (value) => `${countText(value)} packets`),
    dropTable(drops),
  );
}

function transportSection({ channels, controller, paths, protocol, state }: TransportFace): HTMLElement {
  const bytes = (value: number | null): string => (value === null ? "" : bytesText(value));
  const isChannel = protocol === "channel";
  return h(
    "div",
    {},
    figures([
      ["state", state],
      ["congestion control", controller === "" ? "none yet" : controller],
    ]),
    tableOf<ChannelPathView>(
      isChannel ? "Paths" : "Connections",
      [
        { head: isChannel ? "Path" : "Connection", cell: ({ path }) => shortPath(path) },
        { head: "State", cell: (path) => path.state },
        { head: "Window", number: true, cell: ({ cwnd }) => bytes(cwnd) },
        { head: "In flight", number: true, cell: ({ inFlight }) => bytes(inFlight) },
        { head: "Threshold", number: true, cell: ({ ssthresh }) => bytes(ssthresh) },
        { head: "Round trip", number: true, cell: ({ srtt_ms }) => (srtt_ms === null ? "" : millisText(srtt_ms)) },
        { head: "Sent", number: true, cell: ({ sent }) => countText(sent) },
        { head: isChannel ? "Lost" : "Sent again", number: true, cell: ({ lost }) => countText(lost) },
      ],
      paths,
    ),
    channels.length === 0
      ? null
      : tableOf(
          "Channels",
          [
            { head: "Channel", number: true, cell: (channel) => String(channel.id) },
            { head: "State", cell: (channel) => channel.state },
            { head: "Sent", number: true, cell: (channel) => bytesText(channel.sent) },
            { head: "Received", number: true, cell: (channel) => bytesText(channel.received) },
            { head: "May send", number: true, cell: ({ credit }) => bytesText(credit) },
          ],
          channels,
        ),
  );
}

function countersSection({ counters }: CountersFace): HTMLElement {
  return figures(counters.map(({ name, value }) => [name, typeof value === "number" ? countText(value) : value]));
}
