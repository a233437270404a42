/** Worlds for swarm tests: everything about them is drawn from one seed. */
import { assemble } from "../../actors/assemble.ts";
import type { ActorSpec, Assembly } from "../../actors/assembly.ts";
import type { BulkInput } from "../../actors/apps/bulk.ts";
import type { StreamSinkInput } from "../../actors/apps/stream-sink.ts";
import type { AssociationInput } from "../../actors/channel/association.ts";
import type { ListenerInput } from "../../actors/channel/listener.ts";
import {
  type ChannelPlan,
  type ReadingPlan,
  type SwarmInput,
  swarmLogic,
  type Writing,
} from "../../actors/channel/swarm-testing.ts";
import { ASSOCIATION_DEFAULTS, type AssociationOptions } from "../../core/channel/association/association.ts";
import { MODELLED_PRIMITIVES } from "../../core/channel/crypto/modelled.ts";
import { createKeyPair, PURE_PRIMITIVES } from "../../core/channel/crypto/primitives.ts";
import { FRAMINGS, RELIABILITIES } from "../../core/channel/streams/frames.ts";
import { RandomStream } from "../../core/rng.ts";
import {
  DEFAULT_DIRECTION,
  type FaultSpec,
  FLOW_DEFAULTS,
  type LinkDirection,
  NO_IMPAIRMENT,
  type NetworkLink,
  type Scenario,
  SCENARIO_DEFAULTS,
} from "../../core/scenario.ts";
import { pairScenario } from "../channel-worlds.ts";

const MS = 1_000_000;
const SECOND = 1_000 * MS;

/** After this time the network does what it should. */
export const FAULTS_END = 6 * SECOND;
/** By then everything must have come to an end: an idle timeout, a handshake's attempts and slow readers fit in. */
export const ALL_OVER = 150 * SECOND;

export interface SwarmWorld {
  readonly seed: number;
  readonly assembly: Assembly;
  readonly crypto: "real" | "modelled";
  /** Nothing is cut, damaged or started anew. */
  readonly calm: boolean;
  /** Whatever happens lasts shorter than an idle association: the end that asks must get all done. */
  readonly lasting: boolean;
  readonly idleTimeout: number;
  readonly scheduler: string;
  readonly controller: string;
  readonly restarts: number;
}

/** Draws by purpose: what is added to one part of a world leaves the others as they were. */
class Dice {
  readonly #stream: RandomStream;

  constructor(seed: number, purpose: string) {
    this.#stream = new RandomStream(seed, "swarm", purpose);
  }

  chance(p: number): boolean {
    return this.#stream.uniform() < p;
  }

  /** Whole, both ends included. */
  between(least: number, most: number): number {
    return least + this.#stream.below(most - least + 1);
  }

