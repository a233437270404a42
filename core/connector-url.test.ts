/** Accept, reject and normalisation tables of Packeteer (test_connector.cpp, test_peer_address.cpp), row by row. */
import test from "ava";
import type { ConnectorErrorName } from "./connector.ts";
import {
  decodedPath,
  endpointOf,
  formatUrl,
  parseConnectorUrl,
  parseEndpoint,
  parseHostPort,
  parsePeerAddress,
  parseUrl,
  SCHEMES,
  type SchemeRules,
  urlOptions,
} from "./connector-url.ts";

const IPV6 = [
  "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
  "2001:db8:85a3:0:0:8a2e:370:7334",
  "2001:db8:85a3::8a2e:370:7334",
];
const SHORT = "2001:db8:85a3::8a2e:370:7334";

/** URL and what it becomes. */
const ACCEPTED: readonly (readonly [string, string])[] = [
  ...["tcp", "udp"].flatMap((name): (readonly [string, string])[] => [
    [`${name}://192.168.0.1`, `${name}4://192.168.0.1:0`],
    [`${name}://192.168.0.1:8080`, `${name}4://192.168.0.1:8080`],
    [`${name}4://192.168.0.1`, `${name}4://192.168.0.1:0`],
    [`${name}4://192.168.0.1:8080`, `${name}4://192.168.0.1:8080`],
    [`${name}6://::1`, `${name}6://[::1]:0`],
    [`${name}6://[::1]`, `${name}6://[::1]:0`],
    [`${name}6://[::1]:4321`, `${name}6://[::1]:4321`],
    ...IPV6.flatMap((address): (readonly [string, string])[] => [
      [`${name}://${address}`, `${name}6://[${SHORT}]:0`],
      [`${name}://[${address}]`, `${name}6://[${SHORT}]:0`],
      [`${name}://[${address}]:8080`, `${name}6://[${SHORT}]:8080`],
      [`${name}6://${address}`, `${name}6://[${SHORT}]:0`],
      [`${name}6://[${address}]:8080`, `${name}6://[${SHORT}]:8080`],
    ]),
  ]),
  ["tCp://192.168.0.1", "tcp4://192.168.0.1:0"],
  ["TCP4://192.168.0.1", "tcp4://192.168.0.1:0"],
  ["uDP6://::1", "udp6://[::1]:0"],
  ["tcp://127.0.0.1/", "tcp4://127.0.0.1:0"],
  ["local:///foo", "local:///foo"],
  ["LOCAL:///Foo", "local:///Foo"],
  ["local://", "local://"],
  ["local:///%00abstract", "local:///%00abstract"],
  ["pipe:///foo", "pipe:///foo"],
  ["fifo:///foo", "fifo:///foo"],
  ["anon://", "anon://"],
];

const REJECTED: readonly (readonly [string, ConnectorErrorName])[] = [
  ["", "invalid_value"],
  ["foo", "invalid_value"],
  ["foo:", "invalid_value"],
  ["foo://", "invalid_value"],
  ["foo://bar", "invalid_value"],
  ["tcp:127.0.0.1", "invalid_value"],
  ["file://", "invalid_value"],
  ["ipc://", "invalid_value"],
  ...["tcp", "udp"].flatMap((name): (readonly [string, ConnectorErrorName])[] => [
    [`${name}://foo`, "format"],
    [`${name}4://foo`, "format"],
    [`${name}6://foo`, "format"],
    [`${name}://`, "format"],
    [`${name}://CS`, "format"],
    ...IPV6.map((address): readonly [string, ConnectorErrorName] => [`${name}4://${address}`, "format"]),
    [`${name}4://[::1]:80`, "format"],
    [`${name}6://192.168.0.1`, "format"],
    [`${name}6://192.168.0.1:8080`, "format"],
    [`${name}://192.168.0.1:65536`, "format"],
    [`${name}://192.168.0.1:`, "format"],
    [`${name}://192.168.0.256`, "format"],
    [`${name}://[192.168.0.1]`, "format"],
    [`${name}://127.0.0.1/path`, "format"],
    [`${name}6://::ffff:192.168.0.1`, "format"],
  ]),
  ["anon://anything/here", "format"],
  ["anon:///here", "format"],
  ["pipe://", "format"],
  ["fifo://", "format"],
  ["fifo:///", "format"],
  ["local://foo/bar", "format"],
  ["local:///%00", "format"],
  ["local:///a%00b", "format"],
  ["local:///a%zz", "format"],
];

test("the table of URLs that are accepted, and their normal form", (t) => {
  for (const [text, normal] of ACCEPTED) {
    const url = parseConnectorUrl(text);
    t.is(url.ok ? formatUrl(url.value) : url.error.message, normal, text);
  }
});

test("the table of URLs that are rejected, and why", (t) => {
  for (const [text, name] of REJECTED) {
    const url = parseConnectorUrl(text);
    t.is(url.ok ? formatUrl(url.value) : url.error.name, name, text);
    if (!url.ok) t.regex(url.error.message, /\.$/, text);
  }
});

