/**
 * What a listener does before it keeps anything of a peer: initials without a good cookie get one, packets for associations it does not
 * know get a reset, foreign versions a list of ours. No answer is longer than three times what it answers (RFC 9000, section 8.1).
 */
import type { Nanos } from "../../units.ts";
import { checkCookie, resetToken, rotateSecrets, type SecretRing } from "../crypto/cookies.ts";
import {
  answerFits,
  decodeLong,
  type EncodedLong,
  encodeLong,
  headerForm,
  ID_BYTES,
  type LongPacket,
  type RefusalReason,
  RESET_TOKEN_BYTES,
  VERSION,
  versionsFor,
} from "../crypto/long-packets.ts";
import { SHORT_OVERHEAD } from "../crypto/protection.ts";
import { drawBytes, KEY_BYTES, type Primitives } from "../crypto/primitives.ts";
import type { Surroundings } from "./association.ts";
import { claimOf, type Initial, type Origin, retryFor } from "./handshake.ts";

/** What to do with a packet that belongs to no association: admit its sender, answer, or nothing, with the word it is counted by. */
export type Verdict =
  | { readonly kind: "admit"; readonly initial: Initial }
  | { readonly kind: "answer"; readonly word: AnswerWord; readonly answer: EncodedLong }
  | { readonly kind: "drop"; readonly word: "malformed" | "unknown" | "amplification" };

export type AnswerWord = "retry" | "versions" | "reset";

/** Judges a packet that names no association that is known. `resetSecret`: of the reset tokens. */
export function judge(
  arrival: Origin & { readonly rest: Uint8Array; readonly length: number },
  ring: SecretRing,
  resetSecret: Uint8Array,
  ctx: Surroundings,
): Verdict {
  const { rest, length } = arrival;
  const form = headerForm(rest);
  if (form === "none") return { kind: "drop", word: "malformed" };
  if (form === "short") return judgeShort(rest, length, resetSecret, ctx);
  const decoded = decodeLong(rest, length);
  if (!decoded.ok) return { kind: "drop", word: "malformed" };
  const packet = decoded.value;
  if (packet.kind === "foreign") {
    return packet.initial ? answerWith("versions", versionsFor(packet), length) : { kind: "drop", word: "unknown" };
  }
  if (packet.kind !== "initial") return { kind: "drop", word: "unknown" };
  if (packet.cookie === null) return answerWith("retry", retryFor(ring, packet, arrival, ctx), length);
  const fault = checkCookie(ring, claimOf(packet, arrival), packet.cookie, ctx.now, ctx.primitives);
  if (fault !== null) return answerWith("retry", retryFor(ring, packet, arrival, ctx), length);
  return { kind: "admit", initial: packet };
}

/** Says why an initial with a good cookie is not taken. */
export function refusalFor({ destination, source }: Initial, reason: RefusalReason): EncodedLong {
  return encodeLong({ kind: "refusal", version: VERSION, destination: source, source: destination, reason });
}

/** Fresh secrets where their time has come. */
export function rotateIfDue(ring: SecretRing, now: Nanos, ctx: Surroundings): void {
  if (now < ring.rotateAt) return;
  rotateSecrets(ring, drawBytes(ctx.random("channel/cookies"), KEY_BYTES, ctx.primitives), now);
}

/** An association that is not here any more: the reset is shorter than what it answers, so that two ends cannot answer each other for ever. */
function judgeShort(
  rest: Uint8Array,
  length: number,
  resetSecret: Uint8Array,
  { primitives: p }: Surroundings,
): Verdict {
  if (rest.length < SHORT_OVERHEAD - RESET_TOKEN_BYTES || length < SHORT_OVERHEAD)
    return { kind: "drop", word: "malformed" };
  const id = rest.slice(1, 1 + ID_BYTES);
  const reset = resetFor(id, resetSecret, p);
  const answer = encodeLong(reset);
  return answer.length < length ? { kind: "answer", word: "reset", answer } : { kind: "drop", word: "unknown" };
}

function resetFor(id: Uint8Array, secret: Uint8Array, p: Primitives): LongPacket {
  // Who sent the packet knows our id for it; its own, which the reset cannot name, does not matter to it.
  return { kind: "reset", version: VERSION, destination: id, source: id, token: resetToken(secret, id, p) };
}

function answerWith(word: AnswerWord, packet: LongPacket, received: number): Verdict {
  const answer = encodeLong(packet);
  if (!answerFits(received, 0, answer.length)) return { kind: "drop", word: "amplification" };
  return { kind: "answer", word, answer };
}
