import test from "ava";
import { bytesOfHex, hex } from "./record.ts";

test("hex: every byte there and back, in both cases; what is no hex is null", (t) => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  t.deepEqual(bytesOfHex(hex(all)), all);
  t.deepEqual(bytesOfHex(hex(all).toUpperCase()), all);
  t.is(hex(all), Buffer.from(all).toString("hex"));
  t.deepEqual(bytesOfHex(""), new Uint8Array());
  for (const text of ["0", "0g", "+1", "0x", " 1", "0\u0130", "\u01300", "\u{110}0", "é0", "0\n"])
    t.is(bytesOfHex(text), null, text);
});
