/**
 * Builds scionproto's border router, a Go program, through Go's module proxy. It is not part of Pathloom: only what is tested
 * against it needs it. The modules' checksums are compared with Go's public checksum database by `go` itself.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { err, ok, type Result } from "../../core/result.ts";

/** The release that is compared with unless told otherwise; it names the versions of everything it is built from. */
export const SCION_VERSION = "v0.14.0";

const MODULE = "github.com/scionproto/scion";
const COMMAND = `${MODULE}/router/cmd/router`;
const CACHE = join(import.meta.dirname, "../../node_modules/.cache/scion-router");
const PROGRAM = process.platform === "win32" ? "router.exe" : "router";
const LUA = "scion.lua";
/** A module of its own: `go install ...@version` asks for the list of all versions, too, which some proxies do not give. */
const goMod = (version: string): string =>
  `module pathloom.invalid/interop\n\ngo 1.22.7\n\nrequire ${MODULE} ${version}\n`;
/** Scion.lua asks for the dissector "bfd"; in Wireshark 4.0 it has no name, but is that of its port. */
const NAMED_BFD = `local named = Dissector.get
Dissector.get = function(name)
    return named(name) or (name == "bfd" and DissectorTable.get("udp.port"):get_dissector(3784)) or nil
end
`;
const BUILD_LIMIT_MS = 20 * 60_000;

/** The router built before; null: none was. */
export function builtRouter(folder: string = join(CACHE, SCION_VERSION)): string | null {
  const program = join(folder, PROGRAM);
  return existsSync(program) && existsSync(join(folder, LUA)) ? program : null;
}

/** scionproto's own description of SCION packets for Wireshark, from the module that a router was built from. */
export function dissectorOf(program: string): string {
  return join(dirname(program), LUA);
}

export interface BuildOptions {
  /** Hears what takes long. */
  readonly say: (line: string) => void;
  /** Of scionproto, a tag. Default: `SCION_VERSION`. */
  readonly version?: string;
  /** Default: `go`, as PATH finds it. */
  readonly go?: string;
  /** Where everything is put. Default: a folder of `node_modules/.cache` for this version. */
  readonly folder?: string;
}

/** Builds the router unless it is there; a first build takes minutes. Answers its path, or what is missing and what to do. */
export async function buildRouter({
  say,
  version = SCION_VERSION,
  go = "go",
  folder = join(CACHE, version),
}: BuildOptions): Promise<Result<string, string>> {
  const before = builtRouter(folder);
  if (before !== null) return ok(before);
  const compiler = await goVersion(go);
  if (compiler === null) {
    return err("Go is not installed (no program `go` on PATH). Install Go 1.24 or newer, then run this again");
  }
  say(`building ${COMMAND} ${version} with ${compiler}; the first build takes minutes`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "go.mod"), goMod(version));
  const program = join(folder, PROGRAM);
  // Another name first, so that a build broken off leaves nothing that looks built.
  const fresh = `${program}.${process.pid}`;
  const limits = { cwd: folder, timeout: BUILD_LIMIT_MS };
  try {
    await run(go, ["build", "-mod=mod", "-p", "1", "-o", fresh, COMMAND], limits);
    const { stdout } = await run(go, ["list", "-mod=mod", "-m", "-f", "{{.Dir}}", MODULE], limits);
    const dissector = readFileSync(join(stdout.trim(), "tools/wireshark/scion.lua"), "utf8");
    writeFileSync(join(folder, LUA), `${NAMED_BFD}${dissector}`);
  } catch (error) {
    return err(buildFailure(version, error as { stderr?: string; message: string }));
  }
  renameSync(fresh, program);
  return ok(program);
}

const run = promisify(execFile);

async function goVersion(go: string): Promise<string | null> {
  try {
    return (await run(go, ["version"])).stdout.trim();
  } catch {
    return null;
  }
}

function buildFailure(version: string, { stderr, message }: { stderr?: string; message: string }): string {
  const lines = (stderr === undefined || stderr.trim() === "" ? message : stderr).trim().split("\n");
  const last = lines.slice(-4).join("\n  ");
  return `cannot build ${COMMAND} ${version}:\n  ${last}\nThe build needs Go's module proxy (go env GOPROXY) once; run it again with a network`;
}
