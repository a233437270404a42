/**
 * BBR, first version (draft-cardwell-iccrg-bbr-congestion-control-00): a model of the path, its greatest delivery rate and its least
 * round trip, decides what is sent. Useless without pacing.
 *
 *   startup (rate doubles a round trip) -> drain (what startup queued) -> probe-bw (a cycle of eight phases, one a round trip:
 *   1.25, 0.75, 1 ...) ; every ten seconds without a lesser round trip: probe-rtt (four packets, 200 ms), and back
 *
 * Losses matter little: for one round trip what leaves is what arrived, then the model rules again.
 */
import { MILLISECOND, type Nanos, SECOND } from "../../units.ts";
import type { Rtt } from "../../transport/rtt.ts";
import { type Controller, type ControllerState, initialWindow, minimumWindow, type RateSample } from "./controller.ts";

/** 2/ln 2: the least gain that doubles the rate a round trip (4.3.2.1). */
const HIGH_GAIN = 2.885;
const CYCLE = [1.25, 0.75, 1, 1, 1, 1, 1, 1] as const;
const PROBE_BW_WINDOW_GAIN = 2;
/** Rounds that the greatest rate is remembered for, time that the least round trip is. */
const RATE_ROUNDS = 10;
const ROUND_TRIP_MEMORY: Nanos = 10 * SECOND;
const PROBE_RTT_DURATION: Nanos = 200 * MILLISECOND;
/** BBRMinPipeCwnd, datagrams. */
const MIN_PIPE = 4;
/** The pipe is full after three rounds in which the rate grew by less than a quarter. */
const FULL_GROWTH = 1.25;
const FULL_ROUNDS = 3;
/** Bytes a nanosecond below which a send quantum is one datagram (4.2.2). */
const SLOW = 1_200_000 / 8 / SECOND;

export interface BbrState extends ControllerState {
  mode: "startup" | "drain" | "probe-bw" | "probe-rtt";
  readonly initial: number;
  readonly draw: number;
  /** The greatest rate of each of the last rounds, bytes a nanosecond, by round modulo their number; and of all. */
  readonly rates: number[];
  ratesRound: number;
  rate: number;
  /** -1: no sample yet. */
  minRtt: Nanos;
  minRttAt: Nanos;
  round: number;
  roundStart: boolean;
  roundEnds: number;
  fullRate: number;
  fullRounds: number;
  pipeFull: boolean;
  paceGain: number;
  windowGain: number;
  phase: number;
  phaseAt: Nanos;
  pacing: number;
  /** When probing for the round trip ends, -1: the four packets still have more company. */
  probeEndsAt: Nanos;
  probeRound: boolean;
  /** Packets that left before so many bytes were delivered say little of the rate: the probe kept them few. */
  limitedUntil: number;
  idleRestart: boolean;
  savedWindow: number;
  /** What leaves is what arrives: "entering" until the first acknowledgement of a recovery period, "conserving" for a round. */
  loss: "none" | "entering" | "conserving" | "recovering";
  newestAcked: Nanos;
}

