/** What goes wrong over channels, as an error that programs can tell apart by its word. */
import type { Ending } from "../../core/channel/association/association.ts";

export type ChannelFailureWord =
  /** The association: no answer, turned down, another protocol version, another identity than the one that was named. */
  | "handshake-timeout"
  | "refused"
  | "version"
  | "identity"
  /** The association is over: closed by us or the peer, nothing came for too long, the peer has forgotten it or broke the protocol. */
  | "closed"
  | "idle"
  | "reset"
  | "violation"
  /** One channel: the peer turned it down, gave up sending, wants no more, closed it. */
  | "channel-refused"
  | "channel-reset"
  | "channel-stopped"
  | "channel-closed"
  /** A call: given up by its signal, out of time, not for channels of this kind, a message that cannot fit. */
  | "aborted"
  | "timeout"
  | "framing"
  | "too-long"
  /** A connector does not open. */
  | "connector"
  /** Virtual time: nothing is left that could wake the program. */
  | "stuck";

export class ChannelFailure extends Error {
  readonly word: ChannelFailureWord;
  /** Of a close, refusal or reset; else 0. */
  readonly code: number;

  constructor(word: ChannelFailureWord, message: string, code = 0, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "ChannelFailure";
    this.word = word;
    this.code = code;
  }
}

export function failureOf(ending: Ending | null): ChannelFailure {
  if (ending === null) return new ChannelFailure("closed", "The association is over.");
  const { by, word, code, reason } = ending;
  const who = by === "us" ? "this end" : by === "peer" ? "the peer" : "nobody";
  return new ChannelFailure(word, `The association is over (${word}, by ${who}, code ${code}): ${reason}.`, code);
}
