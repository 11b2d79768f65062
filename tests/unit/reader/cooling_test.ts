import { assertEquals } from "@std/assert";
import { Cooling, LOOK_MS } from "../../../src/reader/cooling.ts";

/** A drive with the given temperatures, one at each look. @returns whether the fill waits after each. */
function waits(limit: number, temperatures: readonly (number | undefined)[]): boolean[] {
  const left = [...temperatures];
  const cooling = new Cooling(limit, () => left.shift());
  return temperatures.map((_, look) => cooling.isTooHot(look * LOOK_MS));
}

Deno.test("a fill waits above the limit, and goes on three degrees below it", () => {
  assertEquals(waits(50, [49, 50, 51, 50, 48, 47, 50, 51]), [
    ...[false, false, true, true, true, false, false, true],
  ]);
});

Deno.test("the drive is asked every ten seconds at most", () => {
  let asked = 0;
  const cooling = new Cooling(50, () => {
    asked++;
    return 60;
  });
  for (let ms = 0; ms < 3 * LOOK_MS; ms += 100) cooling.isTooHot(ms);
  assertEquals(asked, 3);
  assertEquals(cooling.waitMs(2 * LOOK_MS + 4000), LOOK_MS - 4000);
  assertEquals(cooling.heat, { celsius: 60, limitCelsius: 50 });
});

Deno.test("a drive that tells nothing any more is not waited for for ever", () => {
  assertEquals(waits(50, [60, undefined, undefined, undefined, undefined, 60]), [
    ...[true, true, true, false, false, true],
  ]);
  const cool = new Cooling(50, () => 20);
  cool.isTooHot(0);
  assertEquals([cool.heat, cool.waitMs(1)], [undefined, 0]);
});
