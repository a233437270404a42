/** Timeouts named by scope and tag. Plain data: whoever owns them asks for the next deadline and takes what is due. */
import type { Nanos } from "../../units.ts";
import { MILLISECOND, SECOND } from "../../units.ts";

/** Scopes as the original numbers them. */
export const SCOPE = { NEW: 0xc411, CHANNEL: 0x114c } as const;

/** Without an answer for so long, a negotiation's message counts as lost. */
export const NEW_TIMEOUT: Nanos = 200 * MILLISECOND;
/** Without a packet from the other side for so long, a channel is gone. */
export const CHANNEL_TIMEOUT: Nanos = 60 * SECOND;

export interface Timeout {
  readonly scope: number;
  readonly tag: number;
  readonly at: Nanos;
}

export interface Timeouts {
  readonly pending: Map<string, Timeout>;
}

export function createTimeouts(): Timeouts {
  return { pending: new Map() };
}

/** false: one of this name is pending already, and stays as it is. */
export function addTimeout({ pending }: Timeouts, scope: number, tag: number, at: Nanos): boolean {
  const name = nameOf(scope, tag);
  if (pending.has(name)) return false;
  pending.set(name, { scope, tag, at });
  return true;
}

/** false: none of this name is pending. */
export function removeTimeout({ pending }: Timeouts, scope: number, tag: number): boolean {
  return pending.delete(nameOf(scope, tag));
}

/** Takes those that are due, the earliest first, of one instant in the order added. */
export function takeExpired({ pending }: Timeouts, now: Nanos): Timeout[] {
  const due = [...pending.values()].filter(({ at }) => at <= now).sort((one, other) => one.at - other.at);
  for (const { scope, tag } of due) pending.delete(nameOf(scope, tag));
  return due;
}

/** -1: none. */
export function nextDeadline({ pending }: Timeouts): Nanos {
  let next = -1;
  for (const { at } of pending.values()) if (next < 0 || at < next) next = at;
  return next;
}

function nameOf(scope: number, tag: number): string {
  return `${scope}/${tag}`;
}
