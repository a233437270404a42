/** Which logic stands at either end of a flow, with what input. */
import type { FlowSpec } from "../../core/scenario.ts";
import type { Nanos } from "../../core/units.ts";
import type { BulkInput } from "../apps/bulk.ts";
import type { FlowEnds } from "../apps/datagram.ts";
import type { GatewayInput } from "../apps/gateway.ts";
import type { FileTransferInput } from "../apps/file-transfer.ts";
import type { MessageSinkInput } from "../apps/message-sink.ts";
import type { MessageStreamInput } from "../apps/message-stream.ts";
import type { OnOffInput } from "../apps/on-off.ts";
import type { PoissonInput } from "../apps/poisson.ts";
import type { RequestResponseInput } from "../apps/request-response.ts";
import type { ResponderInput } from "../apps/responder.ts";
import type { SinkInput } from "../apps/sink.ts";
import type { SourceInput } from "../apps/source.ts";
import type { StreamSinkInput } from "../apps/stream-sink.ts";
import type { Planned } from "./plan.ts";

/** What the inputs of both ends are made from; `ends` wait for everybody's index. */
export interface AppInputs {
  readonly ends: () => FlowEnds;
  readonly replyEnds: () => FlowEnds;
  readonly flow: number;
  readonly replyFlow: number;
  readonly payloadLength: number;
  readonly replyPayloadLength: number;
  readonly measureFrom: Nanos;
}

type App = Pick<Planned, "logic" | "input">;

/** The application at the flow's source. */
export function sendingApp(flow: FlowSpec, inputs: AppInputs): App {
  const { payloadLength, replyFlow, measureFrom } = inputs;
  const base = () => ({ ends: inputs.ends(), payloadLength, start: flow.start_ns, stop: flow.stop_ns });
  switch (flow.app) {
    case "poisson":
      return { logic: "poisson", input: (): PoissonInput => ({ ...base(), interval: flow.interval_ns }) };
    case "on-off": {
      const { on, off, interval_ns: interval } = flow;
      return { logic: "on-off", input: (): OnOffInput => ({ ...base(), interval, on, off }) };
    }
    case "message-stream": {
      const { message, interval_ns: interval } = flow;
      return { logic: "message-stream", input: (): MessageStreamInput => ({ ...base(), interval, message }) };
    }
    case "gateway": {
      const { ends, payloadLength: room } = inputs;
      const input = (): GatewayInput => ({
        ends: ends(),
        inFlow: replyFlow,
        payloadLength: room,
        answers: null,
        measureFrom,
      });
      return { logic: "gateway", input };
    }
    case "bulk":
      return { logic: "bulk", input: (): BulkInput => ({ ...base(), replyFlow, bytes: flow.bytes }) };
    case "file-transfer": {
      const { size, arrivals, count } = flow;
      const input = (): FileTransferInput => ({ ...base(), replyFlow, size, arrivals, count, measureFrom });
      return { logic: "file-transfer", input };
    }
    case "request-response": {
      const { request, response, think, timeout_ns: timeout } = flow;
      const input = (): RequestResponseInput => ({
        ...base(),
        replyFlow,
        request,
        response,
        think,
        timeout,
        measureFrom,
      });
      return { logic: "request-response", input };
    }
    default:
      return { logic: "source", input: (): SourceInput => ({ ...base(), interval: flow.interval_ns, measureFrom }) };
  }
}

/** The application at its destination; pings have none. */
export function receivingApp(flow: FlowSpec, inputs: AppInputs): App {
  const { flow: number, replyEnds, replyPayloadLength: payloadLength, measureFrom } = inputs;
  switch (flow.app) {
    case "message-stream":
      return {
        logic: "message-sink",
        input: (): MessageSinkInput => ({ flow: number, deadline: flow.deadline_ns, measureFrom }),
      };
    case "bulk":
    case "file-transfer": {
      const input = (): StreamSinkInput => ({ ends: replyEnds(), flow: number, reply: flow.reply, measureFrom });
      return { logic: "stream-sink", input };
    }
    case "gateway": {
      const input = (): GatewayInput => ({
        ends: replyEnds(),
        inFlow: number,
        payloadLength,
        answers: flow.reply,
        measureFrom,
      });
      return { logic: "gateway", input };
    }
    case "request-response": {
      const { reply, timeout_ns: timeout } = flow;
      const input = (): ResponderInput => ({
        ends: replyEnds(),
        flow: number,
        reply,
        payloadLength,
        timeout,
        measureFrom,
      });
      return { logic: "responder", input };
    }
    default:
      return { logic: "sink", input: (): SinkInput => ({ flow: number, measureFrom }) };
  }
}
