import { assertEquals } from "@std/assert";
import { closeFd, openFile } from "../../../src/sys/fd.ts";
import { adoptListener, parseAddress } from "../../../src/sys/given_socket.ts";
import { O_RDONLY } from "../../../src/sys/open_flags.ts";
import { listenTcp, listenUnix, localPort, socketPair } from "../../../src/sys/socket.ts";

Deno.test("listening sockets are taken over with their addresses", () => {
  const folder = Deno.makeTempDirSync();
  const fds = [listenUnix(`${folder}/s`, 1), listenTcp("127.0.0.1", 0, 1), listenTcp("::1", 0, 1)];
  try {
    assertEquals(fds.map(adoptListener), [
      { path: `${folder}/s` },
      { host: "127.0.0.1", port: localPort(fds[1]!) },
      { host: "::1", port: localPort(fds[2]!) },
    ]);
  } finally {
    fds.forEach(closeFd);
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("what is no listening stream socket is left alone", () => {
  const fds = [...socketPair(), openFile("/dev/null", O_RDONLY)];
  try {
    for (const fd of [...fds, 9999]) assertEquals(adoptListener(fd), undefined);
  } finally {
    fds.forEach(closeFd);
  }
});

Deno.test("addresses are read as they are in memory", () => {
  const text = (name: string) => [...new TextEncoder().encode(name)];
  const table: [bytes: number[], address: ReturnType<typeof parseAddress>][] = [
    [[1, 0, ...text("/run/a.sock\0")], { path: "/run/a.sock" }],
    [[1, 0, ...text("/run/a.sock\0junk")], { path: "/run/a.sock" }],
    [[1, 0, ...text("\0abstract\0name")], { path: "\0abstract\0name" }],
    [[2, 0, 0x2a, 0x39, 192, 168, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], {
      host: "192.168.0.1",
      port: 10809,
    }],
    [[10, 0, 0, 80, 0, 0, 0, 0, 0xfe, 0x80, ...Array(13).fill(0), 1, 0, 0, 0, 0], {
      host: "fe80::1",
      port: 80,
    }],
    [[40, 0, 0, 0], undefined],
  ];
  for (const [bytes, address] of table) {
    assertEquals(parseAddress(Uint8Array.from(bytes)), address);
  }
});
