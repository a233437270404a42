/** The policies that ship. `core/policy-parameters.ts` has their parameters, `topologies/policy-table.ts` what documentation says of them. */
import { OCCASIONAL_POLICIES } from "./choices.ts";
import { FIXED_POLICIES } from "./fixed.ts";
import { HISTORY_POLICIES } from "./history.ts";
import { LEARNING_POLICIES } from "./learning.ts";
import { METRIC_POLICIES } from "./metric.ts";
import type { Policy } from "./policy.ts";
import { SPREADING_POLICIES } from "./spread.ts";

export const BUILTIN_POLICIES: readonly Policy[] = [
  ...METRIC_POLICIES,
  ...FIXED_POLICIES,
  ...SPREADING_POLICIES,
  ...OCCASIONAL_POLICIES,
  ...HISTORY_POLICIES,
  ...LEARNING_POLICIES,
];
