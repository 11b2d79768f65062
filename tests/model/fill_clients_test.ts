// Fill and clients on the same reader: random requests in between change nothing about the end, and each gets
// what there is.
import { assert, assertEquals } from "@std/assert";
import { assertSameBytes } from "../harness/test_folder.ts";
import { NO_LIMITS } from "../unit/reader/simulated_fill.ts";
import { SimulatedDevice } from "../unit/reader/simulated_device.ts";
import { SimulatedRun } from "../unit/reader/simulated_run.ts";
import { chooseSeed, Random } from "./map_random.ts";
import { badSectors } from "./rescue_patterns.ts";

const SEED = chooseSeed();
const ROUNDS = 25;
/** Of a round; many of them wait for a moment to be over. */
const MOST_STEPS = 10_000_000;

Deno.test("random devices and clients: every answer is right, and nothing readable is left", () => {
  const random = new Random(SEED);
  for (let round = 0; round < ROUNDS; round++) {
    const sectors = 1 + random.below(3000);
    const device = new SimulatedDevice(sectors * 512 - random.below(512), 512, round + 1);
    for (const sector of badSectors(random, sectors)) device.bad.add(sector);
    device.buffered = random.once(2);
    using run = new SimulatedRun(device, { fill: NO_LIMITS, readAhead: random.pick([0, 65_536]) });
    playRound(random, device, run);
    const picture = Array.from(
      { length: sectors },
      (_, sector) => device.bad.has(sector) ? "-" : "+",
    );
    assertEquals(run.picture(), picture.join(""), `round ${round}`);
    assertEquals(run.told.filter((line) => line.startsWith("fill")), ["fill ended: complete"]);
  }
});

/** Steps the reader until its fill has ended, with requests at random moments. */
function playRound(random: Random, device: SimulatedDevice, run: SimulatedRun): void {
  const asked = new Map<number, [offset: number, length: number]>();
  let id = 0;
  const check = () => {
    for (const { id, bytes, unreadable } of run.ended()) {
      const [offset, length] = asked.get(id)!;
      asked.delete(id);
      // Good ones are unreadable for now only where a rescue of what was asked was given up.
      const bad = hasBad(device, offset, offset + length);
      assert(bad || unreadable.length === 0, `[${offset}, ${offset + length}) can be read`);
      const expected = device.content.slice(offset, offset + length);
      for (const [start, end] of unreadable) {
        expected.fill(0xee, start - offset, end - offset);
      }
      assertSameBytes(bytes, expected, `the answer at ${offset}`);
    }
  };
  const isOver = () => run.told.some((line) => line.startsWith("fill ended")) && asked.size === 0;
  for (let steps = 0; !isOver(); steps++) {
    if (random.once(8) && asked.size < 8) {
      const offset = random.below(device.size);
      const length = 1 +
        random.below(Math.min(random.pick([2_000, 100_000]), device.size - offset));
      while (asked.has(id)) id = (id + 1) % 64;
      if (run.ask(id, offset, length)) asked.set(id, [offset, length]);
    }
    run.reader.step();
    check();
    assert(steps < MOST_STEPS, "it does not come to an end");
  }
}

function hasBad(device: SimulatedDevice, start: number, end: number): boolean {
  for (let sector = Math.floor(start / 512); sector * 512 < end; sector++) {
    if (device.bad.has(sector)) return true;
  }
  return false;
}
