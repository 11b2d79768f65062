// A listening socket that another program has opened, and the address that it is bound to.
import { libc } from "./libc.ts";
import { O_NONBLOCK } from "./open_flags.ts";
import { F_SETFL } from "./fd.ts";
import { SOCK_STREAM, SOL_SOCKET } from "./socket.ts";
import { AF_INET, AF_INET6, AF_UNIX } from "./socket_address.ts";
import { retried, unwrap } from "./system_error.ts";

// asm-generic/socket.h, asm-generic/fcntl.h
export const SO_TYPE = 3;
export const SO_ACCEPTCONN = 30;
export const F_SETFD = 2;
export const FD_CLOEXEC = 1;

const SOCKADDR_STORAGE_BYTES = 128;

/** What a listening socket is bound to. `host` has no brackets; a `path` that begins with NUL is abstract. */
export type BoundAddress = { path: string } | { host: string; port: number };

/**
 * Takes a socket over as if it were our own: it does not block, and no other program inherits it.
 * @returns undefined, and nothing is changed, unless it is a listening stream socket of TCP or Unix.
 */
export function adoptListener(fd: number): BoundAddress | undefined {
  if (option(fd, SO_TYPE) !== SOCK_STREAM || option(fd, SO_ACCEPTCONN) !== 1) return undefined;
  const address = boundAddress(fd);
  if (address === undefined) return undefined;
  unwrap(retried(() => libc.fcntl(fd, F_SETFD, FD_CLOEXEC)), "fcntl", { fd });
  unwrap(retried(() => libc.fcntl(fd, F_SETFL, O_NONBLOCK)), "fcntl", { fd });
  return address;
}

/** @returns -errno when the descriptor is not a socket. */
function option(fd: number, name: number): number {
  const value = new Int32Array(1);
  const length = Uint32Array.of(value.byteLength);
  const result = retried(() => libc.getsockopt(fd, SOL_SOCKET, name, value, length));
  return result < 0 ? result : value[0]!;
}

function boundAddress(fd: number): BoundAddress | undefined {
  const bytes = new Uint8Array(SOCKADDR_STORAGE_BYTES);
  const length = Uint32Array.of(bytes.length);
  unwrap(retried(() => libc.getsockname(fd, bytes, length)), "getsockname", { fd });
  return parseAddress(bytes.subarray(0, length[0]));
}

/** struct sockaddr_un, sockaddr_in or sockaddr_in6; undefined for other families. */
export function parseAddress(bytes: Uint8Array): BoundAddress | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (view.getUint16(0, true)) {
    case AF_UNIX: {
      // An abstract name has NULs at any place; a path ends at the first.
      const name = new TextDecoder().decode(bytes.subarray(2));
      return { path: name.startsWith("\0") ? name : name.split("\0", 1)[0]! };
    }
    case AF_INET:
      return { host: bytes.subarray(4, 8).join("."), port: view.getUint16(2) };
    case AF_INET6: {
      const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(8 + i * 2).toString(16));
      // The URL parser knows how to shorten it.
      const { hostname } = new URL(`http://[${groups.join(":")}]/`);
      return { host: hostname.slice(1, -1), port: view.getUint16(2) };
    }
    default:
      return undefined;
  }
}
