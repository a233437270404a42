/** Connectors in Effect scopes: closed when the scope ends, whatever ends it; a connect under way is called off with it. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import {
  type Connector,
  type ConnectorError,
  type ConnectorErrorName,
  EVENTS,
  type Outcome,
} from "../../core/connector.ts";
import type { ConnectorRegistry } from "./registry.ts";

/** A connector's error where an Effect fails with it. */
export class ConnectorFailure extends Schema.TaggedError<ConnectorFailure>()("ConnectorFailure", {
  /** One of `CONNECTOR_ERRORS`. */
  reason: Schema.String,
  message: Schema.String,
}) {
  /** The failure's reason as a name that `CONNECTOR_ERRORS` knows. */
  get errorName(): ConnectorErrorName {
    return this.reason as ConnectorErrorName;
  }
}

/** Opens a URL within a scope; it neither listens nor connects yet. */
export function openScoped(
  registry: ConnectorRegistry,
  url: string,
): Effect.Effect<Connector, ConnectorFailure, Scope.Scope> {
  return Effect.acquireRelease(
    Effect.suspend(() => fromOutcome(registry.open(url))),
    // What was never opened, or was closed already, answers `initialization`: nothing is left to do then.
    (connector) => Effect.sync(() => void connector.close()),
  );
}

/** Listens within a scope; done when bound. */
export function listenScoped(
  registry: ConnectorRegistry,
  url: string,
): Effect.Effect<Connector, ConnectorFailure, Scope.Scope> {
  return Effect.tap(openScoped(registry, url), (connector) => opened(connector, () => connector.listen()));
}

/** Connects within a scope; done when connected. */
export function connectScoped(
  registry: ConnectorRegistry,
  url: string,
): Effect.Effect<Connector, ConnectorFailure, Scope.Scope> {
  return Effect.tap(openScoped(registry, url), (connector) => opened(connector, () => connector.connect()));
}

/** Starts and waits for OPEN or ERROR. It watches the connector meanwhile: register it with a scheduler afterwards. */
function opened(connector: Connector, start: () => Outcome<void>): Effect.Effect<void, ConnectorFailure> {
  return Effect.callback<void, ConnectorFailure>((resume) => {
    const unwatch = connector.watch((events) => {
      if ((events & (EVENTS.OPEN | EVENTS.ERROR)) === 0) return;
      unwatch();
      const error = (events & EVENTS.ERROR) === 0 ? null : connector.lastError;
      resume(error === null ? Effect.void : Effect.fail(failure(error)));
    });
    const outcome = start();
    if (outcome.ok || outcome.error.name !== "async") {
      unwatch();
      resume(fromOutcome(outcome));
    }
    return Effect.sync(unwatch);
  });
}

function fromOutcome<T>(outcome: Outcome<T>): Effect.Effect<T, ConnectorFailure> {
  return outcome.ok ? Effect.succeed(outcome.value) : Effect.fail(failure(outcome.error));
}

function failure({ name, message }: ConnectorError): ConnectorFailure {
  return new ConnectorFailure({ reason: name, message });
}