  one<T>(of: readonly T[]): T {
    return of[this.#stream.below(of.length)] as T;
  }
}

const SCHEDULERS = ["single", "minrtt", "round-robin", "weighted", "redundant", "blest", "ecf"] as const;
const CONTROLLERS = ["newreno", "cubic", "bbr", "fixed", "lia", "olia"] as const;

function drawOptions(dice: Dice, crypto: "real" | "modelled"): Omit<AssociationOptions, "localStatic"> {
  const window = dice.one([4_000, 20_000, 1_048_576]);
  return {
    ...ASSOCIATION_DEFAULTS,
    crypto,
    pattern: dice.chance(0.3) ? "IK" : "XX",
    keying: dice.chance(0.3) ? "association" : "channel",
    paths: {
      scheduler: dice.one(SCHEDULERS),
      maxPaths: dice.between(1, 4),
      probeMtu: dice.chance(0.7),
      recovery: { controller: dice.one(CONTROLLERS), pacing: dice.chance(0.7) },
    },
    windows: { channel: window, association: window * dice.between(1, 4), sendBuffer: dice.one([8_000, 1_048_576]) },
    limits: { channels: dice.one([2, 16, 128]) },
    idleTimeout: dice.between(2, 20) * SECOND,
    keepAlive: dice.chance(0.3) ? SECOND : 0,
    handshakeTimeout: dice.between(100, 700) * MS,
    rekeyAfter: dice.chance(0.3) ? dice.between(5, 40) : 0,
  };
}

function drawWriting(dice: Dice, messages: boolean): Writing {
  const most = messages ? 1_500 : 9_000;
  const count = dice.between(0, 4);
  return {
    sizes: Array.from({ length: count }, () => dice.between(messages ? 0 : 1, most)),
    gap: dice.between(1, 60) * MS,
    end: dice.chance(0.85) ? "finish" : dice.one(["reset", "close"] as const),
    rekeyAt: dice.chance(0.2) ? dice.between(0, 3) : -1,
  };
}

function drawReading(dice: Dice): ReadingPlan {
  return {
    max: dice.one([700, 3_000, 100_000]),
    gap: dice.chance(0.3) ? dice.between(20, 200) * MS : MS,
    stopAfter: dice.chance(0.08) ? dice.between(0, 4_000) : -1,
  };
}

/** Priorities name the plans: no two of one side have the same. */
function drawPlans(dice: Dice, count: number): ChannelPlan[] {
  return Array.from({ length: count }, (_, n): ChannelPlan => {
    const framing = dice.one(FRAMINGS);
    const messages = framing === "messages";
    return {
      at: dice.between(0, 1_500) * MS,
      options: { reliability: dice.one(RELIABILITIES), framing, priority: n * 10 + dice.between(0, 9) },
      mine: drawWriting(dice, messages),
      theirs: drawWriting(dice, messages),
      myReading: drawReading(dice),
      theirReading: drawReading(dice),
      acceptAfter: dice.chance(0.05) ? -1 : dice.between(0, 100) * MS,
    };
  });
}

function drawDirection(dice: Dice, background: number): Partial<LinkDirection> {
  return {
    latency_ns: dice.between(1, 60) * MS,
    rate_bps: dice.one([2_000_000, 10_000_000, 100_000_000]),
    queue_packets: dice.one([8, 50]),
    loss: background,
  };
}

/** One to four ways between two ASes, each a link or through an AS of its own. */
function drawScenario(seed: number, dice: Dice): Scenario {
  const ways = dice.between(1, 4);
  const transit: string[] = [];
  const links: NetworkLink[] = [];
  const link = (from: string, fromId: number, to: string, toId: number): void => {
    const background = dice.chance(0.5) ? dice.between(0, 20) / 1_000 : 0;
    const direction = (): LinkDirection => ({ ...DEFAULT_DIRECTION, ...drawDirection(dice, background) });
    const [a, b] = [
      { ia: from, ifId: fromId },
      { ia: to, ifId: toId },
    ];
    links.push({ a, b, type: "core", mtu: 1_472, ab: direction(), ba: direction() });
  };
  for (let way = 1; way <= ways; way++) {
    if (dice.chance(0.6)) link("1-1", way, "1-2", way);
    else {
      const between = `1-${10 + way}`;
      transit.push(between);
      link("1-1", way, between, 1);
      link("1-2", way, between, 2);
    }
  }
  const base = pairScenario(seed, []);
  const flow = { ...(base.flows[0] as (typeof base.flows)[number]), ...FLOW_DEFAULTS };
  return {
    ...SCENARIO_DEFAULTS,
    ...base,
    flows: [flow],
    network: {
      name: "swarm",
      ases: ["1-1", "1-2", ...transit].map((ia) => ({ ia, core: true, mtu: 1_472 })),
      links: links.sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1)),
    },
    faults: drawFaults(dice, links, transit),
  };
}

const nameOf = ({ a }: NetworkLink): string => `${a.ia.padStart(6, "0")} ${a.ifId}`;

function drawFaults(dice: Dice, links: readonly NetworkLink[], transit: readonly string[]): FaultSpec[] {
  const count = dice.between(0, 4);
  return Array.from({ length: count }, (_, n): FaultSpec => {
    const at = dice.between(0, 4_000) * MS;
    const timing = drawTiming(dice, at);
    return { id: `fault${n}`, timing, effect: drawEffect(dice, links, transit) };
  });
}

function drawTiming(dice: Dice, at: number): FaultSpec["timing"] {
  const most = FAULTS_END - at;
  if (dice.chance(0.3)) {
    const active = dice.between(20, 600) * MS;
    const idle = dice.between(20, 600) * MS;
    return { kind: "flapping", at_ns: at, until_ns: FAULTS_END - active, active_ns: active, idle_ns: idle };
  }
  return { kind: "once", at_ns: at, for_ns: Math.min(most, dice.between(50, 3_000) * MS) };
}

function drawEffect(dice: Dice, links: readonly NetworkLink[], transit: readonly string[]): FaultSpec["effect"] {
  const { a, b } = dice.one(links);
  const kind = dice.between(0, 9);
  if (kind === 0) return { kind: "clock-drift", ases: ["1-1"], ppm: dice.between(-500, 500), step_ns: 0 };
  if (kind === 1 && transit.length > 0) return { kind: "down", links: [], ases: [dice.one(transit)] };
  if (kind < 4) return { kind: "down", links: [a], ases: [] };
  const impairment = {
    ...NO_IMPAIRMENT,
    loss: dice.one([0, 0.02, 0.1, 0.3, 0.6]),
    corrupt: dice.one([0, 0.05, 0.2]),
    duplicate: dice.one([0, 0.1, 0.4]),
    reorder: dice.one([0, 0.1, 0.5]),
    reorder_ns: dice.between(1, 80) * MS,
    jitter_ns: dice.one([0, 2, 10]) * MS,
    latency_ns: dice.one([0, 30]) * MS,
  };
  const to = (from: NetworkLink["a"]) => ({ from });
  return { kind: "impair", directions: dice.chance(0.5) ? [to(a), to(b)] : [to(dice.one([a, b]))], impairment };
}

