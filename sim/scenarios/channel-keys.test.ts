/** What becomes of a channel while another one loses packets or changes its keys: keys of its own beside one key for all. */
import test from "ava";
import type { AssociationContext } from "../../actors/channel/association.ts";
import type { Keying } from "../../core/channel/crypto/keys.ts";
import type { Packet } from "../../core/packet.ts";
import { prefixOf } from "../../core/transport/ranges.ts";
import { type Nanos, SECOND } from "../../core/units.ts";
import { channelAssembly, pairScenario } from "../channel-worlds.ts";
import { Simulation } from "../simulation.ts";
import { MS } from "./transport-worlds.ts";

/** The first two channels that the asking end opens. */
const [TROUBLED, QUIET] = [2, 4];
/** The trouble begins; data sent until a little later is watched. */
const AT = 3 * SECOND;
const MARK = AT + 30 * MS;

type Trouble = "none" | "loss" | "rekey";

interface Recovery {
  /** From `MARK` until all that each channel had sent by then has arrived, milliseconds. */
  readonly troubled: number;
  readonly quiet: number;
  /** Packets that came and could not be opened. */
  readonly unopened: number;
  readonly rekeys: number;
}

/** Short header: form, 8 bytes of id, path, channel. */
function channelOf({ rest }: Packet): number {
  return rest === null ? -1 : (rest[10] as number) * 256 + (rest[11] as number);
}

/** Loses the next forty packets of the troubled channel that reach a link. */
function loseSome(world: Simulation): void {
  let left = 40;
  const deliver = world.deliverPacket.bind(world);
  world.deliverPacket = (target, packet, ifId) => {
    const isHit = left > 0 && world.cells[target]?.isLink === true && channelOf(packet) === TROUBLED;
    if (isHit && packet.flow === 0 && packet.payloadLength > 1_000) left--;
    else deliver(target, packet, ifId);
  };
}

/** Two streams over a quick path and a slow one, in turns; both always have data. */
function recover(keying: Keying, trouble: Trouble): Recovery {
  const links = [{ latency_ns: 5 * MS }, { latency_ns: 300 * MS }];
  const channels = [TROUBLED, QUIET].map(() => ({ options: {}, bytes: 1e9 }));
  const recovery = { controller: "fixed", window: 30_000, pacing: true } as const;
  const paths = { scheduler: "round-robin", recovery } as const;
  const world = Simulation.create(
    channelAssembly(pairScenario(1, links), { crypto: "modelled", keying, paths }, { channels, finish: false }),
  );
  world.run(AT);
  const [sender, receiver] = ["association/f", "listener/f/0"].map(
    (id) => world.read<AssociationContext>(id).context.association,
  ) as [AssociationContext["association"], AssociationContext["association"]];
  const before = receiver.counts.dropped.undecryptable;
  if (trouble === "loss") loseSome(world);
  const rekey = { type: "channel.rekey", channel: TROUBLED } as never;
  if (trouble === "rekey") world.inject(world.indexOf("association/f") as number, rekey, AT);
  world.run(MARK);
  const sent = [TROUBLED, QUIET].map((id) => sender.channels.byId.get(id)?.send.sent as number);
  const arrivedAt: Nanos[] = [-1, -1];
  const arrived = (n: number): boolean => {
    const received = receiver.channels.byId.get([TROUBLED, QUIET][n] as number)?.receive.received ?? [];
    return prefixOf(received) >= (sent[n] as number);
  };
  for (let now = MARK; now < AT + 5 * SECOND; now += MS) {
    world.run(now);
    for (const n of [0, 1]) if ((arrivedAt[n] as number) < 0 && arrived(n)) arrivedAt[n] = now - MARK;
  }
  return {
    troubled: (arrivedAt[0] as number) / MS,
    quiet: (arrivedAt[1] as number) / MS,
    unopened: receiver.counts.dropped.undecryptable - before,
    rekeys: sender.counts.rekeys,
  };
}

test("a channel's losses and its change of keys do not delay another, and its packets on a slow path outlive a change of keys", (t) => {
  const table = new Map<string, Recovery>();
  for (const keying of ["channel", "association"] as const) {
    for (const trouble of ["none", "loss", "rekey"] as const) {
      const found = recover(keying, trouble);
      table.set(`${keying} ${trouble}`, found);
      const { troubled, quiet, unopened } = found;
      t.log(`keying ${keying}, ${trouble}: troubled ${troubled} ms, quiet ${quiet} ms, ${unopened} packets not opened`);
    }
  }
  const of = (name: string): Recovery => table.get(name) as Recovery;
  const calm = of("channel none");
  t.true(calm.quiet > 0 && calm.troubled > 0);
  t.true(of("channel loss").troubled > calm.troubled + 20);
  t.is(of("channel rekey").rekeys, 1);
  for (const trouble of ["loss", "rekey"]) {
    const { quiet, unopened } = of(`channel ${trouble}`);
    t.true(Math.abs(quiet - calm.quiet) <= 2, `${trouble}: ${quiet} ms, otherwise ${calm.quiet}`);
    t.is(unopened, 0);
  }
  // Old keys are kept until the slowest path has brought what they sealed: one key for all delays nobody either.
  const shared = of("association rekey");
  t.is(shared.rekeys, 1);
  t.is(shared.unopened, 0);
  t.true(Math.abs(shared.quiet - of("association none").quiet) <= 2);
});
