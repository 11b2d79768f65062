// A map without the data that an image has lost at its end.

import { assertEquals } from "@std/assert";
import { FileMap } from "../../../src/map/file_map.ts";
import { withoutDataBehind } from "../../../src/map/map_snapshot.ts";
import { BAD_SECTOR, FINISHED, NON_TRIED } from "../../../src/map/statuses.ts";

function snapshot() {
  const map = FileMap.create(5000);
  map.set(0, 2000, FINISHED);
  map.set(2000, 2512, BAD_SECTOR);
  map.set(3000, 5000, FINISHED);
  return map.snapshot();
}

Deno.test("an image as long as the device has all of its data", () => {
  assertEquals(withoutDataBehind(snapshot(), 5000), snapshot());
});

Deno.test("what lies behind the end of a shorter image is to be read again; what is bad stays bad", () => {
  const { positions, statuses } = withoutDataBehind(snapshot(), 1000);
  assertEquals([...positions], [0, 1000, 2000, 2512, 3000]);
  assertEquals([...statuses], [FINISHED, NON_TRIED, BAD_SECTOR, NON_TRIED, NON_TRIED]);
});

Deno.test("an image that has gone has nothing", () => {
  const { statuses } = withoutDataBehind(snapshot(), 0);
  assertEquals([...statuses].includes(FINISHED), false);
});
