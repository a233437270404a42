/** What is asked of a suite against real SCION software, and what it found. */
import type { Comparison } from "./differential.ts";

export interface Check {
  readonly name: string;
  readonly passed: boolean;
  /** What was found, for people. */
  readonly found: string;
}

/** Ends of packets that a comparison must have met, so that nothing passes by not happening. */
const ENDS = [
  "forwarded",
  "delivered",
  "dropped: malformed_path",
  "answered: scmp.traceroute",
  "answered: scmp.destination-unreachable 0",
  "answered: scmp.interface-down",
  ...[33, 34, 48, 49, 50, 51, 52, 53].map((code) => `answered: scmp.parameter-problem ${code}`),
];
const SHOWN = 5;

/** `site`: which router was compared. */
export function checksOf(site: string, { packets, same, known, unexplained }: Comparison): Check[] {
  const missing = ENDS.filter((end) => !same.has(end));
  const agreed = [...same.values()].reduce((sum, one) => sum + one, 0);
  const differing = [...known].map(([name, one]) => `\n    ${one} known differences: ${name}`).join("");
  const more = unexplained.length > SHOWN ? [`and ${unexplained.length - SHOWN} more`] : [];
  return [
    {
      name: `${site}: both routers make the same of every packet`,
      passed: unexplained.length === 0 && agreed > packets / 2,
      found:
        unexplained.length === 0
          ? `${agreed} of ${packets} packets alike byte for byte${differing}`
          : [`${unexplained.length} of ${packets} packets differ`, ...unexplained.slice(0, SHOWN), ...more].join(
              "\n    ",
            ),
    },
    {
      name: `${site}: packets met every end that there is`,
      passed: missing.length === 0,
      found: missing.length === 0 ? ENDS.join(", ") : `not met: ${missing.join(", ")}`,
    },
  ];
}

export function lineOf({ name, passed, found }: Check): string {
  return `${passed ? "ok    " : "FAILED"} ${name}\n    ${found}`;
}
