/** `pipe`: the named pipes of Windows. */
import type { Connector, ConnectorUrl, Outcome } from "../../core/connector.ts";
import { decodedPath, formatUrl } from "../../core/connector-url.ts";
import { ok } from "../../core/result.ts";
import { unsupported } from "./errors.ts";
import { streamAt } from "./local.ts";

/** A connector for `pipe:///name`, which Windows calls `\\.\pipe\name`. */
export function pipeConnector(url: ConnectorUrl, platform: NodeJS.Platform = process.platform): Outcome<Connector> {
  const text = formatUrl(url);
  if (platform !== "win32") {
    return unsupported(text, "only Windows has named pipes of this kind; use local:///tmp/name or fifo:///tmp/name");
  }
  const path = decodedPath(url);
  if (!path.ok) return path;
  return ok(streamAt(url.scheme, text, `\\\\.\\pipe${path.value.replaceAll("/", "\\")}`));
}