export const BBR: Controller<BbrState> = {
  paced: true,

  create: (options, now) => ({
    kind: "bbr",
    mode: "startup",
    window: initialWindow(options),
    threshold: Number.MAX_SAFE_INTEGER,
    datagram: options.datagram,
    recoveryStart: -1,
    events: 0,
    initial: initialWindow(options),
    draw: options.draw ?? 0,
    rates: new Array<number>(RATE_ROUNDS).fill(0),
    ratesRound: 0,
    rate: 0,
    minRtt: -1,
    minRttAt: now,
    round: 0,
    roundStart: false,
    roundEnds: 0,
    fullRate: 0,
    fullRounds: 0,
    pipeFull: false,
    paceGain: HIGH_GAIN,
    windowGain: HIGH_GAIN,
    phase: 0,
    phaseAt: now,
    pacing: 0,
    probeEndsAt: -1,
    probeRound: false,
    limitedUntil: 0,
    idleRestart: false,
    savedWindow: 0,
    loss: "none",
    newestAcked: -1,
  }),

  onAcked(state, _bytes, sentAt) {
    if (sentAt > state.newestAcked) state.newestAcked = sentAt;
  },

  onCongestion(state, sentAt, now) {
    if (sentAt <= state.recoveryStart) return false;
    if (state.loss === "none") saveWindow(state);
    state.loss = "entering";
    state.recoveryStart = now;
    state.events++;
    return true;
  },

  onPersistent(state) {
    saveWindow(state);
    state.window = minimumWindow(state);
    state.recoveryStart = -1;
    state.loss = "none";
  },

  /** The pipe may hold more than thought. */
  onSpurious(state) {
    state.fullRate = 0;
    state.fullRounds = 0;
    endRecovery(state);
    state.recoveryStart = -1;
  },

  pacingRate: (state, rtt) =>
    state.pacing > 0
      ? state.pacing
      : (HIGH_GAIN * state.initial) / (rtt.firstSampleAt < 0 ? MILLISECOND : rtt.smoothed),

  onSent(state, _bytes, inFlight, now) {
    if (inFlight > 0 || state.rate === 0) return;
    state.idleRestart = true;
    state.phaseAt = now;
    if (state.mode === "probe-bw") state.pacing = state.rate;
  },

  onAckEnd(state, sample, now, rtt) {
    if (sample.newlyAcked === 0) return;
    updateRound(state, sample);
    updateRate(state, sample);
    checkCycle(state, sample, now);
    checkFullPipe(state, sample);
    checkDrain(state, sample, now);
    const expired = updateMinRtt(state, rtt, now);
    checkProbeRtt(state, sample, expired, now);
    const rate = state.paceGain * state.rate;
    if (rate > 0 && (state.pipeFull || rate > state.pacing)) state.pacing = rate;
    setWindow(state, sample);
  },
};

function updateRound(state: BbrState, { priorDelivered, delivered }: RateSample): void {
  state.roundStart = priorDelivered >= state.roundEnds;
  if (!state.roundStart) return;
  state.roundEnds = delivered;
  state.round++;
}

/** 4.1.1: samples that lack of data limited count only where they are greater. Without samples that count, none is forgotten. */
function updateRate(state: BbrState, sample: RateSample): void {
  const { rate } = sample;
  if (rate === 0 || (rate < state.rate && isLimited(state, sample))) return;
  const { rates, round } = state;
  const forgotten = Math.min(RATE_ROUNDS, round - state.ratesRound);
  for (let i = 0; i < forgotten; i++) rates[(round - i) % RATE_ROUNDS] = 0;
  state.ratesRound = round;
  const slot = round % RATE_ROUNDS;
  if (rate > (rates[slot] as number)) rates[slot] = rate;
  else if (forgotten === 0) return;
  state.rate = greatest(rates);
}

/** By lack of data, or by probing for the round trip. */
function isLimited(state: BbrState, { appLimited, priorDelivered }: RateSample): boolean {
  return appLimited || priorDelivered < state.limitedUntil;
}

function greatest(values: readonly number[]): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) if ((values[i] as number) > most) most = values[i] as number;
  return most;
}

/** What fills the path `gain` times, with room for batches at both ends (4.2.3.2). */
function pipe(state: BbrState, gain: number): number {
  if (state.minRtt < 0 || state.rate === 0) return state.initial;
  return gain * state.rate * state.minRtt + 3 * quantum(state);
}

/** 4.2.2, but for its largest size: packets leave one by one here, never as a millisecond's batch of segments. */
function quantum({ pacing, datagram }: BbrState): number {
  return pacing < SLOW ? datagram : 2 * datagram;
}

function enterProbeBw(state: BbrState, now: Nanos): void {
  state.mode = "probe-bw";
  state.windowGain = PROBE_BW_WINDOW_GAIN;
  // Any phase but the one that drains (4.3.4.3).
  state.phase = CYCLE.length - 1 - (state.draw % (CYCLE.length - 1));
  nextPhase(state, now);
}

function nextPhase(state: BbrState, now: Nanos): void {
  state.phase = (state.phase + 1) % CYCLE.length;
  state.phaseAt = now;
  state.paceGain = CYCLE[state.phase] as number;
}

function checkCycle(state: BbrState, sample: RateSample, now: Nanos): void {
  if (state.mode === "probe-bw" && phaseIsOver(state, sample, now)) nextPhase(state, now);
}

function phaseIsOver(state: BbrState, { newlyLost, priorInFlight }: RateSample, now: Nanos): boolean {
  const longEnough = now - state.phaseAt > state.minRtt;
  if (state.paceGain === 1) return longEnough;
  if (state.paceGain > 1) return longEnough && (newlyLost > 0 || priorInFlight >= pipe(state, state.paceGain));
  return longEnough || priorInFlight <= pipe(state, 1);
}

