import { assertEquals } from "@std/assert";
import {
  BAD_SECTOR,
  FINISHED,
  isPhase,
  maskOf,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
  STATUS_COUNT,
  statusChar,
  statusOf,
} from "../../../src/map/statuses.ts";

Deno.test("statuses have ddrescue's characters", () => {
  const statuses = [NON_TRIED, NON_TRIMMED, NON_SCRAPED, BAD_SECTOR, FINISHED];
  assertEquals(statuses.map(statusChar).join(""), "?*/-+");
  assertEquals(statuses.map((status) => statusOf(statusChar(status))), statuses);
  assertEquals(statuses.length, STATUS_COUNT);
});

Deno.test("what is no block status has no status number", () => {
  for (const text of ["%", "F", "G", "#", " ", "", "++", "?*"]) {
    assertEquals(statusOf(text), -1, text);
  }
});

Deno.test("each status has a bit of its own in a mask", () => {
  assertEquals([NON_TRIED, BAD_SECTOR, FINISHED].map(maskOf), [1, 8, 16]);
});

Deno.test("phases are the statuses of ddrescue's status line, sweeping included", () => {
  assertEquals([..."?*%/-FG+"].every(isPhase), true);
  for (const text of ["#", "f", " ", "", "?*", "??"]) assertEquals(isPhase(text), false, text);
});
