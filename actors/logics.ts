/** Every logic that a scenario can use, by name. A module constant: machines are shared by all their actors. */
import { sinkLogic } from "./apps/sink.ts";
import { sourceLogic } from "./apps/source.ts";
import { tracerouteLogic } from "./apps/traceroute.ts";
import { bfdLogic } from "./bfd.ts";
import { hostLogic } from "./host.ts";
import { linkLogic } from "./link.ts";
import { nodeLogic } from "./node.ts";
import { selectorLogic } from "./selectors/selector.ts";
import type { PacketLogic } from "./with-packet-handler.ts";

export const LOGICS: ReadonlyMap<string, PacketLogic> = new Map<string, PacketLogic>([
  ["node", nodeLogic],
  ["link", linkLogic],
  ["bfd", bfdLogic],
  ["host", hostLogic],
  ["selector", selectorLogic],
  ["source", sourceLogic],
  ["sink", sinkLogic],
  ["traceroute", tracerouteLogic],
]);
