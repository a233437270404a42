/** Whole handshakes and transport messages of other people's implementations, then what must be refused. */
import { fc, testProp } from "@fast-check/ava";
import test, { type ExecutionContext } from "ava";
import { MODELLED_PRIMITIVES } from "./modelled.ts";
import {
  createNoise,
  isTurnToWrite,
  type Noise,
  type NoiseFault,
  type NoisePattern,
  readNoise,
  splitSecret,
  writeNoise,
} from "./noise.ts";
import { bytesOfText, createKeyPair, type Primitives, PURE_PRIMITIVES } from "./primitives.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const filled = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

interface Vector {
  readonly source: string;
  readonly pattern: NoisePattern;
  readonly prologue: string;
  /** Static and ephemeral secrets of initiator and responder. */
  readonly secrets: readonly [string, string, string, string];
  /** The responder's static key, where the initiator knows it. */
  readonly remoteStatic?: string;
  /** Payload and message; by turns, the initiator first. After the handshake: transport messages. */
  readonly messages: readonly (readonly [string, string])[];
}

/** haskell-cryptography/cacophony, vectors/cacophony.txt. */
const CACOPHONY = {
  source: "cacophony",
  prologue: "4a6f686e2047616c74",
  secrets: [
    "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
    "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a",
    "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
    "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b",
  ],
} as const;

/** mcginty/snow, tests/vectors/snow.txt. */
const SNOW = {
  source: "snow",
  prologue:
    "5468657265206973206e6f20726967687420616e642077726f6e672e2054686572652773206f6e6c792066756e20616e6420626f72696e672e",
} as const;

