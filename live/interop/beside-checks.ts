/** What must come of runs beside scionproto's router: one without BFD, and one, captured, in which sessions end and return. */
import { ok, type Result } from "../../core/result.ts";
import type { TraceRecord } from "../../core/trace.ts";
import { MILLISECOND } from "../../core/units.ts";
import { type Beside, type Controls, runBeside } from "./beside.ts";
import { dissectorOf } from "./build.ts";
import { captureUdp, faultsOf, type Frame } from "./capture.ts";
import type { Check } from "./checks.ts";
import { CORE, CORE_HOST, LEAF, THEIRS } from "./neighbourhood.ts";
import { NETWORK } from "./site.ts";

const CALM = { bfd: null, intervalMs: 10, startMs: 200, stopMs: 1_200, cutMs: null };
/** Interfaces from the leaf to the core, and the core's host. */
const ROUTE = [`${LEAF}#1`, `${THEIRS}#2`, `${THEIRS}#1`, `${CORE}#1`, `${CORE}#0`];

export async function checkCalm(program: string): Promise<readonly Check[]> {
  return calmChecks(await runBeside(program, CALM));
}

function calmChecks({ flows, guest, garbage, stray, traceroute }: Beside): Check[] {
  const rows = [...flows.values()].map(({ id, sent, received }) => `${id}: ${received} of ${sent}`);
  const whole = [...flows.values()].every(({ sent, received }) => sent > 40 && received === sent);
  const { answered, asked, repliesTo, undecodable } = guest;
  return [
    {
      name: "live: packets cross their router both ways, and pings come back over it and from behind it",
      passed: whole && garbage === 0 && stray === 0,
      found: `${rows.join(", ")}; ${garbage} of no sense, ${stray} from nowhere`,
    },
    {
      name: "live: a host behind their router pings ours",
      passed: asked > 40 && repliesTo === asked && undecodable === 0,
      found: `${answered} answered, ${repliesTo} replies to ${asked} requests, ${undecodable} undecodable`,
    },
    {
      name: "live: a traceroute names their router's interfaces",
      passed: traceroute.join(" ") === ROUTE.join(" "),
      found: traceroute.join(", "),
    },
  ];
}

const LEAST_FRAMES = 200;
/** What the frames must have among them, as tshark names it. */
const KINDS = ["udp:scion", "bfd"];

/** Every datagram on the way, ours and theirs. */
function captureCheck(frames: readonly Frame[]): Check {
  const faults = frames.flatMap((frame) => faultsOf(frame).map((fault) => `${frame.src} to ${frame.dst}: ${fault}`));
  const hasAll = KINDS.every((kind) => frames.some(({ protocols }) => protocols.includes(kind)));
  const kinds = new Set(frames.map(({ protocols }) => protocols));
  return {
    name: "BFD: tshark finds no fault in what crosses loopback",
    passed: faults.length === 0 && frames.length >= LEAST_FRAMES && hasAll,
    found: [
      `${frames.length} datagrams, ${[...kinds].join(", ")}, ${faults.length} faults`,
      ...faults.slice(0, 5),
    ].join("\n    "),
  };
}

const CUT = { at: 2_000, for: 500 };
const STORMY = { bfd: { intervalMs: 100, multiplier: 3 }, intervalMs: 20, startMs: 1_000, stopMs: 20_000, cutMs: CUT };

/** What is to happen, one after the other. */
const MILESTONES = [
  "our link is cut: their router notices, and tells our host that its interface is down",
  "our link is whole again: the session comes up",
  "their router is killed: both our sessions go down",
  "another router takes its place: both sessions come up",
] as const;

/** Follows the news, and kills and restarts the router when its time has come. */
class Story {
  reached = 0;
  readonly #up = new Map([CORE, LEAF].map((ia) => [`node/${ia}`, true]));
  #wasDown = false;

  react({ kind, actor, time_ns, detail = {} }: TraceRecord, controls: Controls): void {
    if (kind === "node.interface" && detail["ifId"] === 1 && this.#up.has(actor)) {
      this.#up.set(actor, detail["up"] === true);
    }
    if (time_ns < CUT.at * MILLISECOND) return;
    const told =
      kind === "host.error" &&
      actor === `host/${CORE},${CORE_HOST.host}` &&
      detail["error"] === "scmp.interface-down" &&
      detail["ia"] === THEIRS &&
      detail["ifId"] === 2;
    this.#advance(told, controls);
  }

  #advance(told: boolean, controls: Controls): void {
    const up = [...this.#up.values()].filter((one) => one).length;
    this.#wasDown ||= up < 2;
    if (this.reached === 0 && told) this.reached = 1;
    else if (this.reached === 1 && up === 2 && this.#wasDown) {
      this.reached = 2;
      controls.kill();
    } else if (this.reached === 2 && up === 0) {
      this.reached = 3;
      controls.restart();
    } else if (this.reached === 3 && up === 2) {
      this.reached = 4;
      controls.end();
    }
  }
}

export interface Stormy {
  readonly checks: readonly Check[];
  /** Of all datagrams, both routers'; the error says why nothing could be captured. */
  readonly captured: Result<Check, string>;
}

export async function checkStormy(program: string): Promise<Stormy> {
  const story = new Story();
  const runs: Beside[] = [];
  const run = async (): Promise<void> => {
    runs.push(await runBeside(program, { ...STORMY, react: (record, act) => story.react(record, act) }));
  };
  const frames = await captureUdp(`${NETWORK}.0.0/16`, dissectorOf(program), run);
  if (runs.length === 0) await run();
  const captured = frames.ok ? ok(captureCheck(frames.value)) : frames;
  return { checks: stormyChecks(story.reached, runs[0] as Beside), captured };
}

function stormyChecks(reached: number, { flows, news }: Beside): Check[] {
  const last = news
    .slice(-5)
    .map(({ time_ns, actor, detail }) => `${time_ns / MILLISECOND} ms ${actor} ${JSON.stringify(detail)}`);
  const down = flows.get("down");
  const [over = 0, beside = 0] = (down?.paths ?? []).map(({ packets }) => packets);
  return [
    {
      name: "BFD: packets cross their router while the sessions are up, and go the other way while they are down",
      passed: over > 10 && beside > 10 && (down?.switches ?? 0) >= 2,
      found: `${over} packets over the one path, ${beside} over the other, ${down?.switches} switches`,
    },
    ...MILESTONES.map((milestone, at) => ({
      name: `BFD: ${milestone}`,
      passed: reached > at,
      found: reached > at ? "seen" : `not seen; the last news: ${last.join("; ")}`,
    })),
  ];
}