test("the table of peer addresses", (t) => {
  const table = [
    ["tcp://192.168.0.1", "tcp4://192.168.0.1:0"],
    ["tcp4://192.168.0.1", "tcp4://192.168.0.1:0"],
    ["tcp://192.168.0.1:1234", "tcp4://192.168.0.1:1234"],
    ["tcp4://192.168.0.1:1234", "tcp4://192.168.0.1:1234"],
    ["tcp://::1", "tcp6://[::1]:0"],
    ["tcp6://::1", "tcp6://[::1]:0"],
    ["tcp://[::1]:1234", "tcp6://[::1]:1234"],
    ["udp://192.168.0.1", "udp4://192.168.0.1:0"],
    ["udp4://192.168.0.1", "udp4://192.168.0.1:0"],
    ["udp://192.168.0.1:1234", "udp4://192.168.0.1:1234"],
    ["udp://::1", "udp6://[::1]:0"],
    ["udp6://::1", "udp6://[::1]:0"],
    ["udp6://[::1]:4321", "udp6://[::1]:4321"],
    ["anon://", "anon://"],
    ["local:///foo", "local:///foo"],
    ["local://", "local://"],
    ["local:///%00abstract", "local:///%00abstract"],
    ["pipe:///foo", "pipe:///foo"],
    ["fifo:///foo?behaviour=stream#part", "fifo:///foo"],
  ] as const;
  for (const [text, normal] of table) t.deepEqual(parsePeerAddress(text), { ok: true, value: normal }, text);
});

test("parts: names and values in lower case, booleans as digits, parameters without a value as 1", (t) => {
  const url = parseUrl("https://h/p?some=value&simple&other=tRue#f");
  if (!url.ok) throw new Error(url.error.message);
  t.is(url.value.scheme, "https");
  t.is(url.value.authority, "h");
  t.is(url.value.path, "/p");
  t.is(url.value.fragment, "f");
  t.deepEqual(
    [...url.value.query],
    [
      ["some", "value"],
      ["simple", "1"],
      ["other", "1"],
    ],
  );
  const more = parseUrl("HTTPS://h?A=YES&b=No&c=FALSE&&d=");
  t.is(more.ok && formatUrl(more.value), "https://h?a=1&b=0&c=0&d=");
});

test("behaviour= and blocking=", (t) => {
  const options = (text: string): unknown => {
    const url = parseConnectorUrl(text);
    if (!url.ok) return url.error.name;
    const found = urlOptions(url.value, SCHEMES.get(url.value.scheme) as SchemeRules);
    return found.ok ? `${found.value.behaviour} ${found.value.blocking}` : found.error.name;
  };
  const table: readonly (readonly [string, string])[] = [
    ["tcp://127.0.0.1", "stream false"],
    ["tcp://127.0.0.1?behaviour=stream", "stream false"],
    ["TCP://127.0.0.1?BEHAVIOUR=STREAM&Blocking", "stream true"],
    ["tcp://127.0.0.1?blocking=yes", "stream true"],
    ["tcp://127.0.0.1?blocking=0", "stream false"],
    ["tcp://127.0.0.1?blocking=perhaps", "stream false"],
    ["tcp://127.0.0.1?behaviour=datagram", "format"],
    ["udp://127.0.0.1", "datagram false"],
    ["udp://127.0.0.1?behaviour=dgram", "datagram false"],
    ["udp://127.0.0.1?behaviour=datagram", "datagram false"],
    ["udp://127.0.0.1?behaviour=stream", "format"],
    ["local:///foo", "stream false"],
    ["local:///foo?behaviour=datagram", "datagram false"],
    ["fifo:///foo?behaviour=datagram", "format"],
    ["pipe:///foo?behaviour=datagram", "format"],
    ["anon://?behaviour=datagram", "format"],
    ["tcp://127.0.0.1?behaviour=seqpacket", "invalid_option"],
    ["local://?behaviour=stream&behaviour=datagram", "invalid_option"],
    ["local://?behaviour=stream&behaviour=stream", "stream false"],
  ];
  for (const [text, expected] of table) t.is(options(text), expected, text);
});

test("errors say what was expected and what to do", (t) => {
  const messages = [
    ["foo://x", 'The scheme "foo" is unknown; known are tcp, tcp4, tcp6, udp, udp4, udp6, local, pipe, fifo, anon.'],
    ["tcp4://[::1]:80", "tcp4://[::1]:80: tcp4 takes no IPv6 address; write tcp6://."],
    ["fifo://", "fifo://: expected a path, as in fifo:///tmp/name."],
    ["anon://x", "anon://x: anon takes no address; write anon://."],
  ] as const;
  for (const [text, message] of messages) {
    const url = parseConnectorUrl(text);
    t.is(url.ok ? "" : url.error.message, message);
  }
});

test("a scheme of one's own brings its own rules", (t) => {
  const schemes = new Map<string, SchemeRules>([["sim", { address: "any", behaviours: ["datagram"] }]]);
  const url = parseConnectorUrl("SIM://1-ff00:0:110,10.0.0.1:31000", schemes);
  t.is(url.ok && formatUrl(url.value), "sim://1-ff00:0:110,10.0.0.1:31000");
  t.false(parseConnectorUrl("tcp://127.0.0.1", schemes).ok);
});

test("endpoints, names with ports, and paths", (t) => {
  t.deepEqual(parseEndpoint("[::1]:80"), { family: 6, host: "::1", port: 80 });
  t.is(parseEndpoint("localhost:80"), null);
  t.deepEqual(parseHostPort("localhost:80"), { host: "localhost", port: 80 });
  t.deepEqual(parseHostPort("example.org"), { host: "example.org", port: 0 });
  t.is(parseHostPort("a b"), null);
  t.is(parseHostPort("a:99999"), null);
  const url = parseConnectorUrl("tcp://10.0.0.1:7");
  t.deepEqual(url.ok && endpointOf(url.value), { family: 4, host: "10.0.0.1", port: 7 });
  const path = (text: string): unknown => {
    const parsed = parseUrl(text);
    return parsed.ok && decodedPath(parsed.value);
  };
  t.deepEqual(path("local:///%00name"), { ok: true, value: "\0name" });
  t.deepEqual(path("local:///a%20b"), { ok: true, value: "/a b" });
});
