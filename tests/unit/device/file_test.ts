import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { File } from "../../../src/device/file.ts";
import { EBADF, EINVAL, EISDIR, ENOENT } from "../../../src/sys/errno.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import { inFolder, makeFile, pattern } from "../../harness/temporary_folder.ts";

Deno.test("check takes regular files and links to them, and nothing else", async () => {
  await inFolder((folder) => {
    const path = makeFile(folder, "a.img", 10);
    Deno.symlinkSync(path, `${folder}/link`);
    Deno.symlinkSync(`${folder}/nowhere`, `${folder}/broken`);
    assertEquals(File.check(path), true);
    assertEquals(File.check(`${folder}/link`), true);
    const others = [folder, "/dev/null", `${folder}/broken`, `${folder}/no`, `${path}/below`];
    for (const other of others) assertEquals(File.check(other), false, other);
  });
});

for (const direct of [false, true]) {
  Deno.test(`any range can be read, also over the end (direct: ${direct})`, async () => {
    await inFolder((folder) => {
      const size = 3 * 4096 + 100;
      using file = File.open(makeFile(folder, "a.img", size), { direct });
      const ranges = [[0, 1], [0, size], [511, 2], [4095, 4098], [size - 1, 1], [8192, 4196]];
      for (const [offset, length] of ranges as [number, number][]) {
        const bytes = new Uint8Array(length);
        assertEquals(file.pread(bytes, offset), length, `${offset}+${length}`);
        assertEquals(bytes, pattern(offset, length), `${offset}+${length}`);
      }
      const past = new Uint8Array(5000);
      assertEquals(file.pread(past, size - 10), 10);
      assertEquals(past.subarray(0, 10), pattern(size - 10, 10));
      assertEquals(past.subarray(10), new Uint8Array(4990));
      assertEquals(file.pread(past, size), 0);
      assertEquals(file.pread(past, size + 4096), 0);
      assertEquals(file.pread(new Uint8Array(0), 0), 0);
    });
  });
}

Deno.test("writes land where they belong and are seen by size", async () => {
  await inFolder((folder) => {
    using file = File.open(makeFile(folder, "a.img", 100), { write: true });
    file.pwrite(Uint8Array.of(1, 2, 3), 150);
    assertEquals(file.size, 153);
    const bytes = new Uint8Array(4);
    file.pread(bytes, 149);
    assertEquals(bytes, Uint8Array.of(0, 1, 2, 3));
    file.pwrite(new Uint8Array(0), 1000);
    assertEquals(file.size, 153);
  });
});

Deno.test("a file opened for reading refuses writes, with its name and place", async () => {
  await inFolder((folder) => {
    using file = File.open(makeFile(folder, "a.img", 100));
    const error = assertThrows(() => file.pwrite(Uint8Array.of(1), 7), SystemError);
    assertEquals([error.errno, error.path, error.offset], [EBADF, file.path, 7]);
    assert(error.message.startsWith(`cannot write "${file.path}" at 7 (1 bytes): `), error.message);
  });
});

Deno.test("an O_DIRECT write that is not aligned is refused, an aligned one is done", async () => {
  await inFolder((folder) => {
    using file = File.open(makeFile(folder, "a.img", 8192), { write: true, direct: true });
    file.pwrite(new Uint8Array(4096).fill(9), 4096);
    const bytes = new Uint8Array(2);
    file.pread(bytes, 4095);
    assertEquals(bytes, Uint8Array.of(pattern(4095, 1)[0]!, 9));
    if (!file.direct) return;
    const error = assertThrows(() => file.pwrite(Uint8Array.of(1), 7), SystemError);
    assertEquals(error.errno, EINVAL);
  });
});

Deno.test("where there is no O_DIRECT the file opens without it", () => {
  // procfs refuses O_DIRECT with EINVAL.
  using file = File.open("/proc/self/mountinfo", { direct: true });
  assertEquals(file.direct, false);
  assert(file.pread(new Uint8Array(10), 0) > 0);
});

Deno.test("closing a second time does nothing", async () => {
  await inFolder((folder) => {
    const file = File.open(makeFile(folder, "file", 10));
    file.close();
    file.close();
    const error = assertThrows(() => file.size, SystemError);
    assertEquals(error.errno, EBADF);
  });
});

Deno.test("opening says what is wrong and what to do", async () => {
  await inFolder((folder) => {
    const missing = assertThrows(() => File.open(`${folder}/no`), UserError);
    assert(missing.message.startsWith(`cannot open "${folder}/no": `), missing.message);
    assertEquals((missing.cause as SystemError).errno, ENOENT);
    assertEquals(missing.hints.length, 1);
    const directory = assertThrows(() => File.open(folder, { write: true }), UserError);
    assertEquals((directory.cause as SystemError).errno, EISDIR);
  });
});

Deno.test("a device's name cannot play with the terminal", async () => {
  await inFolder((folder) => {
    const error = assertThrows(() => File.open(`${folder}/\x1b[2J`), UserError);
    assert(!error.message.includes("\x1b"), error.message);
  });
});
