/** For tests: one place of contract cases, run in its namespace, several cases at once. Says what it came to. */
import * as Effect from "effect/Effect";
import { CONTRACT } from "../../actors/contract.ts";
import type { IA } from "../../core/address.ts";
import { runLive } from "../run.ts";
import type { UnderlayPlan } from "../underlay/plan.ts";
import { partOf, type WorldPart } from "./gathered-world.ts";

/** `number`: of the case. */
export type ToContractChild =
  | { readonly kind: "case"; readonly number: number; readonly here: IA; readonly underlay: UnderlayPlan }
  | { readonly kind: "epoch"; readonly number: number; readonly at: bigint };

export type FromContractChild =
  | { readonly kind: "open"; readonly number: number }
  | { readonly kind: "part"; readonly number: number; readonly part: WorldPart }
  | { readonly kind: "failed"; readonly number: number; readonly message: string };

const waiting = new Map<number, (epoch: bigint) => void>();

process.on("disconnect", () => process.exit(0));
process.on("message", (message: ToContractChild) => {
  if (message.kind === "epoch") waiting.get(message.number)?.(message.at);
  else void runCase(message);
});

async function runCase({ number, here, underlay }: Extract<ToContractChild, { kind: "case" }>): Promise<void> {
  const { assembly, duration } = CONTRACT[number] as (typeof CONTRACT)[number];
  const epoch = (): Promise<bigint> =>
    new Promise((begin) => {
      waiting.set(number, begin);
      tell({ kind: "open", number });
    });
  try {
    const world = await Effect.runPromise(runLive(assembly(), { duration, here: [here], underlay, epoch }));
    tell({ kind: "part", number, part: partOf(world) });
  } catch (cause) {
    tell({ kind: "failed", number, message: cause instanceof Error ? cause.message : String(cause) });
  }
}

function tell(message: FromContractChild): void {
  process.send?.(message);
}