const VECTORS: readonly Vector[] = [
  {
    ...CACOPHONY,
    pattern: "XX",
    messages: [
      [
        "4c756477696720766f6e204d69736573",
        "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444c756477696720766f6e204d69736573",
      ],
      [
        "4d757272617920526f746862617264",
        "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f14480884381cbad1f276e038c48378ffce2b65285e08d6b68aaa3629a5a8639392490e5b9bd5269c2f1e4f488ed8831161f19b7815528f8982ffe09be9b5c412f8a0db50f8814c7194e83f23dbd8d162c9326ad",
      ],
      [
        "462e20412e20486179656b",
        "c7195ffacac1307ff99046f219750fc47693e23c3cb08b89c2af808b444850a80ae475b9df0f169ae80a89be0865b57f58c9fea0d4ec82a286427402f113e4b6ae769a1d95941d49b25030",
      ],
      ["4361726c204d656e676572", "96763ed773f8e47bb3712f0e29b3060ffc956ffc146cee53d5e1df"],
      ["4a65616e2d426170746973746520536179", "3e40f15f6f3a46ae446b253bf8b1d9ffb6ed9b174d272328ff91a7e2e5c79c07f5"],
      [
        "457567656e2042f6686d20766f6e2042617765726b",
        "eb3f3515110702e047a6c9da4478b6ead94873c11c0f2d710ddb3f09fce024b3a58502ae3f",
      ],
    ],
  },
  {
    ...CACOPHONY,
    pattern: "IK",
    remoteStatic: "31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62",
    messages: [
      [
        "4c756477696720766f6e204d69736573",
        "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944718da798efbcd91528520204f904b9bd6c7413dccdc214d951e15253e39987f18146e8cd0873654207148333479d4d16c289f0294b29960a72f48e0b7bba2e89083169825e59642148d492020664ccf7",
      ],
      [
        "4d757272617920526f746862617264",
        "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f1448088435361e70b2ed446e6c9ec387d1d6b3b840f194e373979d241b203c4acafccf5",
      ],
      ["462e20412e20486179656b", "050e9f3c8fac16b68dbce8f8c4bfbf6617c897f9ada4aa29aa19c8"],
      ["4361726c204d656e676572", "344233a6cabb7141d80f3da2fedc311d9646bbb0f505afe403a667"],
      ["4a65616e2d426170746973746520536179", "62cdeeb172ad7ade7aa7d9e069da5790f12331bfa00177787a1d0810c67dc3b2b4"],
      [
        "457567656e2042f6686d20766f6e2042617765726b",
        "029bead1b40992327044d409d9a1f3ad8f36c3c452775d557e18bbeb2e8dfcead32d514024",
      ],
    ],
  },
  {
    ...SNOW,
    pattern: "XX",
    secrets: [
      "7dec208517a3b81a2861d7a71266d5d6dc944c5a8816634a86fe63198a0148ee",
      "a32daf21e93c0131495ce1d903181fde81cc46937daaeb990bae7c992709421e",
      "4d0aed5098e3b4ef20357e9f686ce66204c792b358da2e475017d6c485304881",
      "4eece0f195d026db035ff987597c429d3ad3bcc2944df37d649528951b2a27c5",
    ],
    messages: [
      [
        "d03c489139e645d0711a3c9e810d776b46a84912463fafa87b884eebf242dc34",
        "f9fa868ba97ab8a2686deccfaad5a484ee10a5bb85e3d1dce015a84797f92818d03c489139e645d0711a3c9e810d776b46a84912463fafa87b884eebf242dc34",
      ],
      [
        "d8190a92f7dc0c93dbea9118ba8055751fb7c6590c416ffbd419964132b99a85",
        "8c4e6fdb7d09d501a86f7eca5c234522751706ed409182c05cdf5f827d4dae47b81c6c5f43b025692c24391eefee725c17d8cb0fbe3e4abb8aedf42c4fd2592d4ea48ac08989d6ae8b4adae08b2c34087c808c7aa55a63c02b0fab9e930612336bd43eaea04d3c670a0a146691aa9cc9d357872320dc735dbc48580cffb553db",
      ],
      [
        "77891b19dcb92ef7c055b672c4a5aa7fdf1c84146b8b303459022729473ce254",
        "933ca6b5ed60df3df66121f0ab49a09e49efa45c613a86a3cecbf4c535cef2f83f72b42837b18e3572f2fdc2b74c331e2368a545cef54bdca081678ab0e9dd5348122459e0c034c851984d88ce610963d43cde6cfe73a67fbd5a63e8bfca96d0",
      ],
      [
        "d7efdf988072881941db045a42882433817555128fbf5663e56081712ec7d212",
        "54ef0ff0629e1aaa7685a2806ab111cba76b52331f2642276736f415868eacb69ab2577f3bda0cbf72f879685f6ed25f",
      ],
      [
        "dd7bf01a588bafb52c6cfba952e5d8fe35cc2b3f92b4730ae2474615157345ce",
        "356be70f110306d5c699bb834bb9d58d909e325924dfbec972e406e6f294dc63e1daebefe8a62a334facc8048ab4ad66",
      ],
    ],
  },
  {
    ...SNOW,
    pattern: "IK",
    secrets: [
      "f49f93c5112c0787acc808d61716d7e090e076a58f15a3f78d92773f8dcb473b",
      "dae68498c41315cff7e4a34dded8d973199d8f0cf3fcb8b6651c169de77de8be",
      "b790546f98b1e933c48cd01f17e7b281469d46fcacc9a3b584ae65b1d6272e8e",
      "c0875a5b59c8492bd2135e5432d7d484f938e0a1f5009428c4bcb70b2f69f69f",
    ],
    remoteStatic: "2ea5942829bac414e25aa4cbb1bcc43394816ebb1bd12550d7d0eb4415e42951",
    messages: [
      [
        "95a8f51c435a9530ff1f30868ed7b23ec952eb513c26a0774fed82d2978a8c81",
        "6d21fec9141f3f37cc464e936a48b2d9521b5a44e0f3d960895d3c3fba30282f731f445c25e898e2534ac0536715b24308c108fc46bd260c887b36c3f68e3a05654fc8295c068ed53fb2022560961224e0b10b0835e1efc82fc587cd50f7178fe3d9eb06e0351c6e7334162c10bed670bfa2a105f7b2768a140b3fd597782601",
      ],
      [
        "b866b807a6d8b83182b884dbfedc861843c5082bd6e480cb54e4245a72083041",
        "e64e1fb8701c4f4bc3850b255fea657d4d835338b059c89acc99628fbe52473b41a4e79e3c1e6abc46bf80f078a005e15d8a3e04f989af3e6cb99b52031165006163ac3e17b928af8c116009d7bf4fb2",
      ],
      [
        "e3a4937faef391028f759758b428b57652e0069a8dee64dfed01b60846938740",
        "2bebe19102169cdfe79cf41e38930bfd20a5b2fc78ccf33e853ddd939c0983174656eb27b61464a607762848892ca1c0",
      ],
      [
        "693972f27b0cb98aeac1fb54d782125431e7540e0cb2fa882cf51a8184d724fd",
        "c7c56da33b45d12f4754e17978bd49999c9c8f51d00db460f902aba2e6e245d0c46662f507915de8596f43b1d175f1db",
      ],
    ],
  },
];

