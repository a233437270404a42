/** How path policies are compared on a scenario. */
import * as Schema from "effect/Schema";
import { COMPARE_DEFAULTS } from "../compare-defaults.ts";
import { Policy } from "./policy.ts";
import { Duration, optional, required, text, wholeNumber } from "./values.ts";

const Phase = Schema.Struct({
  name: required(text("a name"), { description: "Name of the phase in tables", example: "surge" }),
  from: required(Duration, { description: "Packets sent from here on belong to it", example: "15s" }),
  to: required(Duration, { description: "Those sent from here on do not", example: "25s" }),
}).annotate({ expected: "a phase: {name, from, to}" });
export type PhaseDocument = typeof Phase.Type;

export const Compare = Schema.Struct({
  policies: optional(
    Schema.Array(Policy).annotate({ expected: "a list of policies such as [shortest, {name: pinned, path: 1}]" }),
    {
      description: "What is compared",
      default: COMPARE_DEFAULTS.policies,
      example: ["shortest", { name: "pinned", path: 1 }],
    },
  ),
  adoption: optional(Schema.Literals(["one", "all", "both"]), {
    description:
      "Who uses the policy under test: one pair of hosts while the others use shortest (another pair in each replication), or all pairs; or first the one and then the other",
    default: "both",
  }),
  replications: optional(wholeNumber(1, 10_000), {
    description: "Seeds that every policy meets; below 2 there are no intervals",
    default: COMPARE_DEFAULTS.replications,
  }),
  baseline: optional(text("the name of one of the policies compared"), {
    description: "Policy that the others are compared with. Default: the best one, metric by metric",
    example: "shortest",
  }),
  background: optional(Schema.Array(Schema.String).annotate({ expected: "a list of flows and workloads" }), {
    description: "Flows and workloads that keep their own policy and are not measured",
    example: ["backup"],
  }),
  phases: optional(Schema.Array(Phase).annotate({ expected: "a list of phases: {name, from, to}" }), {
    description: "Stretches of time that are reported by themselves, in order and without overlap",
    example: [{ name: "calm", from: "5s", to: "15s" }],
  }),
}).annotate({ expected: "a comparison: a mapping of policies, adoption, replications, phases, ..." });
export type CompareDocument = typeof Compare.Type;
