/** How a file names a path policy. */
import * as Schema from "effect/Schema";
import { POLICIES } from "../policy-table.ts";
import { required, text } from "./values.ts";

const NAMES = [...POLICIES.keys()];

const Parameter = Schema.Union([Schema.String, Schema.Finite, Schema.Boolean]).annotate({
  expected: "a parameter: text, a number, true or false",
});

/** A policy with its parameters. */
export const PolicyWithParameters = Schema.StructWithRest(
  Schema.Struct({
    name: required(text("the name of a policy", [...NAMES, "*"]), {
      description: "Name of the policy, or its file; the other keys are its parameters",
      example: "pinned",
    }),
  }),
  [Schema.Record(Schema.String, Parameter)],
).annotate({ expected: "a policy: {name: NAME, ...parameters}" });

export const Policy = Schema.Union([text("the name of a policy", [...NAMES, "*"]), PolicyWithParameters]).annotate({
  expected: "the name of a policy, or {name: NAME, ...parameters}",
});
export type PolicyDocument = typeof Policy.Type;
