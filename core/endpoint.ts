/** UDP addresses of the underlay, as SCION's files write them: `192.0.2.1:30042`, `[2001:db8::1]:30042`. */
import { parseCidr } from "./ip-network.ts";

export interface Endpoint {
  /** Canonical text of an IPv4 or IPv6 address. */
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** null for what is no address of IPv4 or IPv6; without a port, the port is 0. */
export function parseEndpoint(text: string): Endpoint | null {
  const parsed = parseCidr(text);
  if (!parsed.ok || parsed.value.mask !== null) return null;
  return { address: parsed.value.host, port: parsed.value.port };
}

/** Without its port where that is 0. */
export function formatEndpoint({ address, port }: Endpoint): string {
  if (port === 0) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
