/** Node's system errors as connector errors: the same meaning on every platform, with what to do about it. */
import { type ConnectorError, type ConnectorErrorName, type Outcome, refuse } from "../../core/connector.ts";

interface Meaning {
  readonly name: ConnectorErrorName;
  readonly says: string;
}

const MEANINGS: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ["ECONNREFUSED", { name: "connection_refused", says: "nobody listens there; start the listener first" }],
  ["ECONNRESET", { name: "connection_aborted", says: "the peer broke the connection off" }],
  ["ECONNABORTED", { name: "connection_aborted", says: "the connection was broken off" }],
  ["EPIPE", { name: "no_connection", says: "the peer has closed the connection" }],
  ["ENXIO", { name: "connection_refused", says: "nobody listens there; start the listener first" }],
  ["ENOTCONN", { name: "no_connection", says: "there is no connection" }],
  ["ENETUNREACH", { name: "network_unreachable", says: "this machine has no route to that network" }],
  ["EHOSTUNREACH", { name: "network_unreachable", says: "that host cannot be reached" }],
  ["ENETDOWN", { name: "network_unreachable", says: "the network is down" }],
  ["EADDRINUSE", { name: "address_in_use", says: "the address is in use; choose another, or end who uses it" }],
  ["EADDRNOTAVAIL", { name: "address_not_available", says: "not an address of this machine" }],
  ["EAFNOSUPPORT", { name: "address_not_available", says: "this machine does not speak that version of IP" }],
  [
    "EACCES",
    {
      name: "access_violation",
      says: "permission denied: a port below 1024, somebody else's file, or a folder that does not exist",
    },
  ],
  ["EPERM", { name: "access_violation", says: "permission denied; a firewall or the file's owner forbids it" }],
  ["ENOENT", { name: "fs_error", says: "no such file; start the listener first, or make its folder" }],
  ["ENOTDIR", { name: "fs_error", says: "a part of the path is no folder" }],
  ["EISDIR", { name: "fs_error", says: "the path is a folder" }],
  ["ENAMETOOLONG", { name: "fs_error", says: "the path is too long; Unix sockets take about 100 bytes" }],
  ["EROFS", { name: "fs_error", says: "the file system is read-only" }],
  ["ENOSPC", { name: "fs_error", says: "the disk is full" }],
  ["ENOTSOCK", { name: "fs_error", says: "the file is no socket" }],
  ["EMFILE", { name: "num_files", says: "this process has too many files open; close some, or raise the limit" }],
  ["ENFILE", { name: "num_files", says: "the machine has too many files open" }],
  ["ENOMEM", { name: "out_of_memory", says: "the machine is out of memory" }],
  ["ENOBUFS", { name: "out_of_memory", says: "the machine is out of buffers; send less at once" }],
  ["ETIMEDOUT", { name: "timeout", says: "no answer in time" }],
  ["ECANCELED", { name: "aborted", says: "it was called off" }],
  ["EMSGSIZE", { name: "invalid_value", says: "the datagram is too large" }],
  ["EINVAL", { name: "invalid_value", says: "the system takes no such address or option" }],
]);

/** A system error with what it means for a connector; `where` is its URL. */
export function systemError(where: string, error: unknown): ConnectorError {
  const { code = "", message = String(error) } = error as NodeJS.ErrnoException;
  const { name, says } = MEANINGS.get(code) ?? { name: "unexpected" as const, says: message };
  return { name, message: `${where}: ${says}${code === "" ? "" : ` (${code})`}.` };
}

/** The error of a second `listen` or `connect`. */
export function alreadyOpen(url: string): Outcome<never> {
  return refuse("initialization", `${url} is open already; close it first.`);
}

/** The error of an action that needs an open connector. */
export function notOpen(url: string, action: string): Outcome<never> {
  return refuse("initialization", `${url} is not open: it has nothing to ${action}; listen or connect first.`);
}

/** The error of an action that this kind of connector does not have. */
export function unsupported(url: string, says: string): Outcome<never> {
  return refuse("unsupported_action", `${url}: ${says}.`);
}

/** "Later": not a fault. */
export function later(url: string, says: string): Outcome<never> {
  return refuse("async", `${url}: ${says}.`);
}
