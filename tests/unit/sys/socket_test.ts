import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import {
  EADDRINUSE,
  EAGAIN,
  EBADF,
  ECONNREFUSED,
  ENAMETOOLONG,
  ENOENT,
  EPIPE,
} from "../../../src/sys/errno.ts";
import { closeFd, openFile } from "../../../src/sys/fd.ts";
import { NativeMemory } from "../../../src/sys/memory.ts";
import { O_CLOEXEC, O_NONBLOCK, O_RDONLY } from "../../../src/sys/open_flags.ts";
import {
  listenTcp,
  listenUnix,
  localPort,
  SHUT_RDWR,
  SHUT_WR,
  shutdownSocket,
  socketPair,
  tryAccept,
  tryConnectUnix,
  tryRecv,
  tryRecvNow,
  trySendAll,
  trySendFile,
} from "../../../src/sys/socket.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import type { Drain } from "./draining_peer.ts";
import { interrupting } from "./interruption.ts";

const SIZE = 2 ** 16;

function withSockets(test: (a: number, b: number, memory: NativeMemory) => void): void {
  const [a, b] = socketPair();
  const memory = NativeMemory.allocate(SIZE);
  try {
    test(a, b, memory);
  } finally {
    memory.release();
    closeFd(a);
    closeFd(b);
  }
}

