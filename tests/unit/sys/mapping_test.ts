import { assertEquals, assertThrows } from "@std/assert";
import { AssertionError } from "../../../src/base/assert.ts";
import { EBADF, EINVAL } from "../../../src/sys/errno.ts";
import { closeFd, openFile, pwrite } from "../../../src/sys/fd.ts";
import { FileMapping } from "../../../src/sys/mapping.ts";
import { O_CREAT, O_RDWR } from "../../../src/sys/open_flags.ts";
import { SystemError } from "../../../src/sys/system_error.ts";

Deno.test("a mapping shows the file as it is, until it is released", () => {
  const path = Deno.makeTempFileSync();
  const fd = openFile(path, O_RDWR | O_CREAT);
  pwrite(fd, Uint8Array.of(1, 2, 3, 4, 5), 0);
  const mapping = new FileMapping(fd, 5);
  assertEquals(mapping.bytes, Uint8Array.of(1, 2, 3, 4, 5));
  pwrite(fd, Uint8Array.of(9), 2);
  closeFd(fd);
  assertEquals([mapping.size, mapping.bytes[2]], [5, 9]);
  mapping.release();
  assertEquals(mapping.bytes.length, 0);
  assertThrows(() => mapping.release(), AssertionError);
  Deno.removeSync(path);
});

Deno.test("what cannot be mapped says so", () => {
  assertEquals(assertThrows(() => new FileMapping(99999, 1), SystemError).errno, EBADF);
  const fd = openFile("/proc/self/exe", 0);
  assertEquals(assertThrows(() => new FileMapping(fd, 0), SystemError).errno, EINVAL);
  closeFd(fd);
});
