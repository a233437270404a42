/** Opens connectors for links. */
import type { ChannelWorld } from "../../actors/channel/program-host.ts";
import { type Connector, type ConnectorError, EVENTS } from "../../core/connector.ts";
import { ChannelFailure } from "./failure.ts";
import { Gate, type Patience } from "./gate.ts";

/** A connector of datagrams that listens. */
export async function openConnector(world: ChannelWorld, url: string, patience: Patience): Promise<Connector> {
  const opened = world.open(url);
  if (!opened.ok) throw broken(opened.error);
  const connector = opened.value;
  if (connector.behaviour !== "datagram") {
    throw new ChannelFailure("connector", `${url} is a stream; channels run over datagrams such as udp://127.0.0.1:0.`);
  }
  const outcome = connector.listen();
  if (!outcome.ok && outcome.error.name !== "async") throw broken(outcome.error);
  if (outcome.ok) return connector;
  const gate = new Gate(world.scheduler);
  const waiting = gate.wait(`listen at ${url}`, patience);
  world.scheduler.register(connector, EVENTS.OPEN | EVENTS.ERROR, () => gate.open(), { once: true });
  await waiting;
  if (!connector.listening) throw broken(connector.lastError);
  return connector;
}

function broken(error: ConnectorError | null): ChannelFailure {
  return new ChannelFailure("connector", error?.message ?? "The connector does not open.");
}
