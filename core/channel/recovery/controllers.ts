/** The congestion controllers there are. A new one is a line here. */
import { BBR } from "./bbr.ts";
import type { Controller, ControllerName } from "./controller.ts";
import { CUBIC } from "./cubic.ts";
import { LIA, OLIA } from "./coupled.ts";
import { FIXED } from "./fixed.ts";
import { NEWRENO } from "./newreno.ts";

export const CONTROLLERS: { readonly [name in ControllerName]?: Controller } = {
  newreno: NEWRENO,
  cubic: CUBIC,
  bbr: BBR,
  fixed: FIXED,
  lia: LIA,
  olia: OLIA,
};

/** Throws for a name without an entry: only a bug asks for one. */
export function controllerOf(kind: ControllerName): Controller {
  const controller = CONTROLLERS[kind];
  if (controller === undefined) throw new Error(`no congestion controller "${kind}"`);
  return controller;
}
