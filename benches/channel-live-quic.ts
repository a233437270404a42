/** QUIC by @matrixai/quic (quiche) as one end of a transfer, and the certificate that it wants. */
import {
  createHmac,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
  webcrypto,
} from "node:crypto";
import { CHUNK, type End, type EndSpec, patternOf } from "./channel-live-end.ts";

/** Not among our dependencies: its native parts exist for few systems, and a lock file wants them all. */
export const QUIC_PACKAGE = "@matrixai/quic";
/** The version that was measured. */
export const QUIC_VERSION = "2.0.9";

/** What is used of the package. */
interface QuicPackage {
  readonly events: Readonly<
    Record<"EventQUICServerConnection" | "EventQUICConnectionStream", { readonly name: string }>
  >;
  readonly QUICServer: new (
    options: object,
  ) => {
    readonly port: number;
    addEventListener(name: string, listener: (event: { readonly detail: Connection }) => void): void;
    start(at: { readonly host: string; readonly port: number }): Promise<void>;
    stop(how: { readonly force: boolean }): Promise<void>;
  };
  readonly QUICClient: {
    createQUICClient(options: object): Promise<{
      readonly connection: { newStream(): Stream };
      destroy(how: { readonly force: boolean }): Promise<void>;
    }>;
  };
}

interface Connection {
  addEventListener(name: string, listener: (event: { readonly detail: Stream }) => void): void;
}

interface Stream {
  readonly readable: AsyncIterable<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** Its name is not written into an import: checkers and bundlers would look for it. */
async function quicPackage(): Promise<QuicPackage> {
  const load = new Function("name", "return import(name)") as (name: string) => Promise<QuicPackage>;
  return load(import.meta.resolve(QUIC_PACKAGE));
}

/** As large as those of channels in the same bench. */
const WINDOW = 16 << 20;
/** quiche takes no smaller ones. */
const LEAST_PACKET = 1_200;

function configOf(packet: number) {
  return {
    verifyPeer: false,
    maxSendUdpPayloadSize: Math.max(LEAST_PACKET, packet),
    initialMaxData: WINDOW,
    initialMaxStreamDataBidiLocal: WINDOW,
    initialMaxStreamDataBidiRemote: WINDOW,
  };
}

export async function quicReceiver({ packet }: EndSpec): Promise<End> {
  const { key, cert } = selfSigned();
  const secret = randomBytes(32);
  const hmac = (data: ArrayBuffer): Buffer => createHmac("sha256", secret).update(Buffer.from(data)).digest();
  const { events, QUICServer } = await quicPackage();
  const server = new QUICServer({
    crypto: {
      key: arrayOf(secret),
      ops: {
        sign: async (_key: unknown, data: ArrayBuffer) => arrayOf(hmac(data)),
        verify: async (_key: unknown, data: ArrayBuffer, seal: ArrayBuffer) =>
          timingSafeEqual(hmac(data), Buffer.from(seal)),
      },
    },
    config: { ...configOf(packet), key, cert },
  });
  const streams: Stream[] = [];
  let next = (): void => undefined;
  server.addEventListener(
    events.EventQUICServerConnection.name,
    ({ detail: connection }: { readonly detail: Connection }) => {
      connection.addEventListener(events.EventQUICConnectionStream.name, ({ detail }: { readonly detail: Stream }) => {
        streams.push(detail);
        next();
      });
    },
  );
  await server.start({ host: "127.0.0.1", port: 0 });
  return {
    address: { port: Number(server.port), key: null },
    transfer: async () => {
      if (streams.length === 0) await new Promise<void>((resolve) => void (next = resolve));
      const stream = streams.shift() as Stream;
      const pieces: Uint8Array[] = [];
      let [bytes, first] = [0, 0n];
      for await (const piece of stream.readable) {
        if (bytes === 0) first = process.hrtime.bigint();
        bytes += piece.length;
        pieces.push(piece);
      }
      const seconds = Number(process.hrtime.bigint() - first) / 1e9;
      await stream.writable.close();
      return { bytes, seconds, pieces };
    },
    close: () => server.stop({ force: true }),
  };
}

export async function quicSender({ at, packet }: EndSpec): Promise<End> {
  const { QUICClient } = await quicPackage();
  const client = await QUICClient.createQUICClient({
    host: "127.0.0.1",
    port: at?.port ?? 0,
    localHost: "127.0.0.1",
    crypto: { ops: { randomBytes: async (data: ArrayBuffer) => void webcrypto.getRandomValues(new Uint8Array(data)) } },
    config: configOf(packet),
  });
  const chunk = patternOf(CHUNK);
  return {
    address: { port: 0, key: null },
    transfer: async (bytes) => {
      const begin = process.hrtime.bigint();
      const stream = client.connection.newStream();
      const writer = stream.writable.getWriter();
      for (let sent = 0; sent < bytes; sent += CHUNK) await writer.write(chunk.subarray(0, bytes - sent));
      await writer.close();
      for await (const _ of stream.readable);
      return { bytes, seconds: Number(process.hrtime.bigint() - begin) / 1e9, pieces: [] };
    },
    close: () => client.destroy({ force: true }),
  };
}

function arrayOf(buffer: Buffer): ArrayBuffer {
  return new Uint8Array(buffer).buffer;
}

/** A fresh P-256 key and a certificate that it signs for itself (RFC 5280), as PEM. */
function selfSigned(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ecdsaWithSha256 = der(0x30, der(0x06, Buffer.from("2a8648ce3d040302", "hex")));
  const commonName = der(0x30, der(0x06, Buffer.from("550403", "hex")), der(0x0c, Buffer.from("localhost")));
  const name = der(0x30, der(0x31, commonName));
  const time = (text: string): Buffer => der(0x17, Buffer.from(text));
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1)),
    ecdsaWithSha256,
    name,
    der(0x30, time("240101000000Z"), time("491231235959Z")),
    name,
    publicKey.export({ format: "der", type: "spki" }),
  );
  const seal = der(0x03, Buffer.of(0), sign("sha256", body, privateKey));
  return { key: pemOf(privateKey), cert: pem("CERTIFICATE", der(0x30, body, ecdsaWithSha256, seal)) };
}

function pemOf(key: KeyObject): string {
  return key.export({ format: "pem", type: "pkcs8" }).toString();
}

function pem(kind: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${kind}-----`, ...lines, `-----END ${kind}-----`, ""].join("\n");
}

/** One value of DER: tag, length, content. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content);
  const size = bytes.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.of(tag, ...length), bytes]);
}
