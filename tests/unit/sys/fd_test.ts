import { assert, assertEquals, assertThrows } from "@std/assert";
import { EBADF, EINVAL, EISDIR, ENOENT, ENXIO, ESPIPE } from "../../../src/sys/errno.ts";
import {
  closeFd,
  openFile,
  pread,
  punchHole,
  pwrite,
  seekEnd,
  syncFd,
  syncFdData,
  truncateFd,
  tryLock,
  tryPread,
  tryPreadAll,
  tryPwriteAll,
  tryRead,
  trySeekData,
  trySeekHole,
  tryWrite,
} from "../../../src/sys/fd.ts";
import { NativeMemory } from "../../../src/sys/memory.ts";
import {
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
} from "../../../src/sys/open_flags.ts";
import { socketPair } from "../../../src/sys/socket.ts";
import { SystemError } from "../../../src/sys/system_error.ts";

const SIZE = 64 * 1024;

function withFile(test: (fd: number, path: string, memory: NativeMemory) => void): void {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/file`;
  const fd = openFile(path, O_RDWR | O_CREAT);
  const memory = NativeMemory.allocate(SIZE);
  try {
    test(fd, path, memory);
  } finally {
    memory.release();
    closeFd(fd);
    Deno.removeSync(folder, { recursive: true });
  }
}

function indexOfDifference(a: Uint8Array, b: Uint8Array): number {
  return a.findIndex((byte, index) => byte !== b[index]);
}

function errnoOf(call: () => unknown): number {
  return assertThrows(call, SystemError).errno;
}

Deno.test("what is written is read back, at its offset", () => {
  withFile((fd, path, memory) => {
    memory.bytes.forEach((_, index) => memory.bytes[index] = index % 251);
    const written = memory.bytes.slice();
    assertEquals(tryPwriteAll(fd, memory.address, SIZE, 100), 0);
    memory.discard();
    assertEquals(tryPreadAll(fd, memory.address, SIZE, 100), SIZE);
    assertEquals(memory.bytes, written);
    syncFd(fd);
    syncFdData(fd);
    assertEquals([seekEnd(fd), Deno.statSync(path).size], [SIZE + 100, SIZE + 100]);
  });
});

Deno.test("reads stop at the end of the file", () => {
  withFile((fd, _path, memory) => {
    truncateFd(fd, 1000);
    assertEquals(tryPread(fd, memory.address, SIZE, 300), 700);
    assertEquals(tryPreadAll(fd, memory.address, SIZE, 300), 700);
    assertEquals(tryPreadAll(fd, memory.address, SIZE, 1000), 0);
    assertEquals(tryPread(fd, memory.address, 0, 0), 0);
    const bytes = new Uint8Array(10);
    assertEquals([pread(fd, bytes, 0), pread(fd, bytes, 995), pread(fd, bytes, 2 ** 40)], [
      10,
      5,
      0,
    ]);
    assertEquals(pread(fd, new Uint8Array(0), 0), 0);
  });
});

Deno.test("reads go on where the kernel hands out less than was asked", () => {
  withFile((_fd, _path, memory) => {
    const fd = openFile("/proc/kallsyms", O_RDONLY);
    const bytes = new Uint8Array(SIZE);
    assert(tryPread(fd, memory.address, SIZE, 0) < SIZE);
    assertEquals([tryPreadAll(fd, memory.address, SIZE, 0), pread(fd, bytes, 0)], [SIZE, SIZE]);
    closeFd(fd);
    const expected = Deno.readFileSync("/proc/kallsyms").subarray(0, SIZE);
    assertEquals([indexOfDifference(memory.bytes, expected), indexOfDifference(bytes, expected)], [
      -1,
      -1,
    ]);
  });
});

Deno.test("offsets beyond 4 GiB arrive whole", () => {
  withFile((fd, _path, memory) => {
    const offset = 2 ** 40 + 12345;
    memory.bytes.set([1, 2, 3]);
    assertEquals(tryPwriteAll(fd, memory.address, 3, offset), 0);
    assertEquals(seekEnd(fd), offset + 3);
    assertEquals(tryPread(fd, memory.address + 3, 10, offset), 3);
    assertEquals(memory.bytes.subarray(0, 7), Uint8Array.of(1, 2, 3, 1, 2, 3, 0));
  });
});

Deno.test("hot calls return the error number, others throw it with its details", () => {
  withFile((fd, path, memory) => {
    const readOnly = openFile(path, O_RDONLY);
    assertEquals(tryPread(-1, memory.address, 1, 0), -EBADF);
    assertEquals(tryPreadAll(fd, memory.address, 1, -1), -EINVAL);
    assertEquals(tryPwriteAll(readOnly, memory.address, 1, 0), -EBADF);
    assertEquals(tryPwriteAll(readOnly, memory.address, 0, 0), 0);
    const error = assertThrows(() => pwrite(readOnly, Uint8Array.of(1, 2), 7), SystemError);
    assertEquals([error.errno, error.syscall, error.fd, error.offset, error.length], [
      EBADF,
      "pwrite",
      readOnly,
      7,
      2,
    ]);
    closeFd(readOnly);
    assertEquals(errnoOf(() => closeFd(readOnly)), EBADF);
    const folder = openFile("/", O_RDONLY | O_DIRECTORY);
    assertEquals(errnoOf(() => pread(folder, new Uint8Array(1), 0)), EISDIR);
    closeFd(folder);
  });
});

Deno.test("openFile says which path could not be opened, and heeds its flags", () => {
  withFile((fd, path) => {
    const error = assertThrows(() => openFile(path + "/none", O_RDONLY), SystemError);
    assertEquals(error.message, `cannot open "${path}/none": Not a directory (ENOTDIR)`);
    assertEquals(errnoOf(() => openFile(path + "2", O_RDONLY)), ENOENT);
    assertEquals(errnoOf(() => openFile("", O_RDONLY)), ENOENT);
    Deno.symlinkSync(path, path + ".link");
    const table: [string, number, string][] = [
      [path, O_RDWR | O_CREAT | O_EXCL, "EEXIST"],
      [path + ".link", O_RDONLY | O_NOFOLLOW, "ELOOP"],
      [path, O_RDONLY | O_DIRECTORY, "ENOTDIR"],
    ];
    for (const [name, flags, code] of table) {
      assertEquals(assertThrows(() => openFile(name, flags), SystemError).code, code);
    }
    pwrite(fd, new Uint8Array(10), 0);
    closeFd(openFile(path, O_WRONLY | O_TRUNC, 0));
    assertEquals(seekEnd(fd), 0);
    closeFd(openFile(path + ".new", O_WRONLY | O_CREAT, 0o600));
    assertEquals(Deno.statSync(path + ".new").mode! & 0o777, 0o600);
  });
});

Deno.test("descriptors are not inherited by programs we start", () => {
  withFile((fd) => {
    const { stdout } = new Deno.Command("ls", { args: ["/proc/self/fd"] }).outputSync();
    assertEquals(new TextDecoder().decode(stdout).split("\n").includes(String(fd)), false);
  });
});

Deno.test("holes are found and punched", () => {
  withFile((fd, path) => {
    truncateFd(fd, 2 ** 20);
    assertEquals(trySeekData(fd, 0), -ENXIO);
    pwrite(fd, new Uint8Array(SIZE).fill(1), 2 ** 19);
    assertEquals([trySeekData(fd, 0), trySeekHole(fd, 0)], [2 ** 19, 0]);
    assertEquals(trySeekHole(fd, 2 ** 19), 2 ** 19 + SIZE);
    assertEquals(trySeekHole(fd, 2 ** 20), -ENXIO);
    punchHole(fd, 2 ** 19, SIZE);
    assertEquals([trySeekData(fd, 0), Deno.statSync(path).size], [-ENXIO, 2 ** 20]);
    assertEquals(Deno.statSync(path).blocks, 0);
  });
});

Deno.test("what cannot seek says so", () => {
  const pair = socketPair();
  assertEquals(errnoOf(() => seekEnd(pair[0])), ESPIPE);
  assertEquals(trySeekData(pair[0], 0), -ESPIPE);
  pair.forEach(closeFd);
});

Deno.test("a lock holds against every other open of the file until it is closed", () => {
  withFile((fd, path) => {
    const other = openFile(path, O_RDONLY);
    assertEquals([tryLock(fd), tryLock(fd), tryLock(other)], [true, true, false]);
    const third = openFile(path, O_RDONLY);
    closeFd(other);
    assertEquals(tryLock(third), false);
    closeFd(third);
    assertEquals(errnoOf(() => tryLock(third)), EBADF);
  });
});

Deno.test("tryRead and tryWrite go on where they were", () => {
  withFile((fd, path, memory) => {
    memory.bytes.set([1, 2, 3, 4]);
    assertEquals([tryWrite(fd, memory.address, 3), tryWrite(fd, memory.address + 3, 1)], [3, 1]);
    const reader = openFile(path, O_RDONLY);
    assertEquals([1, 2, 3].map(() => tryRead(reader, memory.address, 3)), [3, 1, 0]);
    assertEquals(tryWrite(reader, memory.address, 1), -EBADF);
    closeFd(reader);
    assertEquals(tryRead(reader, memory.address, 1), -EBADF);
  });
});
