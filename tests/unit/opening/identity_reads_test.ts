import { assertEquals } from "@std/assert";
import { IdentityReads, MAX_REREADS } from "../../../src/opening/identity_reads.ts";
import { FileMap } from "../../../src/map/file_map.ts";
import { BAD_SECTOR, FINISHED, NON_SCRAPED, NON_TRIMMED } from "../../../src/map/statuses.ts";
import { EIO, ENOMEM, ENXIO } from "../../../src/sys/errno.ts";
import { closeFd, openFile, pread, pwrite, truncateFd } from "../../../src/sys/fd.ts";
import { O_CREAT, O_RDWR } from "../../../src/sys/open_flags.ts";
import { assertSameBytes, noise, TestFolder } from "../../harness/test_folder.ts";

const SIZE = 20_000; // no multiple of a sector
const SECTOR = 2048;
const CONTENT = noise(SIZE, 1);

/** A device whose sectors in `bad` fail with `errno`; it writes down what is read. */
function deviceOf(bad: readonly number[] = [], errno = EIO, isProof = true) {
  const log: [number, number][] = [];
  const read = (offset: number, length: number) => {
    log.push([offset, length]);
    const fails = bad.some((sector) =>
      sector * SECTOR < offset + length && offset < (sector + 1) * SECTOR
    );
    return fails ? -errno : CONTENT.slice(offset, Math.min(SIZE, offset + length));
  };
  return { log, reads: new IdentityReads(read, SIZE, SECTOR, isProof) };
}

/** Lets `use` make reads, keeps them, and shows what image and map have then. */
function keep(
  use: (reads: IdentityReads) => void,
  { bad = [], errno = EIO, isProof = true, before = () => {} }: {
    bad?: number[];
    errno?: number;
    isProof?: boolean;
    before?: (map: FileMap, image: number) => void;
  } = {},
): { runs: [number, number, number][]; image: Uint8Array<ArrayBuffer>; reads: IdentityReads } {
  using folder = new TestFolder();
  const image = openFile(folder.file("image"), O_RDWR | O_CREAT);
  try {
    truncateFd(image, SIZE);
    const map = FileMap.create(SIZE, { maxTransitions: 100 });
    before(map, image);
    const { reads } = deviceOf(bad, errno, isProof);
    use(reads);
    reads.keep(image, map);
    const bytes = new Uint8Array(SIZE);
    pread(image, bytes, 0);
    const runs = Array.from(
      map.ranges(),
      ({ start, end, status }): [number, number, number] => [start, end, status],
    );
    return { runs, image: bytes, reads };
  } finally {
    closeFd(image);
  }
}

/** The last sector, a short one, which can be read. */
const LAST: [number, number] = [18_432, 2048];

/** As `readAll`, and reads `LAST` again then: as many of those may fail as before. */
const readAndProve = (ranges: [number, number][]) => (reads: IdentityReads) => {
  readAll(ranges)(reads);
  reads.reread(...LAST);
};

const readAll = (ranges: [number, number][]) => (reads: IdentityReads) => {
  for (const [offset, length] of ranges) reads.read(offset, length);
};

Deno.test("what identification has read is kept, in whole sectors", () => {
  const { runs, image } = keep(readAll([[0, 5000], [8192, 2048], [9000, 100]]));
  assertEquals(runs, [[0, 4096, 4], [4096, 8192, 0], [8192, 10_240, 4], [10_240, SIZE, 0]]);
  assertSameBytes(image.slice(0, 4096), CONTENT.slice(0, 4096), "the image");
  assertSameBytes(image.slice(8192, 10_240), CONTENT.slice(8192, 10_240), "the image");
  assertSameBytes(image.slice(4096, 8192), new Uint8Array(4096), "the rest");
});

Deno.test("the last sector of the device may be a short one", () => {
  assertEquals(keep(readAll([[18_432, 4096]])).runs, [[0, 18_432, 0], [18_432, SIZE, 4]]);
  assertEquals(keep(readAll([[18_432, 1000]])).runs, [[0, SIZE, 0]]);
  assertEquals(keep(readAll([[SIZE, 512]])).runs, [[0, SIZE, 0]]);
});

Deno.test("what the image has stays as it is, and what was bad is there now", () => {
  const old = new Uint8Array(2048).fill(7);
  const { runs, image } = keep(readAll([[0, 6144]]), {
    before(map, fd) {
      pwrite(fd, old, 2048);
      map.set(2048, 4096, FINISHED);
      map.set(4096, 6144, BAD_SECTOR);
    },
  });
  assertEquals(runs, [[0, 6144, 4], [6144, SIZE, 0]]);
  assertSameBytes(image.slice(0, 2048), CONTENT.slice(0, 2048), "what was missing");
  assertSameBytes(image.slice(2048, 4096), old, "what was there");
});

