// The sockets that clients connect to. Main thread, at start and at exit.
import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { nameBytes } from "../sys/c_string.ts";
import { errnoMessage } from "../sys/errno.ts";
import { environment } from "../sys/environment.ts";
import { closeFd } from "../sys/fd.ts";
import { adoptListener } from "../sys/given_socket.ts";
import { listenTcp, localPort } from "../sys/socket.ts";
import { SystemError } from "../sys/system_error.ts";
import { SocketFile } from "./socket_file.ts";
import { isAbsolute, join, resolve } from "@std/path";

/** Clients that wait to be accepted, besides those that are served. */
const BACKLOG = 128;

/** The file system decides who reaches a Unix socket; every host that reaches the machine reaches TCP. */
export type SocketKind = "unix" | "tcp";

/** A socket that clients connect to. It never blocks. */
export interface Listener {
  readonly fd: number;
  readonly kind: SocketKind;
}

/** Open sockets with the addresses that clients use. */
export interface Listeners {
  readonly sockets: readonly Listener[];
  /** NBD URIs: of the sockets that were given, then the Unix socket's, then those of TCP. */
  readonly uris: readonly string[];
  /** Closes the sockets and removes the file of our own Unix socket. */
  close(): void;
}

/** Where to listen. */
export interface ListenRequest {
  /** Path of the Unix socket, or undefined for the default, or for none when there are given ones. */
  readonly socket: string | undefined;
  readonly tcp: readonly { host: string; port: number }[];
  /** Name of the device, for the default path. */
  readonly deviceName: string;
  readonly exportName: string;
  /** Descriptors of sockets that the starting program has opened. */
  readonly given: readonly number[];
}

/** @throws {UserError} when an address is taken or not allowed; nothing stays open then. */
export function openListeners(request: ListenRequest): Listeners {
  const { exportName, given } = request;
  const sockets: Listener[] = [];
  const uris: string[] = [];
  let own: SocketFile | undefined;
  const close = () => {
    for (const { fd } of sockets.splice(0)) closeFd(fd);
    own?.remove();
    own = undefined;
  };
  try {
    for (const fd of given) {
      const { uri, kind } = givenSocket(fd, exportName);
      uris.push(uri);
      sockets.push({ fd, kind });
    }
    if (request.socket !== undefined || given.length === 0) {
      const isDefault = request.socket === undefined;
      // Absolute, so that the URI works from every directory.
      const path: string = resolve(request.socket ?? defaultSocketPath(request.deviceName));
      own = listening(
        `socket "${printable(path)}"`,
        () => new SocketFile(path, isDefault, BACKLOG),
      );
      sockets.push({ fd: own.fd, kind: "unix" });
      uris.push(unixUri(path, exportName));
    }
    for (const { host, port } of request.tcp) {
      const fd = listening(`${host}:${port}`, () => listenTcp(host, port, BACKLOG));
      sockets.push({ fd, kind: "tcp" });
      uris.push(tcpUri(host, localPort(fd), exportName));
    }
  } catch (error) {
    close();
    throw error;
  }
  return { sockets, uris, close };
}

function givenSocket(fd: number, exportName: string): { uri: string; kind: SocketKind } {
  const address = adoptListener(fd);
  if (address === undefined) {
    throw new UserError(`descriptor ${fd}, given by LISTEN_FDS, is no listening stream socket`, {
      hints: ["in the socket unit: ListenStream=, and not Accept=yes"],
    });
  }
  return "path" in address
    ? { uri: unixUri(address.path, exportName), kind: "unix" }
    : { uri: tcpUri(address.host, address.port, exportName), kind: "tcp" };
}

/**
 * `/run/blkcache/NAME.sock` for root, else in the user's runtime directory, or in their home when they have
 * none. Never in a directory that everybody can write to: others would get to choose what is there.
 * @throws {UserError} when the user has neither.
 */
function defaultSocketPath(deviceName: string): string {
  const file = `${deviceName}.sock`;
  if (Deno.uid() === 0) return join("/run/blkcache", file);
  const runtime = environment("XDG_RUNTIME_DIR") ?? "";
  if (isAbsolute(runtime)) return join(runtime, "blkcache", file);
  const home = environment("HOME") ?? "";
  if (isAbsolute(home)) return join(home, ".cache", "blkcache", file);
  throw new UserError("there is no place for the socket: neither XDG_RUNTIME_DIR nor HOME is set", {
    hints: ["name a socket with --socket PATH"],
  });
}

/** In the form that libnbd, qemu and nbdkit understand. */
export function unixUri(path: string, exportName: string): string {
  return `nbd+unix:///${encodeURIComponent(exportName)}?socket=${uriPath(path)}`;
}

/** By bytes, as a path need not be UTF-8. */
function uriPath(path: string): string {
  return Array.from(nameBytes(path), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\w.!~*'()/-]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}

function tcpUri(host: string, port: number, exportName: string): string {
  const authority = host.includes(":") ? `[${host}]` : host;
  return `nbd://${authority}:${port}/${encodeURIComponent(exportName)}`;
}

function listening<T>(what: string, listen: () => T): T {
  try {
    return listen();
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    throw new UserError(`cannot listen on ${what}: ${errnoMessage(error.errno)} (${error.code})`, {
      hints: ["choose another address with --socket PATH or --listen [HOST:]PORT"],
      cause: error,
    });
  }
}
