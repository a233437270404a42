/** Reads what the line itself does: rates fixed, by steps or by a trace; losses; variations of the delay. */
import type { BurstLoss, DelayModel, LinkDirection, RateSchedule } from "../core/scenario.ts";
import { MILLISECOND, SECOND } from "../core/units.ts";
import { MAX_LIST, readMilliseconds } from "./lists.ts";
import type { JitterDocument, LossDocument, RateDocument } from "./scenario/link.ts";
import type { ShareDocument } from "./scenario/values.ts";
import type { Section } from "./section.ts";
import { DURATION, formatDuration, parseShare, RATE, SIZE } from "./units.ts";

/** Link-trace emulators count in packets of this size: an Ethernet frame's payload and a tunnel's four bytes. */
const OPPORTUNITY_BYTES = 1_504;
const MAX_OPPORTUNITY_BYTES = 1_000_000_000;

/** A share of one, from a number or a percentage. */
export function readShare(value: ShareDocument, section: Section): number {
  if (typeof value === "number") return value;
  const share = parseShare(value);
  if (share.ok) return share.value;
  section.mismatch(share.error.expected, value);
  return 0;
}

/** What `rate` says; a schedule without a base leaves the rate as it was. */
export function readRate(rate: RateDocument, section: Section): Partial<Pick<LinkDirection, "rate_bps" | "schedule">> {
  if (typeof rate === "string") return { rate_bps: readFixedRate(rate, section), schedule: null };
  const base = rate.base === undefined ? undefined : readFixedRate(rate.base, section.at("base"));
  if ("steps" in rate) {
    const schedule = readSteps(rate, section);
    const [first] = schedule.steps;
    const rate_bps = base ?? (first?.at_ns === 0 && first.rate_bps > 0 ? first.rate_bps : undefined);
    return { schedule, ...(rate_bps === undefined ? {} : { rate_bps }) };
  }
  const schedule = readTrace(rate, section);
  return schedule === undefined ? {} : { schedule, rate_bps: base ?? meanRate(schedule) };
}

/** 0 stands for no limit. */
export function readFixedRate(text: string, section: Section): number {
  return text === "unlimited" ? 0 : (section.quantity(text, RATE, 1) ?? 0);
}

type Steps = Extract<RateSchedule, { kind: "steps" }>;
type Opportunities = Extract<RateSchedule, { kind: "opportunities" }>;

function readSteps(document: Extract<RateDocument, { steps: unknown }>, section: Section): Steps {
  const period_ns = readPeriod(document.period, section) ?? 0;
  const place = section.at("steps");
  if (document.steps.length === 0) place.mismatch("at least one step", document.steps);
  let before = -1;
  const steps = document.steps.map(({ at, rate }, number) => {
    const at_ns = place.at(number, "at").quantity(at, DURATION) ?? before + 1;
    if (at_ns <= before) place.at(number, "at").mismatch("a time after that of the step before", at);
    if (period_ns > 0 && at_ns >= period_ns) {
      place.at(number, "at").mismatch(`a time before the end of the period, ${formatDuration(period_ns)}`, at);
    }
    before = at_ns;
    return { at_ns, rate_bps: place.at(number, "rate").quantity(rate, RATE) ?? 0 };
  });
  return { kind: "steps", period_ns, steps };
}

function readPeriod(text: string | undefined, section: Section): number | undefined {
  return text === undefined ? undefined : section.at("period").quantity(text, DURATION, 1);
}

