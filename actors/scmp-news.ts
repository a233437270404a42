/** What SCMP errors tell the selectors of the host that they reach. */
import type { ActorIndex, ControlEvent, Env } from "../core/env.ts";
import type { Packet } from "../core/packet.ts";
import { hopsOf } from "../core/path.ts";
import type { Bytes } from "../core/units.ts";
import { quotedPath } from "../core/wire/codec.ts";

/** Host to selector: packets over the path with these hops (`hopsOf`) may have at most `mtu` bytes, all headers included. */
export interface PathTooBig extends ControlEvent {
  readonly type: "path.too-big";
  readonly hops: string;
  readonly mtu: Bytes;
}

/** The event that an error means to selectors; null: none. */
export function newsOf({ l4, rest }: Packet): ControlEvent | null {
  if (l4.kind === "scmp.interface-down") return { type: "path.down", ia: l4.ia, ifId: l4.ifId } as ControlEvent;
  if (l4.kind !== "scmp.packet-too-big" || rest === null) return null;
  const news: PathTooBig = { type: "path.too-big", hops: hopsOf(quotedPath(rest)), mtu: l4.mtu };
  return news;
}

export function tellSelectors(selectors: Iterable<ActorIndex>, news: ControlEvent, env: Env): void {
  for (const selector of selectors) env.send(selector, news, 0);
}
