import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { MOST_BYTES, openSource } from "../../../src/opening/source.ts";
import { closeFd, openFile, truncateFd } from "../../../src/sys/fd.ts";
import { O_CREAT, O_EXCL, O_RDWR } from "../../../src/sys/open_flags.ts";

// A file system in memory has no smaller limit for files. Deno's own calls refuse all of /dev.
const FILE = `/dev/shm/blkcache-source-test-${Deno.pid}`;

Deno.test("a source of 8 PiB is refused with a sentence, one byte less is served", () => {
  const fd = openFile(FILE, O_RDWR | O_CREAT | O_EXCL, 0o600);
  try {
    const request = { devicePath: FILE, direct: undefined, blockSize: undefined };
    truncateFd(fd, MOST_BYTES);
    using source = openSource(request).file;
    assertEquals(source.size, MOST_BYTES);
    for (const size of [2 ** 53, 2 ** 62]) {
      truncateFd(fd, size);
      const { message } = assertThrows(() => openSource(request), UserError);
      assert(message.includes("less than 8 PiB is possible"), message);
    }
  } finally {
    closeFd(fd);
    new Deno.Command("rm", { args: [FILE] }).outputSync();
  }
});
