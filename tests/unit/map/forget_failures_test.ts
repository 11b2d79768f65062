import { assertEquals } from "@std/assert";
import { FileMap, forgetFailures } from "../../../src/map/file_map.ts";
import { FINISHED, NON_TRIED, STATUS_COUNT } from "../../../src/map/statuses.ts";

Deno.test("what could not be read has not been tried; what was read stays", () => {
  const map = FileMap.create(1000);
  for (let at = 0; at < 1000; at += 10) map.set(at, at + 10, (at / 10) % STATUS_COUNT);
  map.phase = "-";
  map.pass = 3;
  map.position = 500;
  const finished = map.total(FINISHED);
  forgetFailures(map);
  assertEquals([map.total(FINISHED), map.total(NON_TRIED)], [finished, 1000 - finished]);
  assertEquals([map.phase, map.pass, map.position], ["?", 1, 0]);
});

Deno.test("a map that is complete stays so", () => {
  const map = FileMap.create(10);
  map.set(0, 10, FINISHED);
  map.phase = "+";
  forgetFailures(map);
  assertEquals([map.phase, map.total(FINISHED)], ["+", 10]);
});
