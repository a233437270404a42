import test from "ava";
import { systemName } from "./system-drops.ts";

test("socket addresses as proc(5) writes them", (t) => {
  t.is(systemName({ address: "127.0.0.53", port: 53 }), "3500007F:0035");
  t.is(systemName({ address: "::1", port: 30_041 }), "00000000000000000000000001000000:7559");
});
