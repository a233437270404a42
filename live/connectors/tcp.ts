/** `tcp`, `tcp4`, `tcp6`. */
import type { Server, Socket } from "node:net";
import type { Connector, ConnectorUrl, Outcome } from "../../core/connector.ts";
import { endpointOf, formatEndpoint, formatUrl } from "../../core/connector-url.ts";
import { ok } from "../../core/result.ts";
import { StreamConnector } from "./stream-connector.ts";

/** A connector for a URL in normal form: its scheme is `tcp4` or `tcp6`. */
export function tcpConnector(url: ConnectorUrl): Outcome<Connector> {
  const { family, host, port } = endpointOf(url);
  return ok(
    new StreamConnector({
      scheme: url.scheme,
      url: formatUrl(url),
      listen: { host, port, ipv6Only: family === 6 },
      connect: { host, port },
      bound: (server: Server) => formatUrl({ ...url, authority: authorityOf(server.address(), url.authority) }),
      peer: ({ remoteAddress, remotePort }: Socket) => {
        // A peer that is gone again has no address any more.
        const known = remoteAddress === undefined ? null : { address: remoteAddress, port: remotePort ?? 0 };
        return formatUrl({ ...url, authority: authorityOf(known, formatEndpoint({ family, host, port: 0 })) });
      },
    }),
  );

  function authorityOf(
    address: ReturnType<Server["address"]> | { address: string; port: number },
    unknown: string,
  ): string {
    if (address === null || typeof address === "string") return unknown;
    return formatEndpoint({ family, host: address.address, port: address.port });
  }
}
