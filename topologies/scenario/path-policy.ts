/** Path policies as files have them: which paths may be used (docs/path-policies.md). */
import * as Schema from "effect/Schema";
import { MAX_ACL_ENTRIES } from "../../core/path-policy/acl.ts";
import { FilePath, optional, required, Switch, text } from "./values.ts";

const RemoteRule = Schema.Struct({
  isd_as: required(text('an ISD-AS number such as "1-ff00:0:110", 0 for any'), {
    description: "ISD-AS number of the last AS; 0 for any",
    example: "2-0",
  }),
  reject: optional(Switch, { description: "Paths that end there are refused", default: false }),
}).annotate({ expected: "a rule: {isd_as: 2-0, reject: true}" });

const attributes = {
  extends: optional(Schema.Array(text("the name of a path policy")).annotate({ expected: "a list of names" }), {
    description: "Path policies whose attributes count where this one has none; of several the last listed counts",
    example: ["no-isd-2"],
  }),
  local_isd_ases: optional(Schema.Array(text("an ISD-AS number")).annotate({ expected: "a list of ISD-AS numbers" }), {
    description: "ASes that a path may begin in",
    example: ["1-ff00:0:110"],
  }),
  remote_isd_ases: optional(
    Schema.Array(RemoteRule).annotate({ expected: "a list of rules such as {isd_as: 2-0, reject: true}" }),
    {
      description: "What a path may end in: the first rule that fits decides, and where none does the path is refused",
      example: [{ isd_as: "2-ff00:0:220", reject: true }, { isd_as: "2-0" }],
    },
  ),
  acl: optional(
    Schema.Array(text('an entry in quotes such as "- 1-ff00:0:110#41"')).annotate({
      expected: `a list of at most ${MAX_ACL_ENTRIES} entries such as "- 1-ff00:0:110" and "+"`,
    }),
    {
      description:
        "Interfaces that a path may cross (+) and may not (-): the first entry that matches decides; the last one matches everything",
      example: ["- 1-ff00:0:130", "+"],
    },
  ),
  sequence: optional(text('a sequence of hops in quotes such as "0* 1-ff00:0:110#41 0*"'), {
    description: "The ASes of a path from first to last, with the operators ? + * | ( )",
    example: "0* 1-ff00:0:110 0*",
  }),
};

/** Options within options; policies that are named may have more. */
const Innermost = Schema.Struct(attributes).annotate({ expected: "a path policy: {acl, sequence, ...}" });

function optionsOf<P extends Schema.Top>(policy: P) {
  const Option = Schema.Struct({
    weight: optional(Schema.Int.annotate({ expected: "a whole number" }), {
      description: "The highest weight that leaves any path counts; of equal ones all",
      default: 0,
    }),
    policy: required(policy, { description: "What the option demands", example: { acl: ["- 2", "+"] } }),
  }).annotate({ expected: "an option: {weight: 1, policy: {...}}" });
  return optional(Schema.Array(Option).annotate({ expected: "a list of options {weight, policy}" }), {
    description: "Further demands of which the best that can be met counts",
    example: [{ weight: 1, policy: { acl: ["- 2", "+"] } }, { policy: { acl: ["+"] } }],
  });
}

const Inner = Schema.Struct({ ...attributes, options: optionsOf(Innermost) }).annotate({
  expected: "a path policy: {acl, sequence, ...}",
});

/** A path policy. */
const PathPolicy = Schema.Struct({ ...attributes, options: optionsOf(Inner) }).annotate({
  expected: "a path policy: {acl, sequence, ...}",
});
export type PathPolicyDocument = typeof PathPolicy.Type;

/** In a scenario a path policy may stand in a file of its own. */
const PathPolicyFile = Schema.Struct({
  file: required(FilePath, { description: "File of the path policy, FILE or FILE#NAME", example: "policy.yaml" }),
}).annotate({ expected: "a path policy in a file: {file: policy.yaml}" });

export const NamedPathPolicies = Schema.Record(Schema.String, Schema.Union([PathPolicy, PathPolicyFile])).annotate({
  expected: "a mapping from names to path policies such as {no-isd-2: {acl: [...]}}",
});
export type NamedPathPolicies = typeof NamedPathPolicies.Type;

const names = Schema.Record(Schema.String, PathPolicy).annotate({
  expected: "a mapping from names to path policies",
});

/** A file with one policy, and names for those that it extends. */
export const OnePolicyDocument = Schema.Struct({
  ...attributes,
  options: optionsOf(Inner),
  policies: optional(names, {
    description: "Path policies by name, for `extends`",
    example: { "no-isd-2": { acl: ["- 2", "+"] } },
  }),
}).annotate({ expected: "a path policy: {acl, sequence, ...}" });

/** scionproto's forms: policies by name, in one mapping or as a list of such. */
export const PoliciesByNameDocument = names;
export const PolicyListDocument = Schema.Array(names).annotate({
  expected: "a list of path policies by name: - NAME: {acl: ...}",
});

export const PathPolicyFileDocument = Schema.Union([
  OnePolicyDocument,
  PoliciesByNameDocument,
  PolicyListDocument,
]).annotate({
  expected: "a path policy",
  title: "Pathloom path policy",
  description: "Which paths may be used, in SCION's path policy language",
});
