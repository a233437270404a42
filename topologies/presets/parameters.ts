/** How presets say which parameters they take; the schema, the checks and the command line all read it from here. */
import type { Network } from "../../core/scenario.ts";

/** A parameter of a preset: a whole number, or any number between its bounds. */
export interface PresetParameter {
  readonly kind: "whole" | "real";
  readonly minimum: number;
  readonly maximum: number;
  readonly default: number;
  readonly description: string;
}

export type PresetParameters = Readonly<Record<string, PresetParameter>>;

export type PresetValues = Readonly<Record<string, number>>;

/** Parameters that are each within their bounds and do not go together: the one to change, and what it may be. */
export interface PresetConflict {
  readonly parameter: string;
  readonly expected: string;
}

export interface Preset {
  readonly description: string;
  readonly parameters: PresetParameters;
  /** Every parameter has a value within its bounds. */
  readonly conflict: (values: PresetValues) => PresetConflict | null;
  /** Called only with values that are free of conflict. */
  readonly build: (values: PresetValues) => Network;
}

/** A preset whose functions see their own parameters by name. */
export function preset<P extends PresetParameters>(
  description: string,
  parameters: P,
  build: (values: Readonly<Record<keyof P, number>>) => Network,
  conflict: (values: Readonly<Record<keyof P, number>>) => PresetConflict | null = () => null,
): Preset {
  type Values = Readonly<Record<keyof P, number>>;
  return {
    description,
    parameters,
    conflict: (values) => conflict(values as Values),
    build: (values) => build(values as Values),
  };
}

export function whole(minimum: number, maximum: number, byDefault: number, description: string): PresetParameter {
  return { kind: "whole", minimum, maximum, default: byDefault, description };
}

export function real(minimum: number, maximum: number, byDefault: number, description: string): PresetParameter {
  return { kind: "real", minimum, maximum, default: byDefault, description };
}

/** Of every generator that draws. */
export const SEED = whole(0, Number.MAX_SAFE_INTEGER, 1, "seed of the generator's random draws");

/** Most ASes that a generator makes. */
export const MAX_ASES = 20_000;
