/** Which schemes there are, what parameters their URLs may have, and who makes their connectors. */
import {
  type Connector,
  type ConnectorFactory,
  type ConnectorUrl,
  type Outcome,
  refuse,
} from "../../core/connector.ts";
import {
  formatUrl,
  normaliseUrl,
  parseUrl,
  SCHEMES,
  type SchemeRules,
  unknownScheme,
  urlOptions,
} from "../../core/connector-url.ts";
import { ok } from "../../core/result.ts";
import { anonConnector } from "./anon.ts";
import { fifoConnector } from "./fifo.ts";
import { localConnector } from "./local.ts";
import { pipeConnector } from "./pipe.ts";
import { tcpConnector } from "./tcp.ts";
import { udpConnector } from "./udp.ts";

/** Checks a parameter's value (in lower case, booleans as digits) and gives the one the factory shall see. */
export type ParameterRule = (value: string, url: ConnectorUrl) => Outcome<string>;

const FACTORIES: Readonly<Record<string, ConnectorFactory>> = {
  tcp: tcpConnector,
  tcp4: tcpConnector,
  tcp6: tcpConnector,
  udp: udpConnector,
  udp4: udpConnector,
  udp6: udpConnector,
  local: localConnector,
  pipe: pipeConnector,
  fifo: fifoConnector,
  anon: anonConnector,
};

/** Anything goes: for schemes that check their URLs themselves. */
const ANY_STREAM: SchemeRules = { address: "any", behaviours: ["stream", "datagram"] };

export class ConnectorRegistry {
  readonly #rules = new Map<string, SchemeRules>();
  readonly #factories = new Map<string, ConnectorFactory>();
  readonly #parameters = new Map<string, ParameterRule>();

  /** What the URLs of each scheme look like. */
  get schemes(): ReadonlyMap<string, SchemeRules> {
    return this.#rules;
  }

  /** Adds a scheme of one's own; `rules` say what stands after `://` and whether it is for streams or datagrams. */
  addScheme(name: string, factory: ConnectorFactory, rules: SchemeRules = ANY_STREAM): Outcome<void> {
    const scheme = name.toLowerCase();
    if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) {
      return refuse("invalid_value", `A scheme's name begins with a letter, such as tcp, not ${JSON.stringify(name)}.`);
    }
    if (this.#factories.has(scheme)) return refuse("invalid_value", `The scheme ${scheme} is registered already.`);
    if (typeof factory !== "function") return refuse("empty_callback", `The scheme ${scheme} needs a factory.`);
    this.#factories.set(scheme, factory);
    this.#rules.set(scheme, rules);
    return ok(undefined);
  }

  /** Allows a parameter of one's own in every URL. */
  addParameter(name: string, rule: ParameterRule): Outcome<void> {
    const parameter = name.toLowerCase();
    if (!/^[^&=?#\s]+$/.test(parameter)) {
      return refuse("invalid_value", `A parameter needs a name such as retries, not ${JSON.stringify(name)}.`);
    }
    if (this.#parameters.has(parameter)) {
      return refuse("invalid_value", `The parameter ${parameter} is registered already.`);
    }
    if (typeof rule !== "function") return refuse("empty_callback", `The parameter ${parameter} needs a function.`);
    this.#parameters.set(parameter, rule);
    return ok(undefined);
  }

  /** A connector for this URL: not listening, not connected yet. */
  open(text: string): Outcome<Connector> {
    const parsed = parseUrl(text);
    if (!parsed.ok) return parsed;
    const { scheme } = parsed.value;
    const rules = this.#rules.get(scheme);
    const factory = this.#factories.get(scheme);
    if (rules === undefined || factory === undefined) return unknownScheme(scheme, this.#rules.keys());
    const url = normaliseUrl(parsed.value, rules);
    if (!url.ok) return url;
    const checked = this.#checkParameters(url.value);
    if (!checked.ok) return checked;
    const options = urlOptions(checked.value, rules);
    if (!options.ok) return options;
    if (options.value.blocking) {
      return refuse("format", `${text}: requested options not supported; nothing blocks here, leave blocking out.`);
    }
    return factory(checked.value);
  }

  #checkParameters(url: ConnectorUrl): Outcome<ConnectorUrl> {
    const query = new Map<string, string>();
    for (const [name, value] of url.query) {
      const rule = this.#parameters.get(name);
      if (rule === undefined) {
        const known = [...this.#parameters.keys()].join(", ");
        return refuse("invalid_option", `${formatUrl(url)}: the parameter ${name} is unknown; known are ${known}.`);
      }
      const checked = rule(value, url);
      if (!checked.ok) return checked;
      query.set(name, checked.value);
    }
    return ok({ ...url, query });
  }
}

/** A registry with every scheme of the live world, and the parameters `behaviour` and `blocking`. */
export function createRegistry(): ConnectorRegistry {
  const registry = new ConnectorRegistry();
  for (const [scheme, rules] of SCHEMES) registry.addScheme(scheme, FACTORIES[scheme] as ConnectorFactory, rules);
  // `urlOptions` checks both: they depend on the scheme.
  for (const name of ["behaviour", "blocking"]) registry.addParameter(name, (value) => ok(value));
  return registry;
}