function checkFullPipe(state: BbrState, sample: RateSample): void {
  if (state.pipeFull || !state.roundStart || isLimited(state, sample)) return;
  if (state.rate >= state.fullRate * FULL_GROWTH) {
    state.fullRate = state.rate;
    state.fullRounds = 0;
    return;
  }
  state.fullRounds++;
  state.pipeFull = state.fullRounds >= FULL_ROUNDS;
}

function checkDrain(state: BbrState, { inFlight }: RateSample, now: Nanos): void {
  if (state.mode === "startup" && state.pipeFull) {
    state.mode = "drain";
    state.paceGain = 1 / HIGH_GAIN;
    state.windowGain = HIGH_GAIN;
  }
  if (state.mode === "drain" && inFlight <= pipe(state, 1)) enterProbeBw(state, now);
}

/** Answers whether the least round trip was too old (4.1.2.3). */
function updateMinRtt(state: BbrState, { latest, firstSampleAt }: Rtt, now: Nanos): boolean {
  const expired = now > state.minRttAt + ROUND_TRIP_MEMORY;
  if (firstSampleAt >= 0 && (state.minRtt < 0 || latest <= state.minRtt || expired)) {
    state.minRtt = latest;
    state.minRttAt = now;
  }
  return expired;
}

function checkProbeRtt(state: BbrState, sample: RateSample, expired: boolean, now: Nanos): void {
  if (state.mode !== "probe-rtt" && expired && !state.idleRestart) {
    saveWindow(state);
    state.mode = "probe-rtt";
    state.paceGain = 1;
    state.windowGain = 1;
    state.probeEndsAt = -1;
  }
  if (state.mode === "probe-rtt") handleProbeRtt(state, sample, now);
  state.idleRestart = false;
}

function handleProbeRtt(state: BbrState, { inFlight, delivered }: RateSample, now: Nanos): void {
  state.limitedUntil = delivered + inFlight;
  if (state.probeEndsAt < 0) {
    if (inFlight > MIN_PIPE * state.datagram) return;
    state.probeEndsAt = now + PROBE_RTT_DURATION;
    state.probeRound = false;
    state.roundEnds = delivered;
    return;
  }
  if (state.roundStart) state.probeRound = true;
  if (!state.probeRound || now <= state.probeEndsAt) return;
  state.minRttAt = now;
  state.window = Math.max(state.window, state.savedWindow);
  if (state.pipeFull) {
    enterProbeBw(state, now);
    return;
  }
  state.mode = "startup";
  state.paceGain = HIGH_GAIN;
  state.windowGain = HIGH_GAIN;
}

function saveWindow(state: BbrState): void {
  const undisturbed = state.loss === "none" && state.mode !== "probe-rtt";
  state.savedWindow = undisturbed ? state.window : Math.max(state.savedWindow, state.window);
}

function endRecovery(state: BbrState): void {
  if (state.loss === "none") return;
  state.loss = "none";
  state.window = Math.max(state.window, state.savedWindow);
}

/** 4.2.3.4 to 4.2.3.6. */
function setWindow(state: BbrState, sample: RateSample): void {
  const { newlyAcked, inFlight, delivered } = sample;
  modulateForRecovery(state, sample);
  if (state.loss !== "conserving") {
    const target = pipe(state, state.windowGain);
    if (state.pipeFull) state.window = Math.min(state.window + newlyAcked, target);
    else if (state.window < target || delivered < state.initial) state.window += newlyAcked;
  } else {
    state.window = Math.max(state.window, inFlight + newlyAcked);
  }
  state.window = Math.max(state.window, MIN_PIPE * state.datagram);
  if (state.mode === "probe-rtt") state.window = MIN_PIPE * state.datagram;
}

function modulateForRecovery(state: BbrState, { newlyAcked, newlyLost, inFlight, delivered }: RateSample): void {
  if (state.loss === "none") return;
  if (state.loss === "entering") {
    state.loss = "conserving";
    state.roundEnds = delivered;
    state.window = inFlight + Math.max(newlyAcked, state.datagram);
    return;
  }
  if (newlyLost > 0) state.window = Math.max(state.window - newlyLost, state.datagram);
  if (state.newestAcked > state.recoveryStart) endRecovery(state);
  else if (state.loss === "conserving" && state.roundStart) state.loss = "recovering";
}
