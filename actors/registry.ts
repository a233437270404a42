/** Which `Env` belongs to which actor system: bound by the driver, asked for by actions. */
import type { Env } from "../core/env.ts";

const envs = new WeakMap<object, Env>();

export function bindEnv(system: object, env: Env): void {
  envs.set(system, env);
}

/** The Env of the actor whose action is running. Missing only where an actor was made without a driver: a bug. */
export function envOf(system: object): Env {
  const env = envs.get(system);
  if (env === undefined) throw new Error("actor runs without a driver: no Env is bound to its system");
  return env;
}
