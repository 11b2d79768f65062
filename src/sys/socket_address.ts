// struct sockaddr_un, sockaddr_in and sockaddr_in6 as bytes (linux/un.h, in.h, in6.h).
import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { cString } from "./c_string.ts";
import { ENAMETOOLONG } from "./errno.ts";
import { libc } from "./libc.ts";
import { SystemError } from "./system_error.ts";

// linux/socket.h
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;

/** Longest path of a Unix socket in bytes, its final zero included. */
export const UNIX_PATH_MAX = 108;

const SOCKADDR_IN_SIZE = 16;
const SOCKADDR_IN6_SIZE = 28;

/** @throws {SystemError} ENAMETOOLONG: more than 107 bytes, which no kernel takes. */
export function unixSocketAddress(path: string): Uint8Array<ArrayBuffer> {
  const name = cString(path);
  if (name.length > UNIX_PATH_MAX) throw new SystemError(ENAMETOOLONG, "bind", { path });
  const address = new Uint8Array(2 + name.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  return address;
}

/**
 * Address and port in network byte order; names are not looked up.
 * @param host an IPv4 or IPv6 address without brackets, or "localhost" for 127.0.0.1.
 * @throws {UserError} when it is neither.
 */
export function ipSocketAddress(host: string, port: number): Uint8Array<ArrayBuffer> {
  const literal = cString(host === "localhost" ? "127.0.0.1" : host);
  for (const family of [AF_INET, AF_INET6]) {
    const address = new Uint8Array(family === AF_INET ? SOCKADDR_IN_SIZE : SOCKADDR_IN6_SIZE);
    const binary = new Uint8Array(16);
    if (libc.inet_pton(family, literal, binary) !== 1) continue;
    const view = new DataView(address.buffer);
    view.setUint16(0, family, true);
    view.setUint16(2, port, false);
    // sockaddr_in6 has its flow label between port and address.
    if (family === AF_INET) address.set(binary.slice(0, 4), 4);
    else address.set(binary, 8);
    return address;
  }
  throw new UserError(`cannot listen on "${printable(host)}": not an IP address`, {
    hints: ["name the address of one of this machine's interfaces, or localhost"],
  });
}

/** The family of any socket address. */
export function familyOf(address: Uint8Array<ArrayBuffer>): number {
  return new DataView(address.buffer).getUint16(0, true);
}
