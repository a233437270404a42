/** Every logic that a scenario can use, by name. A module constant: machines are shared by all their actors. */
import { bulkLogic } from "./apps/bulk.ts";
import { channelBulkLogic } from "./apps/channel-bulk.ts";
import { channelExchangesLogic } from "./apps/channel-exchanges.ts";
import { channelFilesLogic } from "./apps/channel-files.ts";
import { channelMessageSinkLogic } from "./apps/channel-message-sink.ts";
import { channelMessagesLogic } from "./apps/channel-messages.ts";
import { channelResponderLogic } from "./apps/channel-responder.ts";
import { channelSinkLogic } from "./apps/channel-sink.ts";
import { gatewayLogic } from "./apps/gateway.ts";
import { fileTransferLogic } from "./apps/file-transfer.ts";
import { messageSinkLogic } from "./apps/message-sink.ts";
import { messageStreamLogic } from "./apps/message-stream.ts";
import { onOffLogic } from "./apps/on-off.ts";
import { poissonLogic } from "./apps/poisson.ts";
import { requestResponseLogic } from "./apps/request-response.ts";
import { responderLogic } from "./apps/responder.ts";
import { sinkLogic } from "./apps/sink.ts";
import { sourceLogic } from "./apps/source.ts";
import { streamSinkLogic } from "./apps/stream-sink.ts";
import { tracerouteLogic } from "./apps/traceroute.ts";
import { bfdLogic } from "./bfd.ts";
import { associationLogic } from "./channel/association.ts";
import { channelLogic } from "./channel/channel.ts";
import { listenerLogic } from "./channel/listener.ts";
import { controlLogic } from "./control/control.ts";
import { hostLogic } from "./host.ts";
import { linkLogic } from "./link.ts";
import { nodeLogic } from "./node.ts";
import { outsideHostLogic } from "./outside-host.ts";
import { monitorLogic } from "./selectors/monitor.ts";
import { proberLogic } from "./selectors/prober.ts";
import { selectorLogic } from "./selectors/selector.ts";
import type { PacketLogic } from "./with-packet-handler.ts";

export const LOGICS: ReadonlyMap<string, PacketLogic> = new Map<string, PacketLogic>([
  ["node", nodeLogic],
  ["link", linkLogic],
  ["bfd", bfdLogic],
  ["host", hostLogic],
  ["outside-host", outsideHostLogic],
  ["control", controlLogic],
  ["selector", selectorLogic],
  ["prober", proberLogic],
  ["monitor", monitorLogic],
  ["source", sourceLogic],
  ["poisson", poissonLogic],
  ["on-off", onOffLogic],
  ["sink", sinkLogic],
  ["message-stream", messageStreamLogic],
  ["message-sink", messageSinkLogic],
  ["gateway", gatewayLogic],
  ["bulk", bulkLogic],
  ["file-transfer", fileTransferLogic],
  ["stream-sink", streamSinkLogic],
  ["request-response", requestResponseLogic],
  ["responder", responderLogic],
  ["traceroute", tracerouteLogic],
  ["channel-bulk", channelBulkLogic],
  ["channel-files", channelFilesLogic],
  ["channel-sink", channelSinkLogic],
  ["channel-exchanges", channelExchangesLogic],
  ["channel-responder", channelResponderLogic],
  ["channel-messages", channelMessagesLogic],
  ["channel-message-sink", channelMessageSinkLogic],
  ["association", associationLogic],
  ["listener", listenerLogic],
  ["channel", channelLogic],
]);
