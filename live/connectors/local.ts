/** `local`: Unix stream sockets with a file (`local:///tmp/name`), abstract (`local:///%00name`, Linux) or unnamed. */
import type { Connector, ConnectorUrl, Outcome } from "../../core/connector.ts";
import { decodedPath, formatUrl } from "../../core/connector-url.ts";
import { ok } from "../../core/result.ts";
import { LoopbackConnector } from "./anon.ts";
import { unsupported } from "./errors.ts";
import { StreamConnector } from "./stream-connector.ts";

/** A connector for a `local` URL in normal form. */
export function localConnector(url: ConnectorUrl, platform: NodeJS.Platform = process.platform): Outcome<Connector> {
  const text = formatUrl(url);
  const behaviour = url.query.get("behaviour");
  if (behaviour === "datagram" || behaviour === "dgram") {
    return unsupported(text, "Node has no Unix datagram sockets; use udp4://127.0.0.1:0 within one machine");
  }
  if (url.path === "") return ok(new LoopbackConnector(url));
  if (platform === "win32") return unsupported(text, "Node has no Unix sockets on Windows; use pipe:///name");
  const path = decodedPath(url);
  if (!path.ok) return path;
  if (path.value.startsWith("\0") && platform !== "linux" && platform !== "android") {
    return unsupported(text, "only Linux has abstract names; use a path such as local:///tmp/name");
  }
  return ok(streamAt(url.scheme, text, path.value));
}

/** A stream connector whose address is a path of `node:net`. */
export function streamAt(scheme: string, url: string, path: string): Connector {
  return new StreamConnector({ scheme, url, listen: { path }, connect: { path }, bound: () => url, peer: () => url });
}
