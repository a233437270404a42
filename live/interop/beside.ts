/** The live world with scionproto's router as one of its ASes: what crosses it, what is heard when it dies and comes back. */
import * as Effect from "effect/Effect";
import type { TracerouteContext } from "../../actors/apps/traceroute.ts";
import { TRACEROUTE_ID } from "../../actors/assemble/traceroute.ts";
import { assemble } from "../../actors/assemble.ts";
import { type FlowResult, results } from "../../actors/results.ts";
import type { TraceRecord } from "../../core/trace.ts";
import { MILLISECOND, SECOND } from "../../core/units.ts";
import { runLive } from "../run.ts";
import { GoRouter } from "./go-router.ts";
import { Guest } from "./guest.ts";
import {
  CORE_HOST,
  GUEST,
  LEAF_HOST,
  type Neighbourhood,
  ourScenario,
  pathOverTheirs,
  THEIRS,
  theirSite,
} from "./neighbourhood.ts";

/** What a run beside the router came to. */
export interface Beside {
  readonly flows: ReadonlyMap<string, FlowResult>;
  readonly guest: Pick<Guest, "answered" | "asked" | "repliesTo" | "undecodable">;
  /** Datagrams that no actor saw, each kind of trouble. */
  readonly garbage: number;
  readonly stray: number;
  /** `node.interface` and `host.error` of our actors, in order. */
  readonly news: readonly TraceRecord[];
  /** `IA#ifId` of each interface of the path over the router that answered a traceroute, and the host; null: none did. */
  readonly traceroute: readonly (string | null)[];
}

/** What may be done to a run under way. */
export interface Controls {
  /** Kills the router, as a crash would. */
  kill(): void;
  /** Another one takes its place. */
  restart(): void;
  /** Ends the run before its time. */
  end(): void;
}

export interface BesideOptions extends Neighbourhood {
  /** Called with each piece of news. Default: nothing is done. */
  readonly react?: (record: TraceRecord, controls: Controls) => void;
}

const PROBES = 2;

export async function runBeside(program: string, options: BesideOptions): Promise<Beside> {
  const site = theirSite(options.bfd);
  const guest = await Guest.open(GUEST, site.internal);
  const news: TraceRecord[] = [];
  const abort = new AbortController();
  let router = await GoRouter.start(program, site);
  let changing: Promise<void> = Promise.resolve();
  const controls: Controls = {
    kill: () => void (changing = router.stop()),
    restart: () => {
      changing = changing.then(async () => void (router = await GoRouter.start(program, site)));
      changing.catch(() => abort.abort());
    },
    end: () => abort.abort(),
  };
  const trace = (record: TraceRecord): void => {
    if (record.kind !== "node.interface" && record.kind !== "host.error") return;
    news.push(record);
    options.react?.(record, controls);
  };
  try {
    return await runOurs(options, trace, abort.signal, guest, news);
  } finally {
    await changing.catch(() => undefined);
    await router.stop();
    await guest.close();
  }
}

async function runOurs(
  options: BesideOptions,
  trace: (record: TraceRecord) => void,
  signal: AbortSignal,
  guest: Guest,
  news: readonly TraceRecord[],
): Promise<Beside> {
  const scenario = ourScenario(options);
  const path = pathOverTheirs(scenario);
  const traceroute = { src: LEAF_HOST, dst: CORE_HOST, path, probes: PROBES, timeout_ns: SECOND / 2 };
  const assembly = assemble(scenario, { repeat: "npm run interop:scion", traceroute });
  const duration = options.stopMs * MILLISECOND + SECOND;
  const world = await Effect.runPromise(runLive(assembly, { duration, foreign: [THEIRS], trace, signal }));
  const { flows } = results(world, scenario);
  const found = world.cells.filter(({ id }) => id === TRACEROUTE_ID)[0]?.state.context as TracerouteContext;
  const { garbage, stray } = world.counters;
  const { answered, asked, repliesTo, undecodable } = guest;
  return {
    flows: new Map(flows.map((flow) => [flow.id, flow])),
    guest: { answered, asked, repliesTo, undecodable },
    garbage,
    stray,
    news,
    traceroute: answersOf(found, path.interfaces.length + 1),
  };
}

function answersOf({ results: probes }: TracerouteContext, positions: number): (string | null)[] {
  return Array.from({ length: positions }, (_, position) => {
    const answer = probes.find((probe) => probe.position === position && probe.answer !== null)?.answer ?? null;
    return answer === null ? null : `${answer.ia}#${answer.ifId}`;
  });
}
