/** Names by the numbers that worlds and columns have for them, for views of the event log. */
import type { World } from "../../actors/world.ts";
import type { RunOutline } from "../../core/exploration.ts";
import type { SequenceNames } from "./sequence.ts";

export class RunNames implements SequenceNames {
  readonly flows: readonly string[];
  readonly farEnds: readonly number[];
  readonly #world: () => World;
  readonly #actors: string[] = [];

  /** `world`: the one that is furthest on, as it knows every actor that there was. */
  constructor(outline: RunOutline, world: () => World) {
    this.#world = world;
    const flows = outline.flows.map(({ id }) => id);
    this.flows = [...flows, ...flows.map((id) => `${id}/replies`)];
    this.farEnds = farEndsOf(outline, this.actors);
  }

  /** Grows with the actors that the run starts. */
  get actors(): readonly string[] {
    const { cells } = this.#world();
    while (this.#actors.length < cells.length) this.#actors.push(cells[this.#actors.length]?.id ?? "");
    return this.#actors;
  }
}

/** By number of an actor: of a direction of a link, the node that it delivers to; -1 of all others. */
export function farEndsOf(outline: Pick<RunOutline, "links" | "directions">, actors: readonly string[]): number[] {
  const numbers = new Map(actors.map((id, number) => [id, number]));
  const ends = actors.map(() => -1);
  for (const [direction, id] of outline.directions.entries()) {
    const link = outline.links[direction >> 1];
    const end = direction % 2 === 0 ? link?.b : link?.a;
    const number = numbers.get(id);
    if (number !== undefined) ends[number] = numbers.get(`node/${end?.split("#")[0]}`) ?? -1;
  }
  return ends;
}
