/** What a comparison of worlds says, in words: for its page and for the command line. */
import type { Parity, ParityMetric, ParityUnit } from "../../core/parity.ts";

export interface MetricWords {
  readonly sim: string;
  readonly live: string;
  readonly difference: string;
  readonly tolerance: string;
  readonly noise: string;
  readonly verdict: string;
}

export function metricText(metric: ParityMetric): MetricWords {
  const { unit, sim, live, difference, tolerance, noise, ok, explained } = metric;
  const verdict = ok ? "same" : explained ? "noise" : "different";
  if (unit === "same") {
    return { sim: "", live: live === 1 ? "the same" : "others", difference: "", tolerance: "", noise: "", verdict };
  }
  const sign = difference !== null && difference > 0 ? "+" : "";
  return {
    sim: valueText(unit, sim),
    live: valueText(unit, live),
    difference: difference === null ? "\u2013" : `${sign}${valueText(unit, difference)}`,
    tolerance: valueText(unit, tolerance),
    noise: noise === 0 ? "" : valueText(unit, noise),
    verdict,
  };
}

function valueText(unit: ParityUnit, value: number | null): string {
  if (value === null) return "\u2013";
  if (unit === "ms") return `${value.toFixed(3)} ms`;
  if (unit === "share") return `${(100 * value).toFixed(3)} %`;
  return `${(value / 1e6).toFixed(4)} Mbit/s`;
}

/** One or two sentences. */
export function verdictText({ verdict, metrics, clock }: Parity): string {
  const off = metrics.filter(({ ok }) => !ok);
  const named = off.map(({ name }) => name).join(", ");
  const late =
    clock.late_p99_us === null
      ? ""
      : ` (99 % of its events were less than ${clock.late_p99_us.toFixed(0)} \u00b5s late)`;
  if (verdict === "same") return `The same in both worlds: all ${metrics.length} figures are within their tolerances.`;
  if (verdict === "noise") {
    return `The same but for the noise of the machine: ${named} differ by more than the tolerance, and by no more than the live run's own lateness explains${late}.`;
  }
  const real = off.filter(({ explained }) => !explained).map(({ name }) => name);
  return `Different: ${real.join(", ")} differ by more than the tolerance and the live run's lateness${late} together.`;
}
