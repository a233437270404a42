/**
 * ChaCha20-Poly1305 (RFC 8439) by WebAssembly (wasm-code.ts): the bytes of aead.ts, several times as fast, and no memory taken but for
 * the result.
 *
 *     IN   32 zeros, associated data up to the end of 64 bytes | data, zeros to whole blocks of 16 | lengths
 *     OUT  the same xored with the key stream: its first 32 bytes are Poly1305's key
 */
import { bytesOfText, type Primitives, PURE_PRIMITIVES, TAG_BYTES } from "./primitives.ts";
import { aeadModule, STATE } from "./wasm-code.ts";

type Seal = (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array) => Uint8Array;
type Open = (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array) => Uint8Array | null;

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

/** Sealing and opening; what is longer than 64 KiB, or has more than 32 bytes of associated data, is left to `others`. null: no WebAssembly with vectors here. */
export function createWasmAead(others: {
  readonly seal: Seal;
  readonly open: Open;
}): { readonly seal: Seal; readonly open: Open } | null {
  const wasm = instantiate();
  if (wasm === null) return null;
  const memory = new Uint8Array(wasm.memory.buffer);
  const words = new DataView(wasm.memory.buffer);
  memory.set(bytesOfText(CONSTANTS), STATE);
  const fits = (aad: Uint8Array, length: number): boolean => aad.length <= MAX_AAD && length <= MAX_DATA;
  /** From the one buffer to the other. */
  const run = (key: Uint8Array, nonce: Uint8Array, length: number): void => {
    memory.set(key, STATE + 16);
    words.setUint32(STATE + 48, 0);
    memory.set(nonce, STATE + 52);
    wasm.chacha(IN, OUT, Math.ceil((BLOCK + length) / GROUP));
  };
  /** The tag over the ciphertext in this buffer goes to `TAG`. */
  const authenticate = (buffer: number, aad: Uint8Array, length: number): void => {
    const data = buffer + BLOCK;
    const from = data - ((aad.length + 15) & ~15);
    memory.fill(0, from, data);
    memory.set(aad, from);
    const end = data + ((length + 15) & ~15);
    memory.fill(0, data + length, end + 16);
    words.setUint32(end, aad.length, true);
    words.setUint32(end + 8, length, true);
    wasm.poly(OUT, from, end + 16, TAG);
  };
  return {
    seal: (key, nonce, aad, plain) => {
      const { length } = plain;
      if (!fits(aad, length)) return others.seal(key, nonce, aad, plain);
      memory.set(plain, IN + BLOCK);
      run(key, nonce, length);
      authenticate(OUT, aad, length);
      const sealed = new Uint8Array(length + TAG_BYTES);
      sealed.set(memory.subarray(OUT + BLOCK, OUT + BLOCK + length));
      sealed.set(memory.subarray(TAG, TAG + TAG_BYTES), length);
      return sealed;
    },
    open: (key, nonce, aad, sealed) => {
      const length = sealed.length - TAG_BYTES;
      if (length < 0) return null;
      if (!fits(aad, length)) return others.open(key, nonce, aad, sealed);
      memory.set(sealed, IN + BLOCK);
      run(key, nonce, length);
      authenticate(IN, aad, length);
      let difference = 0;
      for (let at = 0; at < TAG_BYTES; at++)
        difference |= (memory[TAG + at] as number) ^ (sealed[length + at] as number);
      // IN has to begin with zeros again.
      memory.fill(0, IN + MAX_AAD, IN + BLOCK);
      return difference === 0 ? memory.slice(OUT + BLOCK, OUT + BLOCK + length) : null;
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
