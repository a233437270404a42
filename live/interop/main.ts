/**
 * `npm run interop:scion [-- --build] [--scion VERSION] [--seed N] [--packets N]`: scionproto's border router against Pathloom's. Exits 1 where they
 * disagree, 2 where there is no router to compare with; `--build` builds it and does no more.
 */
import { parseArgs } from "node:util";
import { buildRouter, SCION_VERSION } from "./build.ts";
import { type Check, lineOf } from "./checks.ts";
import { runSuites } from "./suites.ts";

const USAGE = "usage: npm run interop:scion [-- [--build] [--scion VERSION] [--seed NUMBER] [--packets NUMBER]]";

interface Arguments {
  readonly build: boolean;
  /** A tag of scionproto's. */
  readonly scion: string;
  readonly seed: number;
  readonly packets: number;
}

function readArguments(): Arguments {
  const seed = { type: "string", default: "1" } as const;
  const packets = { type: "string", default: "4000" } as const;
  const build = { type: "boolean", default: false } as const;
  const version = { type: "string", default: SCION_VERSION } as const;
  const { values } = parseArgs({ options: { build, scion: version, seed, packets } });
  const { scion } = values;
  if (!/^v\d+\.\d+\.\d+$/.test(scion)) throw new Error(`--scion: expected a version such as v0.14.0, found "${scion}"`);
  return {
    build: values.build,
    scion,
    seed: whole("--seed", values.seed),
    packets: whole("--packets", values.packets),
  };
}

function whole(option: string, text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new Error(`${option}: expected a whole number up to 99999, found "${text}"`);
  return Number(text);
}

function refuse(message: string): never {
  console.error(`error: ${message}`);
  process.exit(2);
}

function argumentsOrRefuse(): Arguments {
  try {
    return readArguments();
  } catch (error) {
    return refuse(`${(error as Error).message}\n${USAGE}`);
  }
}

const { build, scion, seed, packets } = argumentsOrRefuse();
const program = await buildRouter({ say: (line) => console.error(line), version: scion });
if (!program.ok) refuse(program.error);
if (build) {
  console.log(`scionproto's border router ${scion} is built`);
} else {
  console.log(`scionproto's border router ${scion}, seed ${seed}, ${packets} packets`);
  const checks: Check[] = [];
  const report = (check: Check): void => {
    checks.push(check);
    console.log(lineOf(check));
  };
  await runSuites(program.value, { seed, packets }, report, (why) => console.log(`SKIPPED ${why}`));
  const failed = checks.filter(({ passed }) => !passed).length;
  console.log(`${checks.length - failed} of ${checks.length} checks passed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
