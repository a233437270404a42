/**
 * The channels' primitives by OpenSSL, through node:crypto: the same bytes as core/channel/crypto/primitives.ts, faster, and with
 * chance that nobody can predict.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { createWasmAead } from "../core/channel/crypto/wasm-aead.ts";
import { KEY_BYTES, type Primitives, TAG_BYTES } from "../core/channel/crypto/primitives.ts";

const CIPHER = "chacha20-poly1305";
const OPTIONS = { authTagLength: TAG_BYTES };

/** DER before the 32 bytes of a secret X25519 key (RFC 8410): PKCS #8. */
const SECRET_HEAD = Buffer.from("302e020100300506032b656e04220420", "hex");

/** Longer texts OpenSSL does sooner: its calls cost more, its bytes less (docs/channels.md). */
const SHORT = 4_096;

const OPENSSL = {
  seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Uint8Array {
    const cipher = createCipheriv(CIPHER, key, nonce, OPTIONS);
    cipher.setAAD(aad, { plaintextLength: plain.length });
    const sealed = new Uint8Array(plain.length + TAG_BYTES);
    sealed.set(cipher.update(plain));
    cipher.final();
    sealed.set(cipher.getAuthTag(), plain.length);
    return sealed;
  },
  open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | null {
    const length = sealed.length - TAG_BYTES;
    if (length < 0) return null;
    const cipher = createDecipheriv(CIPHER, key, nonce, OPTIONS);
    cipher.setAAD(aad, { plaintextLength: length });
    cipher.setAuthTag(sealed.subarray(length));
    const plain = cipher.update(sealed.subarray(0, length));
    try {
      cipher.final();
    } catch {
      return null;
    }
    return bytesOf(plain);
  },
};

const WASM = createWasmAead(OPENSSL);
const SHORTER = WASM ?? OPENSSL;

export const NODE_PRIMITIVES: Primitives = {
  seal: (key, nonce, aad, plain) => (plain.length > SHORT ? OPENSSL : SHORTER).seal(key, nonce, aad, plain),
  open: (key, nonce, aad, sealed) => (sealed.length > SHORT ? OPENSSL : SHORTER).open(key, nonce, aad, sealed),
  // Packets are short.
  ...(WASM === null ? {} : { sealPacket: WASM.sealPacket, openPacket: WASM.openPacket }),
  dh(secret, pub) {
    try {
      return bytesOf(diffieHellman({ privateKey: privateKey(secret), publicKey: publicKey(pub) }));
    } catch {
      return new Uint8Array(KEY_BYTES);
    }
  },
  publicOf(secret) {
    const der = createPublicKey(privateKey(secret)).export({ format: "der", type: "spki" });
    return bytesOf(der.subarray(-KEY_BYTES));
  },
  sha256: (bytes) => bytesOf(createHash("sha256").update(bytes).digest()),
  hmac: (key, bytes) => bytesOf(createHmac("sha256", key).update(bytes).digest()),
  random: (length) => bytesOf(randomBytes(length)),
};

/**
 * Secret keys that were read, with their bytes, for as long as their arrays live: reading one costs as much as several exchanges,
 * and a handshake needs each several times.
 */
const READ = new WeakMap<Uint8Array, { readonly bytes: Buffer; readonly key: KeyObject }>();

function privateKey(secret: Uint8Array): KeyObject {
  const known = READ.get(secret);
  if (known?.bytes.equals(secret)) return known.key;
  const key = createPrivateKey({ key: Buffer.concat([SECRET_HEAD, secret]), format: "der", type: "pkcs8" });
  READ.set(secret, { bytes: Buffer.from(secret), key });
  return key;
}

/** As a JSON web key (RFC 8037), which is read sooner than DER. */
function publicKey(pub: Uint8Array): KeyObject {
  const x = Buffer.from(pub.buffer, pub.byteOffset, pub.byteLength).toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "X25519", x }, format: "jwk" });
}

/** The same bytes as a plain array: a Buffer is of another class and would not stay plain data. */
function bytesOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
