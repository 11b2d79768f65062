// Stream sockets. Listening ones never block and are polled; accepted ones block, as each session has
// its own thread. Waker of a thread in recv or send: `shutdownSocket`, from any thread.
import { EINTR, ENAMETOOLONG, ENOTCONN } from "./errno.ts";
import { closeFd, setBlocking } from "./fd.ts";
import { errno, libc } from "./libc.ts";
import { AF_UNIX, familyOf, ipSocketAddress, unixSocketAddress } from "./socket_address.ts";
import { retried, SystemError, unwrap } from "./system_error.ts";

// asm-generic/socket.h, linux/net.h, linux/socket.h, linux/in.h, linux/tcp.h
export const SOCK_STREAM = 1;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_SNDBUF = 7;
export const SO_KEEPALIVE = 9;
export const SO_RCVTIMEO = 20;
export const SO_SNDBUFFORCE = 32;
export const IPPROTO_TCP = 6;
export const TCP_NODELAY = 1;
export const TCP_KEEPIDLE = 4;
export const TCP_KEEPINTVL = 5;
export const TCP_KEEPCNT = 6;
export const MSG_PEEK = 0x2;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_MORE = 0x8000;
export const SHUT_RD = 0;
export const SHUT_WR = 1;
export const SHUT_RDWR = 2;

const UNIX_SOCKET_MODE = 0o600;

/** Silence after which a TCP peer is asked whether it is there, how often, and how many times in vain. */
const KEEPALIVE_IDLE_SECONDS = 60;
const KEEPALIVE_INTERVAL_SECONDS = 10;
const KEEPALIVE_PROBES = 6;

/**
 * Binds and listens on a Unix socket; the file is created with mode 0600 less the umask.
 * @returns a non-blocking descriptor.
 * @throws {SystemError} ENAMETOOLONG above 107 bytes; EADDRINUSE when the file exists, stale or live.
 */
export function listenUnix(path: string, backlog: number): number {
  const address = unixSocketAddress(path);
  const fd = openSocket(AF_UNIX, SOCK_NONBLOCK, { path });
  return closingOnError(fd, () => {
    // bind(2) takes the file's mode from the socket, so there is no moment at which others may connect.
    unwrap(retried(() => libc.fchmod(fd, UNIX_SOCKET_MODE)), "fchmod", { path });
    unwrap(retried(() => libc.bind(fd, address, address.length)), "bind", { path });
    unwrap(retried(() => libc.listen(fd, backlog)), "listen", { path });
  });
}

/**
 * Binds and listens on TCP.
 * @param host an IPv4 or IPv6 address without brackets, or "localhost" for 127.0.0.1.
 * @param port 0 lets the system choose; see `localPort`.
 * @returns a non-blocking descriptor.
 * @throws {UserError} when `host` is no address. @throws {SystemError} e.g. EADDRINUSE, EACCES.
 */
export function listenTcp(host: string, port: number, backlog: number): number {
  const address = ipSocketAddress(host, port);
  const path = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const fd = openSocket(familyOf(address), SOCK_NONBLOCK, { path });
  return closingOnError(fd, () => {
    setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    unwrap(retried(() => libc.bind(fd, address, address.length)), "bind", { path });
    unwrap(retried(() => libc.listen(fd, backlog)), "listen", { path });
  });
}

/** Accepts a client. @returns a blocking socket, or -errno; -EAGAIN when no client waits. */
export function tryAccept(fd: number): number {
  return retried(() => libc.accept4(fd, null, null, SOCK_CLOEXEC));
}

/** One recv(2), blocking. @returns bytes, 0 when the peer has closed its side, or -errno. */
export function tryRecv(fd: number, address: number, length: number): number {
  return receive(fd, address, length, 0);
}

/** One recv(2) that never blocks. @returns as `tryRecv`; -EAGAIN when there is nothing yet. */
export function tryRecvNow(fd: number, address: number, length: number): number {
  return receive(fd, address, length, MSG_DONTWAIT);
}

/** Looks at what could be received, and leaves it there. Never blocks. @returns as `tryRecvNow`. */
export function tryPeek(fd: number, address: number, length: number): number {
  return receive(fd, address, length, MSG_DONTWAIT | MSG_PEEK);
}

function receive(fd: number, address: number, length: number, flags: number): number {
  for (;;) {
    const count = libc.recv(fd, BigInt(address), BigInt(length), flags);
    if (count >= 0) return count;
    const error = errno();
    if (error !== EINTR) return -error;
  }
}

/** One send(2) that never blocks. Raises no SIGPIPE. @returns bytes, or -errno; -EAGAIN when there is no room. */
export function trySendNow(fd: number, address: number, length: number): number {
  const flags = MSG_NOSIGNAL | MSG_DONTWAIT;
  return retried(() => libc.send(fd, BigInt(address), BigInt(length), flags));
}

/**
 * Sends all of it on a blocking socket, however slow the peer is. Raises no SIGPIPE.
 * @param more the rest of the message follows at once.
 * @returns 0, or -errno when an unknown part has been sent and the stream is useless.
 */
