/** Ports and services of ASes, and flows to services. */
import test from "ava";
import { scenarioOf, wrong } from "./scenario-testing.ts";

const withAs = (fields: string, flows = "[]"): string =>
  `topology: {ases: {1-1: {core: true, ${fields}}, 1-2: }, links: [{a: 1-1#3, b: 1-2#1, type: child}]}\nduration: 1s\nflows: ${flows}\n`;

test("ports at which hosts take packets themselves", (t) => {
  const ports = (text: string): unknown =>
    scenarioOf(withAs(`dispatched_ports: ${text}`)).network.ases[0]?.dispatched_ports;
  t.deepEqual(ports("1024-65535"), { min: 1_024, max: 65_535 });
  t.deepEqual(ports("all"), { min: 1, max: 65_535 });
  t.is(ports('"-"'), null);
  for (const text of ["0-5", "5-1", "1-65536", "5"]) {
    t.regex(wrong(withAs(`dispatched_ports: "${text}"`))[0] ?? "", /expected two ports from 1 to 65535 in order/, text);
  }
});

test("hosts behind services", (t) => {
  const services = (text: string): unknown => scenarioOf(withAs(`services: ${text}`)).network.ases[0]?.services;
  t.deepEqual(services('{CS: [10.0.0.5, "2001:DB8:0::1"], DS: [10.0.0.5]}'), {
    CS: ["10.0.0.5", "2001:db8::1"],
    DS: ["10.0.0.5"],
  });
  t.deepEqual(wrong(withAs("services: {CS: [10.0.0.300, CS], DS: [], XS: [10.0.0.1]}")), [
    'topology.ases["1-1"].services.CS[0]: expected an IPv4 or IPv6 address, found "10.0.0.300"',
    'topology.ases["1-1"].services.CS[1]: expected an IPv4 or IPv6 address, found "CS"',
    'topology.ases["1-1"].services.DS: expected at least one address, found a list',
    'unknown key "XS" in topology.ases["1-1"].services: expected CS or DS',
  ]);
  t.deepEqual(wrong(withAs("services: {CS: [10.0.0.5, 10.0.0.5]}")), [
    'topology.ases["1-1"].services.CS names 10.0.0.5 twice',
  ]);
});

test("a flow to a service: a ping whose answers turn round, where the AS has the service", (t) => {
  const flow = (fields: string): string => `[{from: 1-2, to: "1-1,CS", ${fields}}]`;
  const has = "services: {CS: [10.0.0.5]}";
  t.deepEqual(scenarioOf(withAs(has, flow("app: ping"))).flows[0]?.dst, { ia: "1-1", host: "CS" });
  const only = 'flows[0].to: expected a host; a service address takes only pings, with reply: reverse, found "1-1,CS"';
  t.deepEqual(wrong(withAs(has, flow("app: bulk"))), [only]);
  t.deepEqual(wrong(withAs(has, flow("app: ping, reply: select"))), [only]);
  t.regex(wrong(withAs("services: {DS: [10.0.0.5]}", flow("app: ping")))[0] ?? "", /^AS 1-1 has only DS: its key/);
  t.regex(wrong(withAs("", flow("app: ping")))[0] ?? "", /^AS 1-1 has no services: its key services/);
  t.regex(wrong(withAs("", flow("app: ping")).replace("1-1,CS", "1-9,CS"))[0] ?? "", /^unknown AS 1-9/);
});
