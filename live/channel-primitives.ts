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
  createSecretKey,
  diffieHellman,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { KEY_BYTES, type Primitives, TAG_BYTES } from "../core/channel/crypto/primitives.ts";

const CIPHER = "chacha20-poly1305";
const OPTIONS = { authTagLength: TAG_BYTES };

/** DER before the 32 bytes of a secret X25519 key (RFC 8410): PKCS #8. */
const SECRET_HEAD = Buffer.from("302e020100300506032b656e04220420", "hex");

export const NODE_PRIMITIVES: Primitives = {
  seal(key, nonce, aad, plain) {
    const cipher = createCipheriv(CIPHER, secretKey(key), nonce, OPTIONS);
    cipher.setAAD(aad, { plaintextLength: plain.length });
    const sealed = new Uint8Array(plain.length + TAG_BYTES);
    sealed.set(cipher.update(plain));
    cipher.final();
    sealed.set(cipher.getAuthTag(), plain.length);
    return sealed;
  },
  sealPacket(key, nonce, header, plain) {
    const cipher = createCipheriv(CIPHER, secretKey(key), nonce, OPTIONS);
    cipher.setAAD(header, { plaintextLength: plain.length });
    const at = header.length;
    const packet = new Uint8Array(at + plain.length + TAG_BYTES);
    packet.set(header);
    packet.set(cipher.update(plain), at);
    cipher.final();
    packet.set(cipher.getAuthTag(), at + plain.length);
    return packet;
  },
  open(key, nonce, aad, sealed) {
    const length = sealed.length - TAG_BYTES;
    if (length < 0) return null;
    const cipher = createDecipheriv(CIPHER, secretKey(key), nonce, OPTIONS);
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

/** Keys of packets, as above: OpenSSL need not take them in for every packet. */
const SEALING = new WeakMap<Uint8Array, { readonly bytes: Buffer; readonly key: KeyObject }>();

function secretKey(bytes: Uint8Array): KeyObject {
  const known = SEALING.get(bytes);
  if (known?.bytes.equals(bytes)) return known.key;
  const key = createSecretKey(bytes);
  SEALING.set(bytes, { bytes: Buffer.from(bytes), key });
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
