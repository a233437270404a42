import test from "ava";
import fc from "fast-check";
import { hostBytes } from "../address.ts";
import { checksumOf, pseudoHeaderSum, sumWords } from "./checksum.ts";
import { putIA } from "./texts.ts";

/** Checksum over a pseudo header and an upper layer whose checksum field is zero. */
function checksum(dst: [string, string], src: [string, string], protocol: number, upper: Uint8Array): number {
  const [dstHost, srcHost] = [hostBytes(dst[1]).bytes, hostBytes(src[1]).bytes];
  const address = new Uint8Array(16 + dstHost.length + srcHost.length);
  putIA(address, 0, dst[0]);
  putIA(address, 8, src[0]);
  address.set(dstHost, 16);
  address.set(srcHost, 16 + dstHost.length);
  const pseudo = pseudoHeaderSum(address, 0, address.length, upper.length, protocol);
  return checksumOf(sumWords(pseudo, upper, 0, upper.length));
}

test("the vectors of scionproto's pkg/slayers/scion_test.go", (t) => {
  const even = [0, 0, 0xaa, 0xbb, 0xcc, 0xdd];
  const vectors: [string, number[], number, number][] = [
    ["172.16.4.2", even, 1, 0x2615],
    ["172.16.4.2", [...even, 0xee], 1, 0x3813],
    ["dead::beef", even, 17, 0x387a],
    ["CS", even, 223, 0xd547],
  ];
  for (const [dstHost, upper, protocol, expected] of vectors) {
    const found = checksum(["1-ff00:0:112", dstHost], ["1-ff00:0:110", "174.16.4.1"], protocol, new Uint8Array(upper));
    t.is(found.toString(16), expected.toString(16), `${dstHost} ${upper}`);
  }
});

test("a last odd byte is the upper half of a word, and sums go on over pieces of even length", (t) => {
  const bytes = new Uint8Array([0x12, 0x34, 0x56]);
  t.is(sumWords(0, bytes, 0, 3), 0x1234 + 0x5600);
  t.is(sumWords(sumWords(7, bytes, 0, 2), bytes, 2, 3), 7 + 0x1234 + 0x5600);
  t.is(sumWords(7, bytes, 3, 3), 7);
});

test("the sum is folded until it fits, and a zero result stays zero", (t) => {
  t.is(checksumOf(0), 0xffff);
  t.is(checksumOf(0xffff), 0);
  t.is(checksumOf(0x1_fffe), 0);
  t.is(checksumOf(0x1_0001), 0xfffd);
  t.is(checksumOf(0x8000_0000_0000), 0x7fff);
});

test("with its checksum in place, an upper layer sums to all ones", (t) => {
  const property = fc.property(fc.uint8Array({ minLength: 2, maxLength: 3000 }), fc.nat(255), (upper, protocol) => {
    upper.fill(0, 0, 2);
    const ends: [[string, string], [string, string]] = [
      ["1-ff00:0:110", "::1"],
      ["1-2", "1.2.3.4"],
    ];
    const found = checksum(...ends, protocol, upper);
    upper[0] = found >>> 8;
    upper[1] = found;
    t.is(checksum(...ends, protocol, upper), 0);
  });
  fc.assert(property);
});

test("a length beyond 16 bits counts with both halves", (t) => {
  t.is(pseudoHeaderSum(new Uint8Array(0), 0, 0, 0x2_0005, 17), 2 + 5 + 17);
});