function endsOf({ pattern, prologue, secrets, remoteStatic }: Vector, p: Primitives): [Noise, Noise] {
  const [initStatic, initEphemeral, respStatic, respEphemeral] = secrets.map(unhex) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const both = { pattern, prologue: unhex(prologue) };
  const known = remoteStatic === undefined ? {} : { remoteStatic: unhex(remoteStatic) };
  return [
    createNoise(
      { ...both, ...known, initiator: true, localStatic: createKeyPair(initStatic, p), ephemeral: initEphemeral },
      p,
    ),
    createNoise({ ...both, initiator: false, localStatic: createKeyPair(respStatic, p), ephemeral: respEphemeral }, p),
  ];
}

/** A transport message: Noise's own nonces, one count a direction. */
function transport(p: Primitives, key: Uint8Array, count: number, payload: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(12);
  nonce[4] = count;
  return p.seal(key, nonce, new Uint8Array(0), payload);
}

for (const vector of VECTORS) {
  test(`Noise ${vector.pattern}: the vector of ${vector.source}, every message of it`, (t) => {
    const p = PURE_PRIMITIVES;
    const [initiator, responder] = endsOf(vector, p);
    vector.messages.forEach(([payload, message], at) => {
      const [writer, reader] = at % 2 === 0 ? [initiator, responder] : [responder, initiator];
      if (!writer.done) {
        t.is(hex(writeNoise(writer, unhex(payload), p)), message);
        const read = readNoise(reader, unhex(message), p);
        t.is(read && hex(read), payload, `${reader.fault}`);
        return;
      }
      const { send } = splitSecret(writer, p);
      t.deepEqual(send, splitSecret(reader, p).receive);
      const firstOfTransport = vector.pattern === "XX" ? 3 : 2;
      t.is(hex(transport(p, send, (at - firstOfTransport) >> 1, unhex(payload))), message);
    });
    t.true(initiator.done && responder.done);
    t.deepEqual(initiator.hash, responder.hash);
    t.deepEqual(initiator.remoteStatic, responder.localStatic.public);
    t.deepEqual(responder.remoteStatic, initiator.localStatic.public);
  });
}

const NONE = new Uint8Array(0);

interface Pair {
  readonly initiator: Noise;
  readonly responder: Noise;
}

function pairOf(pattern: NoisePattern, p: Primitives, remoteStatic = p.publicOf(filled(2))): Pair {
  const both = { pattern, prologue: bytesOfText("test") };
  const initiatorKeys = { localStatic: createKeyPair(filled(1), p), ephemeral: filled(3) };
  return {
    initiator: createNoise({ ...both, ...initiatorKeys, initiator: true, remoteStatic }, p),
    responder: createNoise(
      { ...both, initiator: false, localStatic: createKeyPair(filled(2), p), ephemeral: filled(4) },
      p,
    ),
  };
}

/** Runs a handshake to its end or to the first refusal, `change` put upon each message; answers the fault. */
function run(pair: Pair, p: Primitives, change: (message: Uint8Array, at: number) => Uint8Array): string | null {
  for (let at = 0; !pair.initiator.done || !pair.responder.done; at++) {
    const [writer, reader] = at % 2 === 0 ? [pair.initiator, pair.responder] : [pair.responder, pair.initiator];
    const header = Uint8Array.of(at);
    const message = writeNoise(writer, Uint8Array.of(7, at), p, header);
    if (readNoise(reader, change(message, at), p, header) === null) return reader.fault;
  }
  return null;
}

