/** Networks as JSON: the resolved network itself (`core/scenario.ts`), every value in its base unit, one AS or link a line. */
import * as EffectResult from "effect/Result";
import * as Schema from "effect/Schema";
import { HOST_TYPE, hostType, parseHost, parseIA } from "../../core/address.ts";
import { canonicalJson } from "../../core/canonical.ts";
import { err, ok, type Result } from "../../core/result.ts";
import type { Network, RateSchedule } from "../../core/scenario.ts";
import { decode } from "../decode.ts";
import { type Finding, type Problem, shown, withSources } from "../problems.ts";
import { resolveTopology } from "../resolve-topology.ts";
import { canonicalEndpoint } from "../underlay.ts";
import type { Path } from "../yaml.ts";
import { assemble } from "./assemble.ts";
import type { Imported } from "./formats.ts";
import { checkJson, parseJson } from "./json.ts";
import { NetworkDocument } from "./network-json-schema.ts";
import type { SourceFile } from "./source.ts";

/** Most findings kept while their places are not known. */
const MAX_FINDINGS = 200;

/** A mistake by the path of the value that it is about. */
interface Misfit {
  readonly path: Path;
  readonly finding: Finding;
}

/** Keys in a fixed order, so that equal networks have equal texts. */
export function formatNetworkJson({ name, ases, links }: Network): string {
  const list = (items: readonly unknown[]): string =>
    items.length === 0 ? "[]" : `[\n${items.map((item) => `    ${canonicalJson(item)}`).join(",\n")}\n  ]`;
  return `{\n  "name": ${JSON.stringify(name)},\n  "ases": ${list(ases)},\n  "links": ${list(links)}\n}\n`;
}

/** `{name, ases: [...], links: [...]}`; where `ases` is no list, the text is one of our topology files written as JSON. */
export function importNetworkJson(source: SourceFile): Result<Imported, readonly Problem[]> {
  const checked = checkJson(source);
  if (!checked.ok) return checked;
  const { path, text } = checked.value;
  const value = JSON.parse(text) as unknown;
  if (typeof value !== "object" || value === null || !("ases" in value) || !Array.isArray(value.ases)) {
    const network = resolveTopology(text, { file: path });
    return network.ok
      ? ok({ network: network.value, format: "json", warnings: [] })
      : err(withSources(network.error, text));
  }
  const read = Schema.decodeUnknownResult(NetworkDocument, { errors: "first", onExcessProperty: "error" })(value);
  const misfits: Misfit[] = [];
  const network = EffectResult.isSuccess(read) ? networkOf(read.success, misfits) : undefined;
  if (network !== undefined) return ok({ network, format: "json", warnings: [] });
  const parsed = parseJson(source);
  if (!parsed.ok) return parsed;
  const file = parsed.value;
  decode(file, NetworkDocument, NetworkDocument);
  for (const misfit of misfits) file.atValue(misfit.path, misfit.finding);
  return err(withSources(file.problems, text));
}

function checkEndHosts(
  { dispatched_ports: ports, services, underlay }: NetworkDocument["ases"][number],
  path: Path,
  say: (path: Path, finding: Finding) => void,
): void {
  if (underlay !== undefined) checkUnderlay(underlay, [...path, "underlay"], say);
  if (ports !== undefined && ports !== null && ports.min > ports.max) {
    const message = `expected ports in order, found ${ports.min} to ${ports.max}`;
    say([...path, "dispatched_ports"], { message, expected: "min at most max", found: `${ports.min}, ${ports.max}` });
  }
  for (const [service, backends] of Object.entries(services ?? {})) {
    for (const [at, text] of backends.entries()) {
      const host = parseHost(text);
      if (host.ok && host.value === text && hostType(text) !== HOST_TYPE.svc) continue;
      const expected = "an IPv4 or IPv6 address in its shortest form";
      const found = shown(text);
      say([...path, "services", service, at], { message: `expected ${expected}, found ${found}`, expected, found });
    }
  }
}