export function trySendAll(
  fd: number,
  address: number,
  length: number,
  more = false,
): number {
  const flags = more ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
  let done = 0;
  while (done < length) {
    const count = libc.send(fd, BigInt(address + done), BigInt(length - done), flags);
    if (count >= 0) {
      done += count;
      continue;
    }
    const error = errno();
    if (error !== EINTR) return -error;
  }
  return 0;
}

/**
 * Sends a part of a file on a blocking socket without copying it: the socket takes the page cache's pages.
 * The file must not change there while the peer has not received them. SIGPIPE must be ignored, as Deno does.
 * @param position memory of this thread for the call.
 * @returns bytes sent: fewer than `length` when the file ends before; or -errno, of the socket or the file,
 *   when an unknown part has been sent and the stream is useless.
 */
export function trySendFile(
  socket: number,
  file: number,
  offset: number,
  length: number,
  position: BigInt64Array<ArrayBuffer>,
): number {
  position[0] = BigInt(offset);
  let done = 0;
  while (done < length) {
    const count = libc.sendfile(socket, file, position, BigInt(length - done));
    if (count > 0) {
      done += count;
      continue;
    }
    if (count === 0) break;
    const error = errno();
    if (error !== EINTR) return -error;
  }
  return done;
}

/** Ends one or both directions and wakes the threads that are blocked on them. No error when already ended. */
export function shutdownSocket(fd: number, how: number): void {
  const result = retried(() => libc.shutdown(fd, how));
  if (result !== -ENOTCONN) unwrap(result, "shutdown", { fd });
}

/** Two connected Unix sockets, blocking. @throws {SystemError} EMFILE. */
export function socketPair(): [number, number] {
  const pair = new Int32Array(2);
  const result = retried(() => libc.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
  unwrap(result, "socketpair");
  return [pair[0]!, pair[1]!];
}

/**
 * Connects to a Unix socket without waiting.
 * @returns a blocking socket, or -errno: -ECONNREFUSED when no process listens (stale), -ENOENT, -EAGAIN when
 *   one does but too many clients wait.
 */
export function tryConnectUnix(path: string): number {
  let address: Uint8Array<ArrayBuffer>;
  try {
    address = unixSocketAddress(path);
  } catch (error) {
    if (error instanceof SystemError && error.errno === ENAMETOOLONG) return -ENAMETOOLONG;
    throw error;
  }
  const fd = openSocket(AF_UNIX, SOCK_NONBLOCK, { path });
  const result = retried(() => libc.connect(fd, address, address.length));
  if (result < 0) {
    closeFd(fd);
    return result;
  }
  return closingOnError(fd, () => {
    setBlocking(fd);
  });
}

/**
 * Prepares an accepted socket. TCP: a packet does not wait for the acknowledgement of the previous one (TCP_NODELAY),
 * and a peer that has vanished without a word is noticed after two minutes; its buffers adapt themselves.
 * Unix: asks for a send buffer, as root of any size, else as far as net.core.wmem_max allows.
 */
export function prepareClient(fd: number, sendBufferBytes: number): void {
  if (!trySetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1)) {
    if (trySetOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, sendBufferBytes)) return;
    trySetOption(fd, SOL_SOCKET, SO_SNDBUF, sendBufferBytes);
    return;
  }
  setOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  setOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_SECONDS);
  setOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_SECONDS);
  setOption(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
}

/** From now on a blocking recv(2) that has waited so long returns -EAGAIN. Milliseconds. */
export function limitReceive(fd: number, timeoutMs: number): void {
  // struct timeval { time_t tv_sec; suseconds_t tv_usec; }, both 64 bits wide.
  const seconds = Math.floor(timeoutMs / 1000);
  const time = BigInt64Array.of(BigInt(seconds), BigInt((timeoutMs - seconds * 1000) * 1000));
  const result = retried(() => libc.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, time, time.byteLength));
  unwrap(result, "setsockopt", { fd });
}

/** The port that a TCP socket is bound to. */
export function localPort(fd: number): number {
  const address = new Uint8Array(28);
  const length = new Uint32Array([address.length]);
  unwrap(retried(() => libc.getsockname(fd, address, length)), "getsockname", { fd });
  return new DataView(address.buffer).getUint16(2, false);
}

function openSocket(family: number, flags: number, details: { path: string }): number {
  const type = SOCK_STREAM | SOCK_CLOEXEC | flags;
  return unwrap(retried(() => libc.socket(family, type, 0)), "socket", details);
}

function setOption(fd: number, level: number, name: number, value: number): void {
  unwrap(setSocketOption(fd, level, name, value), "setsockopt", { fd });
}

/** @returns false when the socket does not take the option. */
function trySetOption(fd: number, level: number, name: number, value: number): boolean {
  return setSocketOption(fd, level, name, value) === 0;
}

function setSocketOption(fd: number, level: number, name: number, value: number): number {
  const option = new Int32Array([value]);
  return retried(() => libc.setsockopt(fd, level, name, option, option.byteLength));
}

function closingOnError(fd: number, prepare: () => void): number {
  try {
    prepare();
  } catch (error) {
    closeFd(fd);
    throw error;
  }
  return fd;
}
