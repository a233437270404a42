/** The end of a run in pieces as one world that can be read and not run: for checks that want all actors at once. */
import type { Assembly } from "../../actors/assembly.ts";
import type { ActorSpec } from "../../actors/assembly.ts";
import { World } from "../../actors/world.ts";
import type { ActorIndex, DropReason, Handle } from "../../core/env.ts";
import type { Packet } from "../../core/packet.ts";
import type { Nanos } from "../../core/units.ts";

interface EndOfActor {
  readonly index: ActorIndex;
  readonly spec: ActorSpec;
  readonly value: unknown;
  readonly context: unknown;
}

/** Plain data: it goes from process to process. */
export interface EndOfPiece {
  readonly now: Nanos;
  readonly actors: readonly EndOfActor[];
  readonly byReason: readonly (readonly [DropReason, number])[];
  readonly byFlow: readonly (readonly [number, number])[];
  readonly duplicated: readonly (readonly [number, number])[];
}

export function endOfPiece(world: World): EndOfPiece {
  const { byReason, byFlow, duplicated } = world.ledger;
  const actors = world.allCells().map(({ self, spec, state }): EndOfActor => {
    return { index: self, spec, value: state.value, context: state.context };
  });
  return { now: world.now, actors, byReason: [...byReason], byFlow: [...byFlow], duplicated: [...duplicated] };
}

export class MergedWorld extends World {
  constructor(assembly: Assembly, pieces: readonly EndOfPiece[]) {
    super(assembly, {});
    this.now = Math.max(...pieces.map(({ now }) => now));
    const actors = pieces.flatMap((piece) => piece.actors).toSorted((left, right) => left.index - right.index);
    for (const { index, spec, value, context } of actors) {
      this.restoreActor(index, spec, { value, context, status: "active" }, []);
    }
    for (const { byReason, byFlow, duplicated } of pieces) {
      addAll(this.ledger.byReason, byReason);
      addAll(this.ledger.byFlow, byFlow);
      addAll(this.ledger.duplicated, duplicated);
    }
  }

  override scheduleControl(): Handle {
    throw new Error("this world is over");
  }

  override cancelControl(): void {}

  override schedulePacket(): void {
    throw new Error("this world is over");
  }

  override recallPackets(): Packet[] {
    return [];
  }
}

function addAll<K>(into: Map<K, number>, from: readonly (readonly [K, number])[]): void {
  for (const [key, count] of from) into.set(key, (into.get(key) ?? 0) + count);
}
