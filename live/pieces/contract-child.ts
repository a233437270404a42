/** One of the processes of contract.test.ts: runs its share of each case's places, and says how that ended. Arguments: which one, of how many. */
import { createHash } from "node:crypto";
import * as Effect from "effect/Effect";
import { CONTRACT, type ContractCase } from "../../actors/contract.ts";
import { runLive } from "../run.ts";
import { pieceKey } from "./identity.ts";
import { type EndOfPiece, endOfPiece } from "./merged-world.ts";

/** What a process tells of a case. */
export interface CaseEnd {
  readonly at: number;
  readonly end: EndOfPiece;
}

/** Cases that run at once. */
const LANES = 2;
const FIRST_PORT = 27_000;
const PORTS = 50;

const [own = 0, count = 1] = process.argv.slice(2).map(Number);

async function runCase({ name, duration, assembly }: ContractCase, at: number): Promise<void> {
  const whole = assembly();
  const here = whole.places.filter((_ia, place) => place % count === own);
  if (here.length === 0) return;
  const pieces = {
    scenario: createHash("sha256").update(name).digest("hex"),
    pathloom: "contract",
    build: "",
    key: pieceKey({ seed: whole.seed }, null),
  };
  const world = await Effect.runPromise(runLive(whole, { duration, here, port: FIRST_PORT + at * PORTS, pieces }));
  const told: CaseEnd = { at, end: endOfPiece(world) };
  process.send?.(told);
}

async function runLane(lane: number): Promise<void> {
  for (const [at, one] of CONTRACT.entries()) if (at % LANES === lane) await runCase(one, at);
}

const orphaned = (): void => process.exit(1);
process.once("disconnect", orphaned);
await Promise.all(Array.from({ length: LANES }, (_, lane) => runLane(lane)));
process.off("disconnect", orphaned);
process.disconnect?.();
