/** Reads the policy of a scenario or a flow, and knows which names there are. */
import type { PolicySpec } from "../core/scenario.ts";
import { alternatives, type Finding, shown } from "./problems.ts";
import type { PolicyDocument } from "./schema.ts";
import type { Section } from "./section.ts";
import { closest } from "./suggest.ts";

/** Policies that need no file. */
export const BUILT_IN_POLICIES: readonly string[] = ["shortest", "lowest-latency", "pinned"];

export const DEFAULT_POLICY: PolicySpec = { name: "shortest", params: {} };

/** A path fingerprint. */
const FINGERPRINT = /^[0-9a-f]{16}$/;

/** Whether the name is a path to a policy's source file, which the caller loads. */
export function isPolicyFile(name: string): boolean {
  return /^(\.{1,2}\/|\/)/.test(name) || /\.[cm]?[jt]s$/.test(name);
}

/** Why a name is no policy; undefined where it is one. */
export function checkPolicyName(name: string, extraPolicies: readonly string[]): Finding | undefined {
  const known = [...BUILT_IN_POLICIES, ...extraPolicies];
  if (known.includes(name) || isPolicyFile(name)) return undefined;
  const expected = `${alternatives(known)}, or a file such as ./my-policy.ts`;
  const message = `unknown policy ${shown(name)}: expected ${expected}`;
  return { message, expected, found: shown(name), didYouMean: closest(name, known) };
}

/** A policy by name, or with parameters of its own. */
export function readPolicy(document: PolicyDocument, section: Section, extraPolicies: readonly string[]): PolicySpec {
  const { name, ...params } = typeof document === "string" ? { name: document } : document;
  const place = typeof document === "string" ? section : section.at("name");
  const finding = checkPolicyName(name, extraPolicies);
  if (finding !== undefined) place.problem(finding);
  if (name === "pinned") checkPin(params, section);
  return { name, params: params as PolicySpec["params"] };
}

/** `pinned` has one parameter, `path`: a position in the order offered, or a fingerprint. */
function checkPin(params: Readonly<Record<string, unknown>>, section: Section): void {
  for (const key of Object.keys(params).filter((name) => name !== "path")) {
    const message = `policy pinned has no parameter ${shown(key)}: expected path`;
    const didYouMean = section.closest(key, ["path"]);
    section
      .at(key)
      .ofKey()
      .problem({ message, expected: "path", found: shown(key), didYouMean });
  }
  const { path } = params;
  if (path === undefined || (typeof path === "string" && FINGERPRINT.test(path))) return;
  if (typeof path === "number" && Number.isInteger(path) && path >= 0 && path < 1e9) return;
  section.at("path").mismatch("a path's number from 0, or its fingerprint: 16 hex digits in quotes", path);
}
