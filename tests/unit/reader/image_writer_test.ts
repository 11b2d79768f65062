import { assert, assertEquals } from "@std/assert";
import { HOLE_BLOCK, ImageWriter } from "../../../src/reader/image_writer.ts";
import { EBADF, ENODATA } from "../../../src/sys/errno.ts";
import { closeFd, openFile, pread, pwrite, seekEnd, truncateFd } from "../../../src/sys/fd.ts";
import { NativeMemory } from "../../../src/sys/memory.ts";
import { O_CREAT, O_RDONLY, O_RDWR } from "../../../src/sys/open_flags.ts";
import { assertSameBytes, noise, TestFolder } from "../../harness/test_folder.ts";
import { Random } from "../../model/map_random.ts";

const SIZE = 8 * HOLE_BLOCK;

function withImage(test: (fd: number, memory: NativeMemory, path: string) => void): void {
  using folder = new TestFolder();
  const path = folder.file("image");
  const fd = openFile(path, O_RDWR | O_CREAT);
  const memory = NativeMemory.allocate(SIZE);
  try {
    truncateFd(fd, SIZE);
    test(fd, memory, path);
  } finally {
    memory.release();
    closeFd(fd);
  }
}

function contentOf(fd: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SIZE);
  return bytes.subarray(0, pread(fd, bytes, 0));
}

/** Bytes of disk space; delayed allocation counts. */
function spaceOf(path: string): number {
  return Deno.statSync(path).blocks! * 512;
}

Deno.test("what is written is there, zeros or not, whatever was there before", () => {
  for (const fresh of [true, false]) {
    withImage((fd, memory) => {
      const expected = new Uint8Array(SIZE);
      if (!fresh) {
        expected.set(noise(SIZE, 9));
        pwrite(fd, expected, 0);
      }
      const writer = new ImageWriter(fd, fresh);
      const random = new Random(3);
      const written = new Uint8Array(SIZE / 512);
      for (let count = 0; count < 300; count++) {
        const first = random.below(SIZE / 512);
        const sectors = Math.min(SIZE / 512 - first, 1 + random.below(random.pick([2, 300])));
        // A run of a map is written once: fresh bytes are holes only until then.
        if (written.subarray(first, first + sectors).includes(1)) continue;
        written.fill(1, first, first + sectors);
        const bytes = random.once(2) ? new Uint8Array(sectors * 512) : noise(sectors * 512, count);
        if (random.once(2)) bytes.fill(0, random.below(bytes.length), random.below(bytes.length));
        memory.bytes.set(bytes);
        assertEquals(writer.write(memory.address, first * 512, bytes.length), 0);
        expected.set(bytes, first * 512);
      }
      assertSameBytes(contentOf(fd), expected, "the image");
    });
  }
});

Deno.test("blocks of zeros take no space", () => {
  withImage((fd, memory, path) => {
    const bytes = new Uint8Array(SIZE);
    bytes[HOLE_BLOCK + 5] = 1;
    bytes[SIZE - 1] = 1;
    memory.bytes.set(bytes);
    assertEquals(new ImageWriter(fd, true).write(memory.address, 0, SIZE), 0);
    assertSameBytes(contentOf(fd), bytes, "the image");
    assert(spaceOf(path) <= 2 * HOLE_BLOCK, `${spaceOf(path)} bytes`);
  });
  withImage((fd, memory, path) => {
    pwrite(fd, noise(SIZE, 1), 0);
    assertEquals(new ImageWriter(fd, false).write(memory.address, 0, SIZE), 0);
    assertSameBytes(contentOf(fd), new Uint8Array(SIZE), "the image");
    assertEquals(spaceOf(path), 0);
  });
});

Deno.test("a failed write says why, and from then on nothing is taken for a hole", () => {
  withImage((fd, memory, path) => {
    const readOnly = openFile(path, O_RDONLY);
    memory.bytes.fill(7);
    const writer = new ImageWriter(readOnly, true);
    assertEquals(writer.write(memory.address, 0, SIZE), -EBADF);
    // Zeros need no write in a fresh image; after a failure they are no sign of recovery.
    memory.bytes.fill(0);
    assertEquals(writer.write(memory.address, 0, SIZE), -EBADF);
    closeFd(readOnly);
    assertEquals(contentOf(fd).length, SIZE);
  });
});

Deno.test("an image that was cut short grows where it ends, and is not written behind that", () => {
  withImage((fd, memory) => {
    const writer = new ImageWriter(fd, true);
    truncateFd(fd, HOLE_BLOCK);
    memory.bytes.fill(7);
    assertEquals(writer.write(memory.address, HOLE_BLOCK + 512, 512), -ENODATA);
    assertEquals(seekEnd(fd), HOLE_BLOCK);
    assertEquals(writer.write(memory.address, HOLE_BLOCK - 512, 1024), 0);
    memory.bytes.fill(0);
    assertEquals(writer.write(memory.address, HOLE_BLOCK + 512, HOLE_BLOCK), 0);
    assertEquals(seekEnd(fd), 2 * HOLE_BLOCK + 512);
  });
});
