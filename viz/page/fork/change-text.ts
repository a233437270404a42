/** A fork's changes in words. */
import type { Change } from "../../../core/exploration.ts";

export function changeText(change: Change): string {
  switch (change.kind) {
    case "cut":
      return `link at ${change.link} is cut`;
    case "heal":
      return `link at ${change.link} is healed`;
    case "policy":
      return `${flowText(change.flow)} follows ${change.policy}`;
    case "link-rate":
      return `link at ${change.link} carries ${rateText(change.rate_bps)}`;
    case "flow-rate":
      return `${flowText(change.flow)} sends ${rateText(change.rate_bps)}`;
  }
}

function flowText(flow: string): string {
  return flow === "*" ? "every flow" : `flow ${flow}`;
}

const STEPS = [
  [1e9, "Gbit/s"],
  [1e6, "Mbit/s"],
  [1e3, "kbit/s"],
] as const;

export function rateText(bps: number): string {
  const [size, unit] = STEPS.find(([least]) => bps >= least) ?? [1, "bit/s"];
  return `${Number((bps / size).toPrecision(4))} ${unit}`;
}

/** "5 Mbit/s", "800k", "1e6": bits per second above 0; null: none of those. */
export function parseRate(text: string): number | null {
  const match = /^\s*(\d+(?:\.\d+)?(?:e\d{1,2})?)\s*([kmg]?)(?:bit\/s|bps|bit)?\s*$/i.exec(text);
  if (match === null) return null;
  const scale = { k: 1e3, m: 1e6, g: 1e9 }[(match[2] ?? "").toLowerCase()] ?? 1;
  const rate = Number(match[1]) * scale;
  return rate > 0 && Number.isFinite(rate) ? rate : null;
}
