/** Opens connectors for links. */
import type { ChannelWorld } from "../../actors/channel/program-host.ts";
import { type Connector, type ConnectorError, EVENTS } from "../../core/connector.ts";
import { ChannelFailure } from "./failure.ts";
import { Gate, type Patience } from "./gate.ts";

/** Connectors of datagrams that listen, one for each: all of them, or none is left open. */
export async function openConnectors(
  world: ChannelWorld,
  urls: readonly string[],
  patience: () => Patience,
): Promise<Connector[]> {
  const connectors: Connector[] = [];
  try {
    for (const url of urls) connectors.push(await openConnector(world, url, patience()));
  } catch (error) {
    closeAll(connectors);
    throw error;
  }
  return connectors;
}

export function closeAll(connectors: readonly Connector[]): void {
  for (const connector of connectors) connector.close();
}

async function openConnector(world: ChannelWorld, url: string, patience: Patience): Promise<Connector> {
  const opened = world.open(url);
  if (!opened.ok) throw broken(opened.error);
  const connector = opened.value;
  if (connector.behaviour !== "datagram") {
    throw new ChannelFailure("connector", `${url} is a stream; channels run over datagrams such as udp://127.0.0.1:0.`);
  }
  try {
    await listening(connector, world, patience);
  } catch (error) {
    connector.close();
    throw error;
  }
  return connector;
}

async function listening(connector: Connector, { scheduler }: ChannelWorld, patience: Patience): Promise<void> {
  const outcome = connector.listen();
  if (outcome.ok) return;
  if (outcome.error.name !== "async") throw broken(outcome.error);
  const gate = new Gate(scheduler);
  const waiting = gate.wait(`listen at ${connector.url}`, patience);
  scheduler.register(connector, EVENTS.OPEN | EVENTS.ERROR, () => gate.open(), { once: true });
  await waiting;
  if (!connector.listening) throw broken(connector.lastError);
}

function broken(error: ConnectorError | null): ChannelFailure {
  return new ChannelFailure("connector", error?.message ?? "The connector does not open.");
}
