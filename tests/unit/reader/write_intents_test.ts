import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import {
  REGION_BYTES,
  unfinishedRegions,
  WriteIntents,
} from "../../../src/reader/write_intents.ts";
import { CrashDisk, putBack } from "../../harness/crash_disk.ts";
import { TestFolder } from "../../harness/test_folder.ts";

const SIZE = 3 * REGION_BYTES + 5;

Deno.test("regions are recorded before they are written to, and no longer when they have been synced", () => {
  using folder = new TestFolder();
  const path = folder.file("record");
  const intents = new WriteIntents(path, SIZE, 0o600);
  assertEquals(unfinishedRegions(path, SIZE), undefined);
  assertEquals(intents.begin(REGION_BYTES - 1, REGION_BYTES + 1, 10), 0);
  assertEquals(unfinishedRegions(path, SIZE), [{ start: 0, end: 2 * REGION_BYTES }]);
  assertEquals(intents.begin(SIZE - 1, SIZE, 20), 0);
  assertEquals(unfinishedRegions(path, SIZE)?.at(-1), { start: 3 * REGION_BYTES, end: SIZE });
  intents.synced(15);
  assertEquals(unfinishedRegions(path, SIZE), [{ start: 3 * REGION_BYTES, end: SIZE }]);
  intents.suspect(SIZE - 5, SIZE);
  intents.synced(30);
  assertEquals(intents.recorded(), [{ start: 3 * REGION_BYTES, end: SIZE }]);
  intents.close();
  assertEquals(unfinishedRegions(path, SIZE)?.length, 1);
});

Deno.test("a region that is written to again is recorded again", () => {
  using folder = new TestFolder();
  const path = folder.file("record");
  const intents = new WriteIntents(path, SIZE, 0o600);
  intents.begin(0, 1, 0);
  intents.synced(0);
  assertEquals(unfinishedRegions(path, SIZE), []);
  intents.begin(0, 1, 1);
  assertEquals(unfinishedRegions(path, SIZE), [{ start: 0, end: REGION_BYTES }]);
  intents.close();
});

Deno.test("where no record can be kept, that is said before anything is written", () => {
  const intents = new WriteIntents("/nowhere/record", SIZE, 0o600);
  assertEquals(intents.begin(0, 1, 0), -2);
  assertEquals(intents.recorded(), []);
});

Deno.test("a record that is torn, or of another device, is refused", () => {
  using folder = new TestFolder();
  const path = folder.file("record");
  const intents = new WriteIntents(path, SIZE, 0o600);
  intents.begin(0, 1, 0);
  intents.close();
  assertThrows(() => unfinishedRegions(path, SIZE + 1), UserError, "cannot understand");
  Deno.truncateSync(path, 100);
  assertThrows(() => unfinishedRegions(path, SIZE), UserError, "cannot understand");
});

Deno.test("a power cut at any moment leaves each region recorded that may have been written to", () => {
  using folder = new TestFolder();
  using after = new TestFolder();
  const disk = new CrashDisk(folder.path);
  const intents = new WriteIntents(folder.file("record"), SIZE, 0o600, disk.call);
  const begin = (offset: number, nowMs: number) => {
    assertEquals(intents.begin(offset, offset + 1, nowMs), 0);
    disk.say(`written to ${offset}`);
  };
  begin(0, 0);
  begin(2 * REGION_BYTES, 10);
  // Device and image have it: that the record says so need not reach the disk.
  disk.say("done 0");
  intents.synced(5);
  begin(0, 20);
  intents.close();
  for (const crash of disk.crashes()) {
    putBack(crash, after.path);
    const regions = unfinishedRegions(after.file("record"), SIZE) ?? [];
    for (const offset of [0, 2 * REGION_BYTES]) {
      const isOpen = crash.said.findLast((said) => said.endsWith(` ${offset}`))?.startsWith("w");
      const isRecorded = regions.some(({ start, end }) => start <= offset && offset < end);
      assert(isRecorded || !isOpen, `${offset} is not recorded after ${crash.after}`);
    }
  }
});
