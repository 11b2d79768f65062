// Runs that wrote to the device and ended in the middle, or came to a clean end.
import { assert, assertEquals } from "@std/assert";
import { FileMap } from "../../../src/map/file_map.ts";
import { BAD_SECTOR, FINISHED, NON_TRIED } from "../../../src/map/statuses.ts";
import { forgetUnfinished } from "../../../src/opening/forget_unfinished.ts";
import { intentsPathOf, REGION_BYTES, WriteIntents } from "../../../src/reader/write_intents.ts";
import { TestFolder } from "../../harness/test_folder.ts";

const SIZE = 4 * REGION_BYTES;

function finishedMap(): FileMap {
  const map = FileMap.create(SIZE);
  map.set(0, SIZE, FINISHED);
  map.set(REGION_BYTES, REGION_BYTES + 512, BAD_SECTOR);
  map.phase = "+";
  return map;
}

Deno.test("regions that were being written to count as not tried, and nothing else does", () => {
  using folder = new TestFolder();
  const image = folder.file("image");
  const intents = new WriteIntents(intentsPathOf(image), SIZE, 0o600);
  assertEquals(intents.begin(REGION_BYTES + 5, REGION_BYTES + 6, 0), 0);
  intents.close();
  const map = finishedMap();
  const said: string[] = [];
  assertEquals(forgetUnfinished(map, image, (message) => void said.push(message)), true);
  assertEquals([...map.ranges()].map(({ start, end, status }) => [start, end, status]), [
    [0, REGION_BYTES, FINISHED],
    [REGION_BYTES, REGION_BYTES + 512, BAD_SECTOR],
    [REGION_BYTES + 512, 2 * REGION_BYTES, NON_TRIED],
    [2 * REGION_BYTES, SIZE, FINISHED],
  ]);
  assertEquals([map.phase, map.pass, map.position], ["?", 1, 0]);
  assertEquals(said.length, 1);
});

Deno.test("without a record nothing is forgotten; with one of which all is done, only the start of the device", () => {
  using folder = new TestFolder();
  const image = folder.file("image");
  const map = finishedMap();
  const silent = (message: string) => assert(false, message);
  assertEquals(forgetUnfinished(map, image, silent), false);
  const intents = new WriteIntents(intentsPathOf(image), SIZE, 0o600);
  intents.begin(0, 1, 0);
  intents.synced(0);
  intents.close();
  assertEquals(forgetUnfinished(map, image, silent), true);
  assertEquals(map.total(FINISHED), SIZE - 512);
  assertEquals(map.phase, "+");
});
