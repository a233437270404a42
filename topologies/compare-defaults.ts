/** What is compared where nobody says anything else. */
export const COMPARE_DEFAULTS = {
  policies: ["shortest", "lowest-latency", "lowest-rtt", "highest-bandwidth", "round-robin", "oracle", "bgp-like"],
  adoptions: ["one", "all"],
  replications: 10,
} as const;