function readTrace(document: Extract<RateDocument, { trace: unknown }>, section: Section): Opportunities | undefined {
  const { trace, bytes: size = OPPORTUNITY_BYTES } = document;
  const place = section.at("trace");
  const at_ns =
    typeof trace === "string" ? readMilliseconds(trace, place) : trace.map((ms) => Math.round(ms * MILLISECOND));
  const bytes = section.at("bytes").bytes(size, SIZE, 1, MAX_OPPORTUNITY_BYTES);
  if (at_ns === undefined || bytes === undefined) return undefined;
  const unsorted = at_ns.findIndex((time, at) => time < (at_ns[at - 1] ?? 0));
  const last = at_ns.at(-1) ?? 0;
  if (at_ns.length > MAX_LIST) return place.mismatch(`at most ${MAX_LIST} instants`, trace);
  if (unsorted !== -1) {
    const [time, found] = [formatDuration(at_ns[unsorted - 1] ?? 0), formatDuration(at_ns[unsorted] ?? 0)];
    const message = `${place.name}: instant ${unsorted + 1} is ${found}, before the one before it, ${time}`;
    return place.problem({ message, expected: "ascending instants", found });
  }
  if (last === 0) return place.mismatch("an instant after 0 ms", typeof trace === "string" ? trace : "none");
  const period_ns = readPeriod(document.period, section) ?? last;
  if (period_ns < last) {
    section.at("period").mismatch(`at least the last instant, ${formatDuration(last)}`, document.period);
  }
  return { kind: "opportunities", period_ns, bytes, at_ns };
}

function meanRate({ at_ns, bytes, period_ns }: Opportunities): number {
  return Math.max(1, Math.round((at_ns.length * bytes * 8 * SECOND) / period_ns));
}

/** All that is lost on the line: what `loss` says takes the place of both kinds. */
export function readLoss(loss: LossDocument, section: Section): Pick<LinkDirection, "loss" | "burst"> {
  if (typeof loss !== "object") return { loss: readShare(loss, section), burst: null };
  const share = (key: "loss_good" | "loss_bad" | "random", byDefault: number): number => {
    const value = loss[key];
    return value === undefined ? byDefault : readShare(value, section.at(key));
  };
  const burst: BurstLoss = {
    good_ns: section.at("good").quantity(loss.good, DURATION, 1) ?? 1,
    bad_ns: section.at("bad").quantity(loss.bad, DURATION, 1) ?? 1,
    loss_good: share("loss_good", 0),
    loss_bad: share("loss_bad", 1),
  };
  return { loss: share("random", 0), burst };
}

/** A normal variation without a bound of its own has 0 there, until the latency is known. */
export function readJitter(jitter: JitterDocument, section: Section): DelayModel {
  const least = (key: string, text: string, minimum = 1): number =>
    section.at(key).quantity(text, DURATION, minimum) ?? 1;
  if (typeof jitter === "string") return uniformDelay(section.quantity(jitter, DURATION) ?? 0);
  switch (jitter.model) {
    case "uniform":
      return uniformDelay(least("width", jitter.width, 0));
    case "normal": {
      const bound_ns = jitter.bound === undefined ? 0 : least("bound", jitter.bound);
      return { kind: "normal", deviation_ns: least("deviation", jitter.deviation), bound_ns };
    }
    case "pareto": {
      const { scale, shape, maximum } = jitter;
      return { kind: "pareto", scale_ns: least("scale", scale), shape, maximum_ns: least("maximum", maximum) };
    }
    default:
      return { kind: "recorded", step_ns: least("step", jitter.step), added_ns: readAdded(jitter, section) };
  }
}

export function uniformDelay(width_ns: number): DelayModel {
  return width_ns === 0 ? { kind: "fixed" } : { kind: "uniform", width_ns };
}

function readAdded(
  { added, file }: Extract<JitterDocument, { model: "recorded" }>,
  section: Section,
): readonly number[] {
  if ((added === undefined) === (file === undefined)) {
    const found = added === undefined ? "neither" : "both";
    const message = `${section.name} needs either added or file, found ${found}`;
    section.problem({ message, expected: "added or file", found });
    return [];
  }
  if (file !== undefined) return readMilliseconds(file, section.at("file")) ?? [];
  const place = section.at("added");
  if (added?.length === 0) place.mismatch("at least one duration", added);
  return (added ?? []).map((text, at) => place.at(at).quantity(text, DURATION) ?? 0);
}