Deno.test("a wide read that fails is `*`, a sector that was tried alone is `-`", () => {
  const wide = keep(readAndProve([[0, 8192]]), { bad: [1] });
  assertEquals(wide.runs.slice(0, 2), [[0, 8192, NON_TRIMMED], [8192, 18_432, 0]]);
  assertEquals(wide.reads.failures, [{ start: 0, end: 8192, errno: EIO, isProved: true }]);
  const alone = keep(readAndProve([[2048, 2048]]), { bad: [1] });
  assertEquals(alone.runs.slice(0, 2), [[0, 2048, 0], [2048, 4096, BAD_SECTOR]]);
});

Deno.test("what has failed last, and what a cache of the system has hidden, is not proved", () => {
  for (const range of [[0, 8192], [2048, 2048]] as [number, number][]) {
    const [offset, length] = range;
    const failure = { start: offset, end: offset + length, errno: EIO, isProved: false };
    const last = keep(readAll([LAST, range]), { bad: [1] });
    assertEquals(last.runs, [[0, 18_432, 0], [18_432, SIZE, 4]]);
    assertEquals(last.reads.failures, [failure]);
    const cached = keep(readAndProve([range]), { bad: [1], isProof: false });
    assertEquals(cached.runs, [[0, 18_432, 0], [18_432, SIZE, 4]]);
    assertEquals(cached.reads.failures, [failure]);
  }
});

Deno.test("a failed read takes nothing away from what is known", () => {
  const { runs } = keep(readAndProve([[0, 10_240]]), {
    bad: [0],
    before(map) {
      map.set(2048, 4096, FINISHED);
      map.set(4096, 6144, NON_SCRAPED);
    },
  });
  assertEquals(runs.slice(0, 4), [
    [0, 2048, NON_TRIMMED],
    [2048, 4096, FINISHED],
    [4096, 6144, NON_SCRAPED],
    [6144, 10_240, NON_TRIMMED],
  ]);
});

Deno.test("a device that has gone, and a system without memory, say nothing of sectors", () => {
  for (const errno of [ENXIO, ENOMEM]) {
    assertEquals(keep(readAll([[0, 8192]]), { bad: [0], errno }).runs, [[0, SIZE, 0]]);
  }
});

Deno.test("nothing is read twice, and nothing that has failed", () => {
  const { log, reads } = deviceOf([0]);
  reads.read(4096, 8192);
  assertEquals(reads.read(5000, 100), CONTENT.slice(5000, 5100));
  assertEquals(reads.reread(4096, 4096), CONTENT.slice(4096, 8192));
  reads.read(0, 2048);
  assertEquals(reads.read(100, 100), undefined);
  assertEquals(reads.reread(0, 4096), undefined);
  assertEquals(log, [[4096, 8192], [0, 2048]]);
});

Deno.test("what the map calls bad is not read, nor the sector around it", () => {
  const { log, reads } = deviceOf();
  reads.map = FileMap.create(SIZE, { maxTransitions: 100 });
  reads.map.set(512, 1024, BAD_SECTOR); // of smaller sectors, behind another bridge
  reads.map.set(4096, 6144, NON_SCRAPED);
  reads.map.set(8192, 10_240, NON_TRIMMED);
  for (const [offset, length] of [[0, SIZE], [0, 512], [1024, 512], [4096, 512], [6144, 4096]]) {
    assertEquals([reads.read(offset!, length!), reads.reread(offset!, length!)], [
      undefined,
      undefined,
    ]);
  }
  assertEquals(log, []);
  assertEquals(reads.read(2048, 2048)?.length, 2048);
});

Deno.test("a sick disk is asked again for 8 stretches, or until one fails", () => {
  const healthy = deviceOf();
  for (let index = 0; index < 20; index++) healthy.reads.reread(index * 512, 512);
  assertEquals(healthy.log.length, MAX_REREADS);
  assertEquals(MAX_REREADS, 8);
  // What was read once may be compared as often as needed.
  assertEquals([healthy.reads.mayReread(0, 512), healthy.reads.mayReread(8 * 512, 512)], [
    true,
    false,
  ]);
  assertEquals(healthy.reads.reread(0, 512), CONTENT.slice(0, 512));
  const sick = deviceOf([1]);
  for (let index = 0; index < 20; index++) sick.reads.reread(index * 512, 512);
  assertEquals(sick.log.map(([offset]) => offset), [0, 512, 1024, 1536, 2048]);
});

Deno.test("of what was never tried one read may fail", () => {
  const { log, reads } = deviceOf([0, 4]);
  assertEquals(reads.read(0, 4096), undefined);
  assertEquals(reads.read(4096, 2048), undefined);
  assertEquals(log, [[0, 4096]]);
});

Deno.test("an overlay's witnesses lie here and there, and are not read when the image has them", () => {
  const size = 6 * 65_536;
  const log: number[] = [];
  const reads = new IdentityReads(
    (offset, length) => (log.push(offset), new Uint8Array(length)),
    size,
    512,
  );
  const map = FileMap.create(size, { maxTransitions: 100 });
  map.set(2 * 65_536, 3 * 65_536, FINISHED);
  reads.readWitnesses(map);
  assertEquals(log, [1, 3, 4, 5].map((piece) => piece * 65_536));
});