/** Addresses as `core/endpoint.ts` writes them. */
function checkUnderlay(
  { internal, interfaces, outside }: NonNullable<NetworkDocument["ases"][number]["underlay"]>,
  path: Path,
  say: (path: Path, finding: Finding) => void,
): void {
  const check = (fits: boolean, at: Path, text: string, expected: string): void => {
    const found = shown(text);
    if (!fits) say([...path, ...at], { message: `expected ${expected}, found ${found}`, expected, found });
  };
  if (internal !== undefined)
    check(canonicalEndpoint(internal, false) === internal, ["internal"], internal, "an address in its shortest form");
  for (const [ifId, text] of Object.entries(interfaces ?? {})) {
    const expected = "an address and port in their shortest form";
    check(canonicalEndpoint(text, true) === text, ["interfaces", ifId], text, expected);
  }
  for (const [at, text] of (outside ?? []).entries()) {
    const host = parseHost(text);
    const fits = host.ok && host.value === text && hostType(text) !== HOST_TYPE.svc;
    check(fits, ["outside", at], text, "an IPv4 or IPv6 address in its shortest form");
  }
}

/** Why times do not ascend within their period; undefined where they do. Opportunities may fall together, steps may not. */
function scheduleMisfit(schedule: RateSchedule): Finding | undefined {
  const { period_ns } = schedule;
  const isSteps = schedule.kind === "steps";
  const times = isSteps ? schedule.steps.map(({ at_ns }) => at_ns) : schedule.at_ns;
  const unsorted = times.findIndex((time, at) => at > 0 && time < (times[at - 1] ?? 0) + (isSteps ? 1 : 0));
  if (unsorted !== -1) {
    const found = `${times[unsorted]} ns after ${times[unsorted - 1]} ns`;
    return { message: `the times of a schedule must ascend, found ${found}`, expected: "ascending times", found };
  }
  const last = times.at(-1) ?? 0;
  if (isSteps ? period_ns === 0 || last < period_ns : period_ns >= Math.max(1, last)) return undefined;
  const expected = isSteps
    ? `above the last time, ${last} ns, or 0`
    : `at least the last time, ${last} ns, and above 0`;
  const found = `${period_ns} ns`;
  return { message: `expected a period ${expected}, found ${found}`, expected, found };
}

function networkOf(document: NetworkDocument, misfits: Misfit[]): Network | undefined {
  const say = (path: Path, finding: Finding): void => {
    if (misfits.length < MAX_FINDINGS) misfits.push({ path, finding });
  };
  const { name, ases, links } = document;
  if (ases.length === 0)
    say(["ases"], { message: "the topology has no ASes", expected: "at least one AS", found: "none" });
  for (const [at, { ia }] of ases.entries()) {
    const read = parseIA(ia);
    if (read.ok && read.value === ia && !/^0-|-0$/.test(ia)) continue;
    const expected = "an ISD-AS number as SCION prints it, without wildcards";
    say(["ases", at, "ia"], { message: `expected ${expected}, found ${JSON.stringify(ia)}`, expected, found: ia });
  }
  for (const [at, as] of ases.entries()) checkEndHosts(as, ["ases", at], say);
  for (const [at, link] of links.entries()) {
    for (const key of ["ab", "ba"] as const) {
      const { delay, latency_ns, schedule } = link[key];
      const finding = schedule === null ? undefined : scheduleMisfit(schedule);
      if (finding !== undefined) say(["links", at, key, "schedule"], finding);
      const spread = delay.kind === "uniform" ? delay.width_ns : delay.kind === "normal" ? delay.bound_ns : 0;
      if (spread <= latency_ns) continue;
      const message = `the delay varies by ${spread} ns, more than the latency of ${latency_ns} ns`;
      say(["links", at, key, "delay"], { message, expected: "at most the latency", found: String(spread) });
    }
  }
  if (misfits.length > 0) return undefined;
  return assemble(
    { name, ases, links },
    {
      ofAs: (at, finding) => say(["ases", at], finding),
      ofLink: (at, end, finding) => say(["links", at, ...(end === null ? [] : [end])], finding),
    },
  );
}
