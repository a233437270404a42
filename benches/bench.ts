/** What every benchmark returns, and how it is printed. */
export interface BenchResult {
  readonly name: string;
  readonly rate: number;
  readonly unit: string;
  /** Hash of what was computed: a faster benchmark that computes something else shows here. */
  readonly hash: string;
  readonly wall_s: number;
  readonly cpu_s: number;
  readonly peak_rss_mb: number;
  readonly node: string;
  /** Further figures by name. */
  readonly more?: Readonly<Record<string, number | string>>;
}

export interface Bench {
  readonly name: string;
  readonly about: string;
  /** What it lacks here, and how to have it; null (and left out): nothing. */
  missing?(): string | null;
  /** `small`: the size that runs inside the tests. */
  run(size: "small" | "large"): BenchResult | Promise<BenchResult>;
}

/** Runs `work` and measures it; set-up stays outside. */
export function measure<T>(work: () => T): { value: T; wall_s: number; cpu_s: number } {
  const cpu = process.cpuUsage();
  const begin = process.hrtime.bigint();
  const value = work();
  const wall_s = Number(process.hrtime.bigint() - begin) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  return { value, wall_s, cpu_s: (user + system) / 1e6 };
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number;
}

export function peakRssMb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}
