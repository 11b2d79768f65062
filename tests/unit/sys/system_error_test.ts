import { assertEquals, assertThrows } from "@std/assert";
import { EIO, ENOENT, errnoMessage, errnoName } from "../../../src/sys/errno.ts";
import { type CallDetails, SystemError, unwrap } from "../../../src/sys/system_error.ts";

Deno.test("a SystemError says what could not be done to what, and why", () => {
  const table: [string, CallDetails, string][] = [
    ["open", { path: "/dev/sr0" }, 'cannot open "/dev/sr0"'],
    ["pread", { path: "/x", offset: 512, length: 64 }, 'cannot read "/x" at 512 (64 bytes)'],
    ["pwrite", { fd: 5, offset: 0, length: 1 }, "cannot write file descriptor 5 at 0 (1 bytes)"],
    ["fdatasync", { fd: 5 }, "cannot sync file descriptor 5"],
    ["bind", { path: "/run/s" }, 'cannot listen on "/run/s"'],
    ["ioctl(BLKSSZGET)", { fd: 5 }, "cannot call ioctl(BLKSSZGET) on file descriptor 5"],
    ["eventfd", {}, "cannot call eventfd"],
    ["open", { path: "/\x1b[31mred\n" }, 'cannot open "/[31mred"'],
    ["open", { path: "/x", fd: 5 }, 'cannot open "/x"'],
  ];
  for (const [syscall, details, text] of table) {
    assertEquals(
      new SystemError(EIO, syscall, details).message,
      `${text}: Input/output error (EIO)`,
    );
  }
});

Deno.test("a SystemError keeps its parts for the program", () => {
  const cause = new Error("before");
  const error = new SystemError(ENOENT, "open", { path: "/x", cause });
  assertEquals([error.name, error.errno, error.code, error.syscall, error.path, error.cause], [
    "SystemError",
    ENOENT,
    "ENOENT",
    "open",
    "/x",
    cause,
  ]);
  assertEquals([error.fd, error.offset, error.length], [undefined, undefined, undefined]);
});

Deno.test("unwrap returns what is not negative and throws the rest", () => {
  assertEquals([unwrap(0, "open"), unwrap(2 ** 40, "lseek")], [0, 2 ** 40]);
  const error = assertThrows(() => unwrap(-EIO, "lseek", { fd: 3 }), SystemError);
  assertEquals([error.errno, error.fd], [EIO, 3]);
});

Deno.test("error numbers that Linux does not have keep their number", () => {
  assertEquals([errnoName(5), errnoMessage(5)], ["EIO", "Input/output error"]);
  for (const number of [0, 41, 58, 4711, -1]) assertEquals(errnoName(number), `errno ${number}`);
});