const WORLDS: readonly (readonly [string, Primitives])[] = [
  ["real", PURE_PRIMITIVES],
  ["modelled", MODELLED_PRIMITIVES],
];

for (const [name, p] of WORLDS) {
  test(`${name}: both patterns come to the same secrets; the wrong key is told in words`, (t) => {
    for (const pattern of ["XX", "IK"] as const) {
      const pair = pairOf(pattern, p);
      t.is(
        run(pair, p, (message) => message),
        null,
      );
      t.deepEqual(splitSecret(pair.initiator, p).send, splitSecret(pair.responder, p).receive);
      t.deepEqual(splitSecret(pair.initiator, p).receive, splitSecret(pair.responder, p).send);
      t.notDeepEqual(splitSecret(pair.initiator, p).receive, splitSecret(pair.initiator, p).send);
      t.deepEqual(structuredClone(pair.initiator), pair.initiator);
    }
    t.is(
      run(pairOf("XX", p, p.publicOf(filled(9))), p, (message) => message),
      "wrong_identity",
    );
    t.is(
      run(pairOf("IK", p, p.publicOf(filled(9))), p, (message) => message),
      "forged",
    );
  });

  testProp(
    `${name}: no message with another byte, and no shorter one, ends a handshake`,
    [
      fc.constantFrom("XX" as const, "IK" as const),
      fc.nat(2),
      fc.nat(200),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
    ],
    (t, pattern, which, place, flip, cut) => {
      const last = pattern === "XX" ? 2 : 1;
      const pair = pairOf(pattern, p);
      const fault = run(pair, p, (message, at) => {
        if (at !== Math.min(which, last)) return message;
        if (cut) return message.slice(0, place % message.length);
        const changed = message.slice();
        changed[place % message.length] = (changed[place % message.length] as number) ^ flip;
        return changed;
      });
      t.true(fault === "forged" || fault === "truncated" || fault === "weak_key", `${fault}`);
    },
    { numRuns: name === "real" ? 15 : 300 },
  );
}

/** A message refused leaves all but the fault as it was, and the right one is read after it. */
function refused(t: ExecutionContext, noise: Noise, message: Uint8Array, fault: NoiseFault): void {
  const before = structuredClone(noise);
  t.is(readNoise(noise, message, MODELLED_PRIMITIVES), null);
  t.is(noise.fault, fault);
  t.deepEqual({ ...noise, fault: null }, { ...before, fault: null });
}

test("a refused message changes nothing: the right one is still read", (t) => {
  const p = MODELLED_PRIMITIVES;
  const { initiator, responder } = pairOf("IK", p);
  const message = writeNoise(initiator, NONE, p);
  refused(t, responder, message.slice(0, 31), "truncated");
  refused(t, responder, message.slice(0, 90), "truncated");
  refused(t, responder, new Uint8Array(message.length), "weak_key");
  refused(t, responder, message.with(40, (message[40] as number) ^ 1), "forged");
  t.deepEqual(readNoise(responder, message, p), NONE);
  t.true(isTurnToWrite(responder));
  refused(t, responder, message, "out_of_turn");
  t.throws(() => writeNoise(initiator, NONE, p), { message: /message 2 is not this end's to write/ });
  t.throws(() => splitSecret(initiator, p), { message: /not done/ });
  const options = { pattern: "IK" as const, initiator: true, prologue: NONE, ephemeral: filled(3) };
  t.throws(() => createNoise({ ...options, localStatic: createKeyPair(filled(1), p) }, p), { message: /static key/ });
});

test("the header that comes with a message is authenticated by it", (t) => {
  const p = PURE_PRIMITIVES;
  const { initiator, responder } = pairOf("IK", p);
  const message = writeNoise(initiator, NONE, p, bytesOfText("header"));
  t.is(readNoise(responder, message, p, bytesOfText("Header")), null);
  t.is(responder.fault, "forged");
  t.deepEqual(readNoise(responder, message, p, bytesOfText("header")), NONE);
});

test("a key of low order is refused with real crypto too", (t) => {
  const { responder } = pairOf("IK", PURE_PRIMITIVES);
  t.is(readNoise(responder, new Uint8Array(96), PURE_PRIMITIVES), null);
  t.is(responder.fault, "weak_key");
});
