/** The path policies that need no file, with their parameters: what messages, editors and documentation know of them. */
import { type Parameter, POLICY_PARAMETERS, type ParameterValue, type PolicyName } from "../core/policy-parameters.ts";

export interface PolicyParameter {
  /** How a message names what may stand there. */
  readonly expected: string;
  readonly description: string;
  /** null: nothing stands for it. */
  readonly byDefault: ParameterValue | null;
  readonly accepts: (value: string | number | boolean) => boolean;
}

interface KnownPolicy {
  readonly description: string;
  /** Paper, code or standard that the rule is from. */
  readonly source: string;
  /** Beyond metadata and news of failures. */
  readonly observes: readonly ("probes" | "reports" | "load")[];
  readonly parameters: Readonly<Record<string, PolicyParameter>>;
}

type Row = Omit<KnownPolicy, "parameters">;

/** A new policy needs one row here, its parameters in `core/policy-parameters.ts` and its rule in `actors/selectors/`. */
const ROWS: Readonly<Record<PolicyName, Row>> = {
  shortest: {
    description: "fewest links; among equals the first offered",
    source: "SCION applications (snet, pan)",
    observes: [],
  },
  pinned: {
    description: "one path as long as it is usable, otherwise the next one offered, and back",
    source: "pan `Pinned`, with failover",
    observes: [],
  },
  "lowest-latency": {
    description: "least latency as the metadata give it, unknown latency last",
    source: "pan `LowestLatency`",
    observes: [],
  },
  "highest-bandwidth": {
    description: "greatest bandwidth as the metadata give it, unknown or unlimited last",
    source: "pan `HighestBandwidth`",
    observes: [],
  },
  "lowest-carbon": {
    description: "least CO2 for a gigabyte, the links' `carbon` added up, unknown last",
    source: "after CIRo (arXiv 2211.00347)",
    observes: [],
  },
  "lowest-cost": {
    description: "least price of a gigabyte, the links' `cost` added up, unknown last",
    source: "Pathloom",
    observes: [],
  },
  "most-disjoint": {
    description: "flows spread by their hash over k paths that share the fewest links (or ASes), chosen greedily",
    source: "greedy diversity as in SCION's beaconing (CoNEXT 2021)",
    observes: [],
  },
  geofence: {
    description: "only paths within allowed ISDs and ASes, the best by a static metric; no path where none is allowed",
    source: "jpan `IsdAllow`, `IsdDisallow`; pan `ACL`",
    observes: [],
  },
  "lowest-rtt": {
    description: "least smoothed round-trip time of probes, left only for one better by a margin",
    source: "pan `PingingSelector`; threshold of ant-quic",
    observes: ["probes"],
  },
  "lowest-loss": {
    description: "least share of probes lost lately, left only for one better by a margin",
    source: "RON (SOSP 2001)",
    observes: ["probes"],
  },
  "highest-goodput": {
    description: "tries a few paths and keeps the one that delivered most",
    source: "after RON (SOSP 2001), measured instead of modelled",
    observes: ["reports"],
  },
  reliability: {
    description: "penalties for failures and lost probes that decay, and a little for length; sticky",
    source: "scion-stack, `reliability.rs` and `issues.rs`",
    observes: ["probes"],
  },
  "round-robin": {
    description: "each packet over the next usable path",
    source: "draft-bonaventure-iccrg-schedulers",
    observes: [],
  },
  weighted: {
    description: "each packet by smooth weighted round robin",
    source: "nginx",
    observes: [],
  },
  random: {
    description: "one path drawn for each flow, another when that fails",
    source: "Valiant and Brebner (STOC 1981)",
    observes: [],
  },
  ecmp: {
    description: "one of the shortest paths by the flow's hash",
    source: "RFC 2992; Thaler and Ravishankar 1998",
    observes: [],
  },
  "two-choices": {
    description: "the better by round-trip time of two paths drawn at random, at the start and at every period",
    source: "Mitzenmacher 2001",
    observes: ["probes"],
  },
  migration: {
    description: "at every occasion moves with a probability to the path with the least round-trip time",
    source: "Fischer and Voecking (PODC 2005); Keshvadi (arXiv 2510.26060)",
    observes: ["probes"],
  },
  "epsilon-greedy": {
    description: "the path with the best mean reward, sometimes one at random",
    source: "Sutton and Barto; Baumeister and Keshvadi (arXiv 2509.05938)",
    observes: ["probes", "reports"],
  },
  ucb1: {
    description: "the path with the greatest upper confidence bound of its reward, discounted",
    source: "Auer et al. 2002; Garivier and Moulines 2011",
    observes: ["probes", "reports"],
  },
  thompson: {
    description: "the greatest of one draw for each path from what is believed of its reward (normal), discounted",
    source: "Agrawal and Goyal 2013",
    observes: ["probes", "reports"],
  },
  "bgp-like": {
    description:
      "the reference: one path, the shortest, changed only a convergence time after news, lost packets meanwhile",
    source: "RFC 4271 section 10; Labovitz et al. (SIGCOMM 2000)",
    observes: [],
  },
  oracle: {
    description: "knows queues and loss of this instant and takes the earliest expected arrival; greedy, not optimal",
    source: "join the shortest queue; Min-Load of arXiv 2509.05938",
    observes: ["load"],
  },
};

function known(name: PolicyName, row: Row): KnownPolicy {
  const specs: Readonly<Record<string, Parameter<unknown>>> = POLICY_PARAMETERS[name];
  const parameters = Object.entries(specs).map(([parameter, { expected, description, byDefault, read }]) => {
    const accepts = (value: ParameterValue): boolean => read(value) !== undefined;
    return [parameter, { expected, description, byDefault, accepts }] as const;
  });
  return { ...row, parameters: Object.fromEntries(parameters) };
}

export const POLICIES: ReadonlyMap<string, KnownPolicy> = new Map(
  (Object.keys(ROWS) as PolicyName[]).map((name) => [name, known(name, ROWS[name])]),
);