function withFolder(test: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("a Unix socket is its owner's alone from its first moment, whatever the umask", () => {
  for (const mask of [0, 0o077]) {
    withFolder((folder) => {
      const before = Deno.umask(mask);
      const fd = listenUnix(`${folder}/s`, 5);
      Deno.umask(before);
      assertEquals(Deno.lstatSync(`${folder}/s`).mode! & 0o7777, 0o600);
      closeFd(fd);
    });
  }
});

Deno.test("clients connect to a Unix socket and are accepted in turn", () => {
  withFolder((folder) => {
    const memory = NativeMemory.allocate(SIZE);
    const listener = listenUnix(`${folder}/s`, 5);
    assertEquals(tryAccept(listener), -EAGAIN);
    const client = tryConnectUnix(`${folder}/s`);
    const session = tryAccept(listener);
    memory.bytes.set([1, 2, 3]);
    assertEquals(trySendAll(client, memory.address, 3), 0);
    assertEquals(tryRecv(session, memory.address + 100, 50), 3);
    assertEquals(memory.bytes.subarray(100, 104), Uint8Array.of(1, 2, 3, 0));
    [listener, client, session].forEach(closeFd);
    assertEquals(tryAccept(listener), -EBADF);
    memory.release();
  });
});

Deno.test("a stale, a missing, a live and a full Unix socket can be told apart", () => {
  withFolder((folder) => {
    const path = `${folder}/s`;
    assertEquals(tryConnectUnix(path), -ENOENT);
    const listener = listenUnix(path, 0);
    const live = tryConnectUnix(path);
    assert(live >= 0);
    assertEquals(tryConnectUnix(path), -EAGAIN);
    assertEquals(assertThrows(() => listenUnix(path, 5), SystemError).errno, EADDRINUSE);
    [listener, live].forEach(closeFd);
    assertEquals(tryConnectUnix(path), -ECONNREFUSED);
  });
});

Deno.test("a path that fits to the byte is used, a longer one refused by name", () => {
  withFolder((folder) => {
    const fits = `${folder}/`.padEnd(107, "x");
    closeFd(listenUnix(fits, 5));
    const error = assertThrows(() => listenUnix(fits + "x", 5), SystemError);
    assertEquals([error.errno, error.path], [ENAMETOOLONG, fits + "x"]);
    assertEquals(tryConnectUnix(fits + "x"), -ENAMETOOLONG);
  });
});

Deno.test("TCP listens where it is told", async () => {
  for (const host of ["127.0.0.1", "localhost", "::1"]) {
    const listener = listenTcp(host, 0, 5);
    const port = localPort(listener);
    const hostname = host === "localhost" ? "127.0.0.1" : host;
    const client = await Deno.connect({ hostname, port });
    const session = tryAccept(listener);
    shutdownSocket(session, SHUT_RDWR);
    assertEquals(await client.read(new Uint8Array(1)), null);
    client.close();
    const error = assertThrows(() => listenTcp(host, port, 5), SystemError);
    assertEquals([error.errno, error.path?.endsWith(`:${port}`)], [EADDRINUSE, true]);
    [session, listener].forEach(closeFd);
  }
});

Deno.test("TCP takes addresses, not names", () => {
  for (const host of ["", "example.org", "[::1]", "127.1", "1.2.3.4.5", "\x1b[2J", "::1%lo"]) {
    assertThrows(() => listenTcp(host, 0, 5), UserError, "not an IP address");
  }
});

Deno.test("receiving sees what is there, nothing, and the end", () => {
  withSockets((a, b, memory) => {
    assertEquals(tryRecvNow(a, memory.address, SIZE), -EAGAIN);
    assertEquals(trySendAll(b, memory.address, 1000), 0);
    assertEquals(tryRecvNow(a, memory.address, 600), 600);
    assertEquals(tryRecv(a, memory.address, SIZE), 400);
    shutdownSocket(b, SHUT_WR);
    assertEquals([tryRecv(a, memory.address, SIZE), tryRecvNow(a, memory.address, SIZE)], [0, 0]);
  });
});

Deno.test("sending to a peer that has gone is an error number, not a signal", () => {
  withSockets((a, b, memory) => {
    shutdownSocket(b, SHUT_RDWR);
    assertEquals(trySendAll(a, memory.address, 1), -EPIPE);
    shutdownSocket(a, SHUT_RDWR);
    shutdownSocket(a, SHUT_RDWR);
    assertEquals(tryRecv(a, memory.address, 1), 0);
  });
});

Deno.test("shutting down a socket that never was connected is no error", () => {
  const listener = listenTcp("127.0.0.1", 0, 1);
  shutdownSocket(listener, SHUT_RDWR);
  shutdownSocket(listener, SHUT_RDWR);
  closeFd(listener);
  assertEquals(assertThrows(() => shutdownSocket(listener, SHUT_RDWR), SystemError).errno, EBADF);
});

Deno.test("a send that a signal cuts short goes on until all has gone", async () => {
  const [ours, theirs] = socketPair();
  const memory = NativeMemory.allocate(2 ** 20);
  const peer = new Worker(new URL("./draining_peer.ts", import.meta.url), { type: "module" });
  const received = new Promise<Uint8Array>((resolve) => {
    peer.onmessage = ({ data }) => resolve(data);
  });
  memory.bytes.forEach((_, index) => memory.bytes[index] = index % 251);
  await interrupting(async () => {
    peer.postMessage({ fd: theirs, size: memory.size, idleMs: 300 } satisfies Drain);
    assertEquals(trySendAll(ours, memory.address, memory.size), 0);
    shutdownSocket(ours, SHUT_WR);
    const bytes = await received;
    assertEquals(bytes.length, memory.size);
    assertEquals(bytes.findIndex((byte, index) => byte !== index % 251), -1);
  });
  peer.terminate();
  [ours, theirs].forEach(closeFd);
  memory.release();
});

Deno.test("listening sockets do not block, all others do, and programs inherit none", () => {
  withFolder((folder) => {
    const tcp = listenTcp("127.0.0.1", 0, 1);
    const unix = listenUnix(`${folder}/s`, 1);
    const client = tryConnectUnix(`${folder}/s`);
    const session = tryAccept(unix);
    const pair = socketPair();
    const flagsOf = (fd: number) =>
      parseInt(/flags:\s*(\d+)/.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`))![1]!, 8);
    const sockets = [tcp, unix, client, session, ...pair];
    assertEquals(sockets.map((fd) => (flagsOf(fd) & O_NONBLOCK) !== 0), [
      ...[true, true],
      ...[false, false, false, false],
    ]);
    assertEquals(sockets.every((fd) => (flagsOf(fd) & O_CLOEXEC) !== 0), true);
    sockets.forEach(closeFd);
  });
});

Deno.test("a part of a file is sent as it is, as far as the file goes", () => {
  withFolder((folder) => {
    const content = crypto.getRandomValues(new Uint8Array(40_000));
    Deno.writeFileSync(`${folder}/file`, content);
    const file = openFile(`${folder}/file`, O_RDONLY);
    const position = new BigInt64Array(1);
    try {
      for (const [offset, length] of [[0, 40_000], [1, 4096], [4095, 10_000], [39_999, 5000]]) {
        withSockets((a, b, memory) => {
          const sent = trySendFile(a, file, offset, length, position);
          const expected = content.subarray(offset, offset + length);
          assertEquals(sent, expected.length);
          let received = 0;
          while (received < sent) {
            received += tryRecv(b, memory.address + received, SIZE - received);
          }
          assertEquals(memory.bytes.slice(0, received), expected);
        });
      }
      withSockets((a, b) => {
        assertEquals(trySendFile(a, file, 40_000, 10, position), 0);
        shutdownSocket(b, SHUT_RDWR);
        assertEquals(trySendFile(a, file, 0, 10, position), -EPIPE);
      });
      withSockets((a) => assertEquals(trySendFile(a, -1, 0, 10, position), -EBADF));
    } finally {
      closeFd(file);
    }
  });
});
