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
import { KEY_BYTES, type Primitives, TAG_BYTES } from "../core/channel/crypto/primitives.ts";

const CIPHER = "chacha20-poly1305";
const OPTIONS = { authTagLength: TAG_BYTES };

/** DER before the 32 bytes of an X25519 key (RFC 8410): PKCS #8 for the secret, SubjectPublicKeyInfo for the public one. */
const SECRET_HEAD = Buffer.from("302e020100300506032b656e04220420", "hex");
const PUBLIC_HEAD = Buffer.from("302a300506032b656e032100", "hex");

export const NODE_PRIMITIVES: Primitives = {
  seal(key, nonce, aad, plain) {
    const cipher = createCipheriv(CIPHER, key, nonce, OPTIONS);
    cipher.setAAD(aad, { plaintextLength: plain.length });
    const sealed = new Uint8Array(plain.length + TAG_BYTES);
    sealed.set(cipher.update(plain));
    cipher.final();
    sealed.set(cipher.getAuthTag(), plain.length);
    return sealed;
  },
  open(key, nonce, aad, sealed) {
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
  dh(secret, pub) {
    try {
      return bytesOf(diffieHellman({ privateKey: privateKey(secret), publicKey: publicKey(pub) }));
    } catch {
      return new Uint8Array(KEY_BYTES);
    }
  },
  publicOf(secret) {
    const der = createPublicKey(privateKey(secret)).export({ format: "der", type: "spki" });
    return bytesOf(der.subarray(PUBLIC_HEAD.length));
  },
  sha256: (bytes) => bytesOf(createHash("sha256").update(bytes).digest()),
  hmac: (key, bytes) => bytesOf(createHmac("sha256", key).update(bytes).digest()),
  random: (length) => bytesOf(randomBytes(length)),
};

function privateKey(secret: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([SECRET_HEAD, secret]), format: "der", type: "pkcs8" });
}

function publicKey(pub: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([PUBLIC_HEAD, pub]), format: "der", type: "spki" });
}

/** The same bytes as a plain array: a Buffer is of another class and would not stay plain data. */
function bytesOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
