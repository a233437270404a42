/** What the reader of an import decides, where the format leaves it open. */

export interface ImportOptions {
  /**
   * Which ASes are core. GraphML: `degree` or `all`. AS relationships: `cone` (customer cone) or `degree`. null: the
   * format's own default, `degree` and `cone`.
   */
  readonly core: "cone" | "degree" | "all" | null;
  /** How many core ASes; null: the format's own default, the square root of the nodes and 20. */
  readonly cores: number | null;
  /** The ISD of a GraphML network, and the first one of AS relationships. */
  readonly isd: number;
  /** AS relationships: how many ISDs. */
  readonly isds: number;
  /** AS relationships: what `A|B|1` says of A. null: read off the list. */
  readonly first: "customer" | "provider" | null;
  /** AS relationships: latencies drawn by hashing, or one for each type of link. */
  readonly latency: "hashed" | "fixed";
}

export const IMPORT_DEFAULTS: ImportOptions = {
  core: null,
  cores: null,
  isd: 1,
  isds: 1,
  first: null,
  latency: "hashed",
};
