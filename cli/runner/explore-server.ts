/**
 * The explorer's page over HTTP, for this machine: the site's files, what to open, and a run's records in pieces. Only known names are
 * answered, nothing is looked up on the disk by what a request says.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type { Opening } from "../../viz/page/protocol.ts";
import { InputError, RunError } from "../errors.ts";
import type { ExploredRun, Piece } from "./explore-run.ts";
import { textOf } from "./failure-text.ts";

/** Files by name, as `npm run build:site` makes them. */
export type Site = ReadonlyMap<string, Buffer>;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

/** The page's folder: beside the bundle, or where a checkout builds it; `PATHLOOM_SITE` names another. */
export function siteFolder(): string {
  const here = import.meta.dirname;
  return (
    process.env["PATHLOOM_SITE"] ??
    (import.meta.url.endsWith(".ts") ? join(here, "../../dist/site") : join(here, "site"))
  );
}

export function readSite(folder: string): Effect.Effect<Site, InputError> {
  return Effect.try({
    try: () => {
      if (!existsSync(join(folder, "index.html"))) {
        throw new Error(`the explorer's page is not built (${folder} has no index.html): npm run build:site makes it`);
      }
      const names = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile());
      return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
    },
    catch: (cause) => new InputError(textOf(cause)),
  });
}

export interface Serving {
  readonly site: Site;
  /** Asked whenever a page is loaded. */
  readonly opening: () => Opening | null;
  readonly run: ExploredRun | null;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** Serves until the scope ends. @returns the page's address */
export function serveExplorer(serving: Serving): Effect.Effect<string, RunError, Scope.Scope> {
  const open = Effect.callback<{ url: string; close: () => Promise<void> }, RunError>((resume) => {
    const server = createServer((request, response) => answer(serving, request, response));
    server.once("error", (cause: NodeJS.ErrnoException) =>
      resume(Effect.fail(new RunError({ message: whyNot(serving, cause) }))),
    );
    server.listen(serving.port, serving.host, () => {
      const { port } = server.address() as AddressInfo;
      const close = (): Promise<void> => {
        server.closeAllConnections();
        return new Promise((done) => server.close(() => done()));
      };
      resume(Effect.succeed({ url: `http://${inUrl(serving.host)}:${port}/`, close }));
    });
  });
  const served = Effect.acquireRelease(open, ({ close }) => Effect.promise(close));
  return Effect.map(served, ({ url }) => url);
}

function whyNot({ host, port }: Serving, { code, message }: NodeJS.ErrnoException): string {
  const where = `${host}, port ${port}`;
  if (code === "EADDRINUSE")
    return `${where}: another program listens there; choose another --port, or leave it out for any that is free`;
  if (code === "EACCES") return `${where}: the system does not let you listen there; choose a --port above 1023`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return `--host ${host} is no address of this machine`;
  return `cannot listen on ${where}: ${message}`;
}

/** An address as it stands in a URL; one that means all of them is reached as this machine. */
function inUrl(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

function answer(serving: Serving, request: IncomingMessage, response: ServerResponse): void {
  response.setHeader("cache-control", "no-store");
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("cross-origin-resource-policy", "same-origin");
  response.setHeader("referrer-policy", "no-referrer");
  try {
    const { method = "GET" } = request;
    if (method !== "GET" && method !== "HEAD")
      refuse(response.setHeader("allow", "GET, HEAD"), 405, "only GET and HEAD");
    else if (!isMeant(serving, request.headers.host ?? "")) refuse(response, 403, "this server has another name");
    else route(serving, request, response);
  } catch (cause) {
    refuse(response, 500, textOf(cause).message);
  }
}

/** Pages of other sites can have their own names point here: what they then ask for is not given. */
function isMeant({ host }: Serving, asked: string): boolean {
  if (host === "0.0.0.0" || host === "::") return true;
  const name = asked.replace(/:\d+$/, "");
  return [inUrl(host), "localhost", "127.0.0.1", "[::1]"].includes(name);
}

function route(serving: Serving, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const from = numberOf(searchParams, "from");
  if (pathname === "/open.json") send(response, ".json", Buffer.from(JSON.stringify(serving.opening())));
  else if (pathname === "/run/record")
    sendPiece(response, from, (at) => serving.run?.piece(numberOf(searchParams, "place"), at));
  else if (pathname === "/run/macs") sendPiece(response, from, (at) => serving.run?.macs(at));
  else {
    const name = pathname === "/" ? "index.html" : pathname.slice(1);
    const file = serving.site.get(name);
    if (file === undefined) refuse(response, 404, "no such file");
    else send(response, extname(name), file);
  }
}

/** NaN where it is left out or no whole number from 0 up. */
function numberOf(params: URLSearchParams, name: string): number {
  const text = params.get(name) ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

function sendPiece(response: ServerResponse, from: number, read: (from: number) => Piece | null | undefined): void {
  if (Number.isNaN(from)) {
    refuse(response, 400, "expected from=BYTES");
    return;
  }
  const piece = read(from) ?? null;
  if (piece === null) {
    refuse(response, 404, "this run has no such record");
    return;
  }
  response.setHeader("pathloom-next", String(piece.next));
  response.setHeader("pathloom-over", String(piece.over));
  send(response, ".ndjson", piece.bytes);
}

/** Node leaves the body out where HEAD asked. */
function send(response: ServerResponse, type: string, body: Buffer): void {
  response.setHeader("content-type", TYPES[type] ?? "text/plain; charset=utf-8");
  response.setHeader("content-length", body.length);
  response.writeHead(200).end(body);
}

function refuse(response: ServerResponse, status: number, why: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.writeHead(status).end(`${why}\n`);
}
