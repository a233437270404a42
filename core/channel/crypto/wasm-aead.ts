/**
 * ChaCha20-Poly1305 (RFC 8439) by WebAssembly (wasm-code.ts): the bytes of aead.ts, several times as fast, and no memory taken but for
 * the result.
 *
 *     IN   32 zeros, associated data up to the end of 64 bytes | data, zeros to whole blocks of 16 | lengths
 *     OUT  the same xored with the key stream: its first 32 bytes are Poly1305's key
 */
import { bytesOfText, type Primitives, PURE_PRIMITIVES, TAG_BYTES } from "./primitives.ts";
import { aeadModule, STATE } from "./wasm-code.ts";

/** As far as it is used; the standard library's types leave it to the page's and to Node's. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** What the module gives. */
interface WasmExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  chacha(source: number, target: number, groups: number): void;
  poly(key: number, from: number, end: number, target: number): void;
}

const BLOCK = 64;
const GROUP = 256;
/** Associated data lies behind the key's 32 bytes. */
const MAX_AAD = 32;
const MAX_DATA = 0x1_0000;
const PAGES = 3;
const TAG = 128;
const IN = 1_024;
const OUT = IN + BLOCK + MAX_DATA + GROUP;
const CONSTANTS = "expand 32-byte k";

/** The calls of `Primitives` that this serves. */
type Aead = Pick<Primitives, "seal" | "open" | "sealPacket" | "openPacket">;

/** Larger results get arrays of their own; small ones share, for an array of its own costs more than filling it. */
const SLAB = 0x1_0000;
const MOST_OF_SLAB = 0x1000;

class WasmAead {
  readonly #wasm: WasmExports;
  readonly #memory: Uint8Array;
  readonly #words: DataView;
  #slab = new ArrayBuffer(SLAB);
  #used = 0;

  constructor(wasm: WasmExports) {
    this.#wasm = wasm;
    this.#memory = new Uint8Array(wasm.memory.buffer);
    this.#words = new DataView(wasm.memory.buffer);
    this.#memory.set(bytesOfText(CONSTANTS), STATE);
  }

  /** `prefix` bytes, which are the caller's to write, ciphertext, tag. */
  seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array, prefix: number): Uint8Array {
    const memory = this.#memory;
    const { length } = plain;
    memory.set(plain, IN + BLOCK);
    this.#run(key, nonce, length);
    this.#authenticate(OUT, aad, length, OUT + BLOCK + length);
    // The tag was put behind the ciphertext.
    const sealed = this.#take(prefix + length + TAG_BYTES);
    sealed.set(memory.subarray(OUT + BLOCK, OUT + BLOCK + length + TAG_BYTES), prefix);
    return sealed;
  }

  /** The plain text where it lies, or null where the tag does not fit. */
  open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, packet: Uint8Array, start: number): Uint8Array | null {
    const memory = this.#memory;
    const length = packet.length - start - TAG_BYTES;
    // What stands before the data is overwritten by the associated data.
    memory.set(
      start <= BLOCK - MAX_AAD ? packet : packet.subarray(start),
      IN + BLOCK - (start <= BLOCK - MAX_AAD ? start : 0),
    );
    let difference = 0;
    this.#run(key, nonce, length);
    this.#authenticate(IN, aad, length, TAG);
    const sealed = start + length;
    for (let at = 0; at < TAG_BYTES; at++) difference |= (memory[TAG + at] as number) ^ (packet[sealed + at] as number);
    return difference === 0 ? memory.subarray(OUT + BLOCK, OUT + BLOCK + length) : null;
  }

  /** From the one buffer to the other. The first half of IN's first block is zero for ever; of the second nothing is used. */
  #run(key: Uint8Array, nonce: Uint8Array, length: number): void {
    this.#memory.set(key, STATE + 16);
    this.#words.setUint32(STATE + 48, 0);
    this.#memory.set(nonce, STATE + 52);
    this.#wasm.chacha(IN, OUT, Math.ceil((BLOCK + length) / GROUP));
  }

  /** The tag over the ciphertext in this buffer. */
  #authenticate(buffer: number, aad: Uint8Array, length: number, target: number): void {
    const words = this.#words;
    const data = buffer + BLOCK;
    const from = data - ((aad.length + 15) & ~15);
    for (let at = from; at < data; at += 4) words.setUint32(at, 0);
    this.#memory.set(aad, from);
    const end = data + ((length + 15) & ~15);
    for (let at = data + length; at < end; at++) words.setUint8(at, 0);
    words.setUint32(end, aad.length, true);
    words.setUint32(end + 4, 0);
    words.setUint32(end + 8, length, true);
    words.setUint32(end + 12, 0);
    this.#wasm.poly(OUT, from, end + 16, target);
  }

  #take(length: number): Uint8Array {
    if (length > MOST_OF_SLAB) return new Uint8Array(length);
    if (this.#used + length > SLAB) {
      this.#slab = new ArrayBuffer(SLAB);
      this.#used = 0;
    }
    const taken = new Uint8Array(this.#slab, this.#used, length);
    this.#used += (length + 7) & ~7;
    return taken;
  }
}

/** Sealing and opening; what is longer than 64 KiB, or has more than 32 bytes of associated data, is left to `others`. null: no WebAssembly with vectors here. */
export function createWasmAead(others: Pick<Primitives, "seal" | "open">): Required<Aead> | null {
  const wasm = instantiate();
  if (wasm === null) return null;
  const aead = new WasmAead(wasm);
  const fits = (aad: Uint8Array, length: number): boolean => aad.length <= MAX_AAD && length <= MAX_DATA;
  return {
    seal: (key, nonce, aad, plain) =>
      fits(aad, plain.length) ? aead.seal(key, nonce, aad, plain, 0).slice() : others.seal(key, nonce, aad, plain),
    open: (key, nonce, aad, sealed) => {
      if (sealed.length < TAG_BYTES) return null;
      if (!fits(aad, sealed.length)) return others.open(key, nonce, aad, sealed);
      return aead.open(key, nonce, aad, sealed, 0)?.slice() ?? null;
    },
    sealPacket: (key, nonce, header, plain) => {
      const before = header.length;
      if (fits(header, plain.length)) {
        const packet = aead.seal(key, nonce, header, plain, before);
        packet.set(header);
        return packet;
      }
      const sealed = others.seal(key, nonce, header, plain);
      const packet = new Uint8Array(before + sealed.length);
      packet.set(header);
      packet.set(sealed, before);
      return packet;
    },
    openPacket: (key, nonce, header, packet, start) => {
      if (packet.length - start < TAG_BYTES) return null;
      return fits(header, packet.length)
        ? aead.open(key, nonce, header, packet, start)
        : others.open(key, nonce, header, packet.subarray(start));
    },
  };
}

/** Those of JavaScript alone, quicker where there is WebAssembly: the same bytes. */
export function fastPrimitives(): Primitives {
  return { ...PURE_PRIMITIVES, ...createWasmAead(PURE_PRIMITIVES) };
}

function instantiate(): WasmExports | null {
  if (typeof WebAssembly === "undefined") return null;
  try {
    const code = new WebAssembly.Module(aeadModule(PAGES));
    return new WebAssembly.Instance(code).exports as WasmExports;
  } catch {
    return null;
  }
}
