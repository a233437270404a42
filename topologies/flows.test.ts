/** What a flow's packets need room for, and how many faults a run can hold. */
import test from "ava";
import { DIAMOND, LINK, resolve, wrong } from "./scenario-testing.ts";

test("packets have room for what their application puts before its data", (t) => {
  const least = (fields: string): string => {
    const flow = `{from: 1-ff00:0:110, to: 1-ff00:0:117, packet_size: 150, ${fields}}`;
    const [problem = "", ...more] = wrong(`topology: {preset: line, length: 8}\nduration: 1s\nflows: [${flow}]\n`);
    t.deepEqual(more, []);
    return /at least (\d+)B, what the headers of/.exec(problem)?.[1] ?? problem;
  };
  // Common and address header 12 + 24, path 4 + 8 + 8 x 12, UDP 8: 152. Then 20; 20 + 28 + 1; 20 + 14 + 1.
  t.is(least("app: poisson, interval: 1s"), "172");
  t.is(least("app: bulk"), "201");
  t.is(least("app: request-response, reply: select"), "201");
  t.is(least("app: file-transfer, size: 1kB"), "201");
  t.is(least("app: message-stream, interval: 1s, message: 1kB"), "187");
});

test("more faults than a run can hold: said at the fault that is too much", (t) => {
  const fine = `{id: fine, event: down, at: 2s, link: "${LINK}"}`;
  const resolved = resolve(
    `${DIAMOND}faults:\n  - ${fine}\n  - {event: flap, every: 20us, for: 1us, link: "${LINK}"}\n`,
  );
  const says =
    "faults[1]: with this fault there are more than 100000 begins and ends in the run; let it happen less often, or make the run shorter";
  t.deepEqual(resolved.ok ? [] : resolved.error.map(({ line, column, message }) => [line, column, message]), [
    [6, 5, says],
  ]);
});
