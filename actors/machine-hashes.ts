/** Hashes that name the logic which actors ran: equal where two worlds, threads or machines ran the very same. */
import type { AnyStateMachine } from "xstate";
import { hashText, hexHash } from "../core/digest.ts";
import type { Assembly } from "./assembly.ts";
import type { PacketLogic } from "./with-packet-handler.ts";

/** By name of the logic, of those that the assembly's actors use. */
export function machineHashes({ actors, logics }: Assembly): Readonly<Record<string, string>> {
  const names = [...new Set(actors.map(({ logic }) => logic))].sort();
  return Object.fromEntries(names.map((name) => [name, hexHash(hashText(textOf(logics.get(name) as PacketLogic)))]));
}

/** The machine's definition, and the source of every action, guard and handler. */
function textOf({ machine, onPacket, onTimer }: PacketLogic): string {
  const { actions, guards } = (machine as AnyStateMachine).implementations;
  const named = (functions: Readonly<Record<string, unknown>>): [string, string][] =>
    Object.entries(functions).map(([name, body]) => [name, sourceOf(body)]);
  const handlers = [...onTimer].map(([type, handler]) => [type, sourceOf(handler)]);
  return JSON.stringify(
    [machine.config, named(actions), named(guards), sourceOf(onPacket), handlers],
    (_, value: unknown) => (typeof value === "function" ? sourceOf(value) : value),
  );
}

function sourceOf(body: unknown): string {
  return typeof body === "function" ? Function.prototype.toString.call(body) : JSON.stringify(body ?? null);
}