/** The whole world of a seed. `app/f` asks, `app/f/sink` is asked. */
export function swarmWorld(seed: number, broken: Assembly["logics"] = new Map()): SwarmWorld {
  const dice = new Dice(seed, "world");
  const crypto = dice.chance(0.25) ? "real" : "modelled";
  const scenario = drawScenario(seed, new Dice(seed, "network"));
  const options = drawOptions(new Dice(seed, "options"), crypto);
  const plans = new Dice(seed, "plans");
  const [mine, theirs] = [drawPlans(plans, plans.between(1, 3)), drawPlans(plans, plans.between(0, 2))];
  const base = assemble(scenario, {
    repeat: `PATHLOOM_SWARM_SEED=${seed} npx ava sim/scenarios/channel-swarm.test.ts`,
  });
  const at = (id: string): number => base.actors.findIndex((spec) => spec.id === id);
  const [asking, asked] = [at("app/f"), at("app/f/sink")];
  const harm = {
    corrupt: crypto === "real" ? dice.one([0, 0.05, 0.3]) : 0,
    replay: dice.one([0, 0.05, 0.3]),
    harmUntil: FAULTS_END,
  };
  const inputs = inputsOf(base, asking, asked, options);
  const one: SwarmInput = { side: 0, logic: "association", child: inputs[0], plans: mine, peerPlans: theirs, ...harm };
  const other: SwarmInput = { side: 1, logic: "listener", child: inputs[1], plans: theirs, peerPlans: mine, ...harm };
  const actors: ActorSpec[] = base.actors.slice();
  actors[asking] = { ...(actors[asking] as ActorSpec), logic: "swarm", input: one };
  actors[asked] = { ...(actors[asked] as ActorSpec), logic: "swarm", input: other };
  const restarts = dice.chance(0.25) ? dice.between(1, 2) : 0;
  const starts: Assembly["faults"][number][] = [
    { at: 0, target: asked, event: { type: "swarm.start" } },
    { at: 3 * MS, target: asking, event: { type: "swarm.start" } },
  ];
  for (let n = 0; n < restarts; n++) {
    const target = dice.one([asking, asked]);
    starts.push({ at: dice.between(50, 5_000) * MS, target, event: { type: "swarm.restart" } });
  }
  const calm = restarts === 0 && scenario.faults.length === 0 && harm.corrupt === 0;
  const lasting = calm || (restarts === 0 && harm.corrupt < 0.1 && options.idleTimeout > 2 * FAULTS_END);
  return {
    seed,
    crypto,
    calm,
    lasting,
    restarts,
    idleTimeout: options.idleTimeout,
    scheduler: options.paths.scheduler as string,
    controller: options.paths.recovery?.controller as string,
    assembly: {
      ...base,
      actors,
      faults: [...base.faults, ...starts],
      logics: new Map([...base.logics, ["swarm", swarmLogic], ...broken]),
      scenario: null,
    },
  };
}

function inputsOf(
  { actors }: Assembly,
  asking: number,
  asked: number,
  options: Omit<AssociationOptions, "localStatic">,
): [AssociationInput, ListenerInput] {
  const bulk = actors[asking]?.input as BulkInput;
  const sink = actors[asked]?.input as StreamSinkInput;
  const p = options.crypto === "modelled" ? MODELLED_PRIMITIVES : PURE_PRIMITIVES;
  const [one, other] = [1, 2].map((fill) => createKeyPair(new Uint8Array(32).fill(fill), p)) as [
    AssociationOptions["localStatic"],
    AssociationOptions["localStatic"],
  ];
  const maxPacket = bulk.payloadLength - 20;
  const common = { maxPacket, measureFrom: 0 };
  return [
    {
      ...common,
      ends: bulk.ends,
      replyFlow: bulk.replyFlow,
      options: { ...options, localStatic: one, remoteStatic: other.public },
      app: asking,
      selector: bulk.ends.way,
      begun: null,
    },
    {
      ...common,
      ends: sink.ends,
      flow: sink.flow,
      options: { ...options, localStatic: other, remoteStatic: null },
      app: asked,
      maxAssociations: 20,
    },
  ];
}
