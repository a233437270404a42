/** Rules and examples of liberate's tests (network, cidr, socket_address), then what is ours. */
import test from "ava";
import type { Outcome } from "./connector.ts";
import { IpNetwork, isAny, isLoopback, isNetmask, nextAddress, parseCidr } from "./ip-network.ts";

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.error.name}: ${outcome.error.message}`);
  return outcome.value;
}

const error = (outcome: Outcome<unknown>): string => (outcome.ok ? "ok" : outcome.error.name);
const network = (spec: string): IpNetwork => value(IpNetwork.parse(spec));

const BOUNDS = [
  ["192.168.134.121/23", "192.168.134.0", "192.168.135.255", 510n],
  ["2001:0db8:85a3:0000:0000:8a2e:0370:7334/22", "2001:c00::", "2001:fff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["10.1.2.3/8", "10.0.0.0", "10.255.255.255"],
  ["10.1.2.3/1", "0.0.0.0", "127.255.255.255"],
  ["10.1.2.3/32", "10.1.2.3", "10.1.2.3", 1n],
  ["10.1.2.3/31", "10.1.2.2", "10.1.2.3", 2n],
  ["10.1.2.3/30", "10.1.2.0", "10.1.2.3", 2n],
  ["::1/128", "::1", "::1", 1n],
  ["8000::/1", "8000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ["::/64", "::", "::ffff:ffff:ffff:ffff"],
] as const;

for (const [spec, first, last, hosts] of BOUNDS) {
  test(`${spec} begins at ${first} and ends at ${last}`, (t) => {
    const one = network(spec);
    t.is(one.network, first);
    t.is(one.broadcast, last);
    t.true(one.contains(first) && one.contains(last));
    if (hosts !== undefined) t.is(one.hosts, hosts);
    t.is(`${network(`${one}`)}`, `${one}`);
  });
}

test("membership ends at both ends, and knows families", (t) => {
  const one = network("192.168.134.121/23");
  for (const inside of ["192.168.134.0", "192.168.135.255", "192.168.134.121"]) t.true(one.contains(inside), inside);
  for (const outside of ["192.168.133.255", "192.168.136.0", "::c0a8:8679", "nonsense", "", "CS"])
    t.false(one.contains(outside), outside);
});

const REFUSED = [
  ["192.168.0.1/0", "invalid_value"],
  ["192.168.0.1/33", "invalid_value"],
  ["2001:db8::/0", "invalid_value"],
  ["2001:db8::/129", "invalid_value"],
  ["192.168.0.1", "format"],
  ["2001:db8::", "format"],
  ["192.168.0.1/", "format"],
  ["192.168.0.1/a", "format"],
  ["192.168.0.1/-1", "format"],
  ["192.168.0.1/24:80", "format"],
  ["192.168.0.256/24", "format"],
  ["192.168.0/24", "format"],
  ["2001:db8:::/24", "format"],
  ["::ffff:1.2.3.4/24", "format"],
  ["CS/8", "format"],
  ["localhost/8", "format"],
  ["", "format"],
] as const;

test("what is no network is refused by name", (t) => {
  for (const [spec, name] of REFUSED) t.is(error(IpNetwork.parse(spec)), name, spec);
  const refused = IpNetwork.parse("10.0.0.1/33");
  t.is(refused.ok ? "" : refused.error.message, '"10.0.0.1/33": a mask of IPv4 has 1 to 32 bits, not 33.');
});

test("a /28 yields 14 addresses, then none; a released one is given again", (t) => {
  const one = network("192.168.1.17/28");
  const given = Array.from({ length: 14 }, () => value(one.reserve()));
  t.deepEqual(
    given,
    Array.from({ length: 14 }, (_, n) => `192.168.1.${17 + n}`),
  );
  t.is(error(one.reserve()), "address_not_available");
  t.true(one.release("192.168.1.20"));
  t.false(one.release("192.168.1.20"));
  t.false(one.release("192.168.1.16"));
  t.false(one.release("10.0.0.1"));
  t.false(one.release("::1"));
  t.false(one.release("nonsense"));
  t.is(value(one.reserve()), "192.168.1.20");
  t.is(error(one.reserve()), "address_not_available");
  t.is(one.reserved, 14);
});

test("an id has one address, which it cannot have twice", (t) => {
  const one = network("2001:db8::/64");
  const address = value(one.reserve("alice"));
  t.is(one.mapped("alice"), address);
  t.true(one.contains(address));
  t.not(one.mapped("bob"), address);
  t.is(error(one.reserve("alice")), "address_in_use");
  t.true(one.release(address));
  t.is(value(one.reserve("alice")), address);
  t.is(network("2001:db8::/64").mapped("alice"), address);
});

test("numbers map in order, round and round", (t) => {
  const one = network("10.0.0.0/29");
  t.deepEqual(
    [0, 1, 5, 6, -1, 7n].map((id) => one.mapped(id)),
    ["10.0.0.1", "10.0.0.2", "10.0.0.6", "10.0.0.1", "10.0.0.6", "10.0.0.2"],
  );
  t.is(value(one.reserve(0)), "10.0.0.1");
  t.is(value(one.reserve()), "10.0.0.2");
});

test("texts spread evenly over the hosts, and never onto the ends", (t) => {
  const one = network("10.0.0.0/28");
  const bins = new Map<string, number>();
  for (let n = 0; n < 14_000; n++) bins.set(one.mapped(`node ${n}`), (bins.get(one.mapped(`node ${n}`)) ?? 0) + 1);
  t.is(bins.size, 14);
  t.false(bins.has("10.0.0.0") || bins.has("10.0.0.15"));
  t.true([...bins.values()].every((count) => Math.abs(count - 1_000) < 150));
});

test("reset: another network, nothing reserved; after an error all is as before", (t) => {
  const one = network("10.0.0.0/30");
  value(one.reserve());
  t.is(error(one.reset("10.0.0.0/99")), "invalid_value");
  t.is(`${one} ${one.reserved}`, "10.0.0.0/30 1");
  value(one.reset("fd00::/120"));
  t.is(`${one} ${one.family} ${one.prefix} ${one.reserved}`, "fd00::/120 6 120 0");
  t.is(value(one.reserve()), "fd00::1");
});

test("reserving and releasing a large network at random never gives one address twice", (t) => {
  const one = network("10.0.0.0/20");
  const held: string[] = [];
  for (let n = 0; n < 10_000; n++) {
    if (n % 3 === 2) t.true(one.release(held.splice((n * 7_919) % held.length, 1)[0] as string));
    else held.push(value(one.reserve()));
  }
  t.is(new Set(held).size, held.length);
  t.is(one.reserved, held.length);
});

const CIDRS = [
  ["10.0.0.0/8", { family: 4, host: "10.0.0.0", mask: 8, port: 0 }],
  ["1.2.3.4", { family: 4, host: "1.2.3.4", mask: null, port: 0 }],
  ["1.2.3.4:22", { family: 4, host: "1.2.3.4", mask: null, port: 22 }],
  ["1.2.3.4/24:22", { family: 4, host: "1.2.3.4", mask: 24, port: 22 }],
  ["2001:0DB8::1", { family: 6, host: "2001:db8::1", mask: null, port: 0 }],
  ["2001:db8::1/48", { family: 6, host: "2001:db8::1", mask: 48, port: 0 }],
  ["[2001:db8::1]:22", { family: 6, host: "2001:db8::1", mask: null, port: 22 }],
  ["[2001:db8::1/48]:22", { family: 6, host: "2001:db8::1", mask: 48, port: 22 }],
  ["[2001:db8::1]/48", { family: 6, host: "2001:db8::1", mask: 48, port: 0 }],
] as const;

test("CIDR texts: mask and port where they stand, and a port given beside the text wins", (t) => {
  for (const [text, expected] of CIDRS) {
    t.deepEqual(value(parseCidr(text)) as unknown, expected, text);
    t.deepEqual(value(parseCidr(text, 4321)) as unknown, { ...expected, port: 4321 }, text);
  }
  for (const text of [
    "asdf",
    "",
    "1.2.3",
    "1.2.3.4:",
    "1.2.3.4:x",
    "[1.2.3.4]:1",
    "[::1",
    "[::1/8]/8",
    "1.2.3.4:99999 ",
  ])
    t.is(error(parseCidr(text)), "format", text);
  for (const text of ["1.2.3.4/0", "::/0", "1.2.3.4/33", "::1/129", "1.2.3.4:65536"])
    t.is(error(parseCidr(text)), "invalid_value", text);
  t.is(error(parseCidr("1.2.3.4", 70_000)), "invalid_value");
});

test("netmasks, loopback, unspecified, and the address that follows", (t) => {
  t.true([0, 1, 32].every((mask) => isNetmask(4, mask)) && [0, 128].every((mask) => isNetmask(6, mask)));
  t.false([33, -1, 1.5, Number.NaN].some((mask) => isNetmask(4, mask)) || isNetmask(6, 129));
  t.true(isLoopback("127.0.0.1") && isLoopback("127.255.0.1") && isLoopback("::1"));
  t.false(isLoopback("128.0.0.1") || isLoopback("::2") || isLoopback("127::1"));
  t.true(isAny("0.0.0.0") && isAny("::"));
  t.false(isAny("0.0.0.1"));
  t.is(nextAddress("10.0.0.255"), "10.0.1.0");
  t.is(nextAddress("255.255.255.255"), "0.0.0.0");
  t.is(nextAddress("2001:db8::ffff"), "2001:db8::1:0");
  t.is(nextAddress("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), "::");
});
