/** The path policies that need no file, with their parameters: what messages, editors and documentation know of them. */

export interface PolicyParameter {
  /** How a message names what may stand there. */
  readonly expected: string;
  readonly description: string;
  readonly accepts: (value: string | number | boolean) => boolean;
}

interface KnownPolicy {
  readonly description: string;
  readonly parameters: Readonly<Record<string, PolicyParameter>>;
}

/** A path fingerprint. */
const FINGERPRINT = /^[0-9a-f]{16}$/;

/** A new policy needs one row here and its implementation in `actors/selectors/`. */
export const POLICIES: ReadonlyMap<string, KnownPolicy> = new Map<string, KnownPolicy>([
  ["shortest", { description: "fewest links; among equals the first offered", parameters: {} }],
  ["lowest-latency", { description: "least latency as the metadata give it, unknown latency last", parameters: {} }],
  [
    "pinned",
    {
      description: "one path as long as it is usable, otherwise the next one offered",
      parameters: {
        path: {
          expected: "a path's number from 0, or its fingerprint: 16 hex digits in quotes",
          description: "Position in the order offered, or a fingerprint. Default 0",
          accepts: (value) =>
            typeof value === "number"
              ? Number.isInteger(value) && value >= 0 && value < 1e9
              : typeof value === "string" && FINGERPRINT.test(value),
        },
      },
    },
  ],
]);
