/** The policies that ship: `shortest`, `lowest-latency`, `pinned`. */
import type { PathInfo } from "../../core/path.ts";
import { least, type Policy, type PolicyParams } from "./policy.ts";

/** Fewest links; among equals the first offered. Source: SCION's default in most applications (snet, pan). No parameters. */
const shortest: Policy<null> = {
  name: "shortest",
  init: () => null,
  choose: (_state, view) => least(view, (path) => path.length),
};

/** Least static latency as the metadata give it, unknown latency last. Source: pan `LowestLatency`. No parameters. */
const lowestLatency: Policy<null> = {
  name: "lowest-latency",
  init: () => null,
  choose: (_state, view) => least(view, (path) => path.latencyNs ?? Number.MAX_VALUE),
};

interface Pinned {
  readonly pin: number;
}

/**
 * One path, as long as it is usable; otherwise the next usable one in the order offered, and back when it returns.
 * Parameter `path`: position in the offered order (default 0) or a fingerprint. Source: pan `Pinned`, with failover.
 */
const pinned: Policy<Pinned> = {
  name: "pinned",
  init: (params, paths) => ({ pin: pinOf(params, paths) }),
  choose: ({ pin }, view) => least(view, (_path, index) => (index < pin ? index + view.paths.length : index)),
};

function pinOf(params: PolicyParams, paths: readonly PathInfo[]): number {
  const wanted = params["path"] ?? 0;
  const pin =
    typeof wanted === "string" ? paths.findIndex(({ fingerprint }) => fingerprint === wanted) : Number(wanted);
  if (Number.isInteger(pin) && pin >= 0 && pin < paths.length) return pin;
  const offered = paths.map(({ fingerprint }, index) => `${index} or ${fingerprint}`).join(", ");
  throw new Error(
    `policy pinned: parameter path must name one of the offered paths (${offered}), found ${String(wanted)}`,
  );
}

export const BUILTIN_POLICIES: readonly Policy[] = [shortest, lowestLatency, pinned];
