// How much trimming and scraping read at once: when the read grows, and what brings it back.
import { assert, assertEquals } from "@std/assert";
import { FileMap } from "../../../src/map/file_map.ts";
import { BAD_SECTOR, FINISHED, NON_SCRAPED, NON_TRIMMED } from "../../../src/map/statuses.ts";
import { GrowingRead } from "../../../src/reader/fill/growing_read.ts";
import { SickModel } from "../../harness/sick_model.ts";
import { SimulatedFill } from "./simulated_fill.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const SECTOR = 512;

/** Good bytes, read as the size allows. */
function read(size: GrowingRead, bytes: number): void {
  for (let left = bytes; left > 0;) {
    const length = Math.min(left, size.limit);
    size.succeeded(length, length);
    left -= length;
  }
}

function proved(): GrowingRead {
  const size = new GrowingRead(SECTOR);
  read(size, 256 * KIB);
  return size;
}

Deno.test("the first growth waits for more good bytes than two failed pieces can have in a row", () => {
  const size = new GrowingRead(SECTOR);
  read(size, 256 * KIB - SECTOR);
  assertEquals(size.limit, SECTOR);
  size.succeeded(SECTOR, SECTOR);
  assertEquals(size.limit, 2 * SECTOR);
});

Deno.test("then the read doubles with every 16 good sectors, up to a cluster", () => {
  const size = proved();
  for (const sectors of [2, 4, 8]) {
    assertEquals(size.limit, sectors * SECTOR);
    read(size, 15 * SECTOR);
    assertEquals(size.limit, sectors * SECTOR);
    read(size, SECTOR);
  }
  read(size, MIB);
  assertEquals(size.limit, 64 * KIB);
  read(size, MIB);
  assertEquals(size.limit, 64 * KIB);
});

Deno.test("a longer read that fails brings it back to one sector until all of its bytes were read", () => {
  const size = proved();
  read(size, MIB);
  size.failed(64 * KIB);
  read(size, 64 * KIB - SECTOR);
  assertEquals(size.limit, SECTOR);
  read(size, 17 * SECTOR);
  assertEquals(size.limit, 2 * SECTOR);
});

Deno.test("a sector that fails alone takes the proof back", () => {
  const size = proved();
  size.failed(SECTOR);
  read(size, 256 * KIB - SECTOR);
  assertEquals(size.limit, SECTOR);
});

Deno.test("a read that is cut short has met a bad sector", () => {
  const size = proved();
  read(size, MIB);
  size.succeeded(2 * SECTOR, 128 * SECTOR);
  assertEquals(size.limit, SECTOR);
});

Deno.test("good bytes of several runs prove nothing", () => {
  const size = new GrowingRead(SECTOR);
  for (let run = 0; run < 10; run++) {
    read(size, 200 * KIB);
    size.leaveRun();
  }
  assertEquals(size.limit, SECTOR);
});

Deno.test("large sectors: never less than one, never more than a cluster or one", () => {
  for (const sectorSize of [2048, 4096, 65_536, 131_072]) {
    const size = new GrowingRead(sectorSize);
    assertEquals(size.limit, sectorSize);
    read(size, 4 * MIB);
    assertEquals(size.limit, Math.max(64 * KIB, sectorSize));
  }
});

Deno.test("megabytes that have failed and are good are read in clusters", () => {
  for (const status of [NON_TRIMMED, NON_SCRAPED]) {
    const map = FileMap.create(16 * MIB, { sectorSize: SECTOR });
    map.set(0, 16 * MIB, status);
    const fill = new SimulatedFill(new SickModel(16 * MIB), { map }).run();
    fill.assertComplete();
    assertEquals(fill.failingReads, 0);
    assert(fill.reads.length < 900, `${fill.reads.length} reads`);
  }
});

Deno.test("isolated good clusters that have failed prove it together in trimming", () => {
  const map = FileMap.create(16 * MIB, { sectorSize: SECTOR });
  map.set(0, 16 * MIB, FINISHED);
  for (let at = 0; at < 16 * MIB; at += 256 * KIB) map.set(at, at + 64 * KIB, NON_TRIMMED);
  const fill = new SimulatedFill(new SickModel(16 * MIB), { map }).run();
  fill.assertComplete();
  assert(fill.reads.length < 700, `${fill.reads.length} reads`);
});

Deno.test("a longer read that fails leaves the statuses, and its sectors are tried alone", () => {
  for (const status of [NON_TRIMMED, NON_SCRAPED]) {
    const model = new SickModel(4 * MIB);
    const bad = [2 * MIB, 2 * MIB + 20 * KIB, 3 * MIB, 3 * MIB + SECTOR];
    for (const offset of bad) model.spoilSector(offset);
    const map = FileMap.create(4 * MIB, { sectorSize: SECTOR });
    map.set(0, 4 * MIB, status);
    for (const buffered of [false, true]) {
      const fill = new SimulatedFill(model, { map: copyOf(map), buffered }).run();
      fill.assertComplete();
      assertEquals(fill.map.total(BAD_SECTOR), bad.length * SECTOR);
      // One for each sector, and a longer one from each side of the bad ones, and from within.
      assert(fill.failingReads <= bad.length + 3, `${fill.failingReads} failing reads`);
    }
  }
});

function copyOf(map: FileMap): FileMap {
  const copy = FileMap.create(map.size, { sectorSize: SECTOR });
  for (const { start, end, status } of map.ranges()) copy.set(start, end, status);
  return copy;
}
