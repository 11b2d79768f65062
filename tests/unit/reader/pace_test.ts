import { assertEquals } from "@std/assert";
import { MAX_READ, Pace, SICK_READ } from "../../../src/reader/pace.ts";

const MIB = 2 ** 20;

Deno.test("a device is taken for healthy until a read fails or takes a second", () => {
  const pace = new Pace();
  assertEquals([pace.limit, pace.isSick], [MAX_READ, false]);
  pace.good(MIB, 900);
  assertEquals(pace.limit, MAX_READ);
  pace.good(MIB, 1100);
  assertEquals([pace.limit, pace.isSick], [SICK_READ, true]);
  const other = new Pace();
  other.bad();
  assertEquals([other.limit, other.isSick], [SICK_READ, true]);
});

Deno.test("each MiB of good reads doubles what is read at once, up to the most", () => {
  const pace = new Pace();
  pace.bad();
  const limits: number[] = [];
  for (let read = 0; read < 6 * 16; read++) {
    pace.good(MIB / 16, 1);
    if (read % 16 === 15) limits.push(pace.limit / 1024);
  }
  assertEquals(limits, [128, 256, 512, 1024, 1024, 1024]);
});

Deno.test("a failure in between begins the count anew", () => {
  const pace = new Pace();
  pace.bad();
  pace.good(MIB - 512, 1);
  pace.bad();
  pace.good(MIB - 512, 1);
  assertEquals(pace.limit, SICK_READ);
  pace.good(512, 1);
  assertEquals(pace.limit, 2 * SICK_READ);
});
