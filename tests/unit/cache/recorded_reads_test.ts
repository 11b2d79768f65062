import { assertEquals } from "@std/assert";
import { RecordedReads } from "../../../src/cache/recorded_reads.ts";
import { FileMap } from "../../../src/map/file_map.ts";
import { BAD_SECTOR, FINISHED } from "../../../src/map/statuses.ts";
import { closeFd, openFile, pread, truncateFd } from "../../../src/sys/fd.ts";
import { O_CREAT, O_RDWR } from "../../../src/sys/open_flags.ts";
import { assertSameBytes, noise, TestFolder } from "../../harness/test_folder.ts";

const SIZE = 20_000; // no multiple of a sector
const CONTENT = noise(SIZE, 1);

/** Makes reads of a device, keeps them, and shows what image and map have then. */
function keep(
  ranges: [offset: number, length: number][],
  before: (map: FileMap) => void = () => {},
): { runs: [number, number, number][]; image: Uint8Array<ArrayBuffer> } {
  using folder = new TestFolder();
  const image = openFile(folder.file("image"), O_RDWR | O_CREAT);
  try {
    truncateFd(image, SIZE);
    const map = FileMap.create(SIZE, { maxTransitions: 100 });
    before(map);
    const device = (offset: number, length: number) =>
      offset === 666 ? undefined : CONTENT.slice(offset, Math.min(SIZE, offset + length));
    const reads = new RecordedReads(device, SIZE, 2048);
    for (const [offset, length] of ranges) reads.read(offset, length);
    reads.keep(image, map);
    const bytes = new Uint8Array(SIZE);
    pread(image, bytes, 0);
    const runs = Array.from(
      map.ranges(),
      ({ start, end, status }): [number, number, number] => [start, end, status],
    );
    return { runs, image: bytes };
  } finally {
    closeFd(image);
  }
}

Deno.test("what identification has read is kept, in whole sectors", () => {
  const { runs, image } = keep([[0, 5000], [8192, 2048], [9000, 100], [666, 512]]);
  assertEquals(runs, [[0, 4096, 4], [4096, 8192, 0], [8192, 10_240, 4], [10_240, SIZE, 0]]);
  assertSameBytes(image.slice(0, 4096), CONTENT.slice(0, 4096), "the image");
  assertSameBytes(image.slice(8192, 10_240), CONTENT.slice(8192, 10_240), "the image");
  assertSameBytes(image.slice(4096, 8192), new Uint8Array(4096), "the rest");
});

Deno.test("the last sector of the device may be a short one", () => {
  assertEquals(keep([[18_432, 4096]]).runs, [[0, 18_432, 0], [18_432, SIZE, 4]]);
  assertEquals(keep([[18_432, 1000]]).runs, [[0, SIZE, 0]]);
  assertEquals(keep([[SIZE, 512]]).runs, [[0, SIZE, 0]]);
});

Deno.test("what is there already is not written again, and what was bad is there now", () => {
  const before = (map: FileMap) => {
    map.set(0, 4096, FINISHED);
    map.set(4096, 6144, BAD_SECTOR);
  };
  const { runs, image } = keep([[0, 4096], [4096, 2048]], before);
  assertEquals(runs, [[0, 6144, 4], [6144, SIZE, 0]]);
  assertSameBytes(image.slice(0, 4096), new Uint8Array(4096), "left alone");
});
