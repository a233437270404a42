/** Long packets: those of the handshake, before keys are there (docs/channels.md has the layouts). */

export const VERSION = 0x504c_0001;
export const ID_BYTES = 8;
export const LONG_HEADER = 21;

/** What every long packet has, whatever its version. */
interface LongHead {
  readonly version: number;
  /** Of the receiver; before it has chosen one, what the initiator drew in its place. 8 bytes. */
  readonly destination: Uint8Array;
  /** Of the sender. 8 bytes. */
  readonly source: Uint8Array;
}

export type LongPacket = LongHead &
  (
    | { readonly kind: "initial"; readonly cookie: Uint8Array | null; readonly message: Uint8Array }
    | { readonly kind: "retry"; readonly cookie: Uint8Array }
    | { readonly kind: "response"; readonly message: Uint8Array }
    | { readonly kind: "final"; readonly message: Uint8Array }
    | { readonly kind: "versions"; readonly versions: readonly number[] }
    | { readonly kind: "refusal"; readonly reason: RefusalReason }
    | { readonly kind: "reset"; readonly token: Uint8Array }
    /** Of a version this end does not speak: to be answered by `versions`, if it is an initial. */
    | { readonly kind: "foreign"; readonly initial: boolean }
  );

/** Unauthenticated: a hint that only who saw the initial could send, since it names both ids. */
export type RefusalReason = "busy" | "not_listening" | "wrong_identity" | "cookie";

/** The field at which decoding stopped. */
export interface LongFault {
  readonly field: "type" | "header" | "version" | "cookie" | "message" | "padding" | "versions" | "reason" | "token" | "length";
  readonly reason: string;
}

/** Bytes to send: `rest` up to where only zeros follow, `length` with them. */
export interface EncodedLong {
  readonly rest: Uint8Array;
  readonly length: number;
}
