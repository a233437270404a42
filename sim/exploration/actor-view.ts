/** Everything the inspector shows of one actor, where the world stands. */
import type { Cell } from "../../actors/world.ts";
import type { ActorFace, ActorView, LogRow, RunOutline } from "../../core/exploration.ts";
import type { IA } from "../../core/address.ts";
import { chartView } from "./chart-view.ts";
import { contextView } from "./context-view.ts";
import { countersFace } from "./counters-face.ts";
import type { Coverage } from "./coverage.ts";
import { linkFace } from "./link-face.ts";
import { activePaths } from "./machine-shape.ts";
import { nodeFace } from "./node-face.ts";
import { selectorFace } from "./selector-face.ts";
import type { Steppable } from "./source.ts";
import type { SwitchWatch } from "./switches.ts";
import { timersView } from "./timers-view.ts";
import { associationFace, streamFace } from "./transport-face.ts";

/** Where the world stands, and what was noted on the way there. */
export interface Standing {
  readonly steppable: Steppable;
  readonly outline: RunOutline;
  /** Of this world. */
  readonly coverage: Coverage;
  /** Of the run as far as it is known. */
  readonly switches: SwitchWatch;
  /** The latest rows of the log about an actor, at most so many, up to this event; the newest last. */
  recent(actor: string, count: number): readonly LogRow[];
}

const RECENT_ROWS = 40;

/** null: no actor has this id, or not yet. */
export function actorView(standing: Standing, id: string): ActorView | null {
  const { coverage, outline, steppable } = standing;
  const { world } = steppable;
  const index = world.indexOf(id);
  const cell = index === undefined ? undefined : world.cells[index];
  if (cell === undefined) return null;
  return {
    id,
    logic: cell.spec.logic,
    ia: (world.assembly.places[cell.place] ?? outline.ases[0]?.ia ?? "") as IA,
    now: steppable.now,
    event: steppable.events,
    state: cell.actor === null ? "stopped" : activePaths(cell.state.value).join(", "),
    chart: chartView(cell, coverage),
    context: contextView(cell.state.context),
    recent: standing.recent(id, RECENT_ROWS),
    timers: timersView(steppable, cell),
    face: cell.state.context === null ? null : faceOf(standing, cell),
  };
}

function faceOf({ coverage, outline, steppable, switches }: Standing, cell: Cell): ActorFace | null {
  switch (cell.spec.logic) {
    case "node":
      return nodeFace(cell, outline, coverage);
    case "link":
      return linkFace(cell);
    case "selector": {
      const directionOf = new Map(outline.directions.map((id, direction) => [id, direction]));
      return selectorFace(cell, directionOf, switches, steppable.events);
    }
    case "association":
      return associationFace(cell);
    default:
      return streamFace(cell) ?? countersFace(cell);
  }
}
