// Fill on sick devices that do not answer for a while, or for ever: no sector is called bad that is not, and what
// that costs.
import { assert, assertEquals } from "@std/assert";
import { alignDown, alignUp } from "../../src/base/ranges.ts";
import { BAD_SECTOR, FINISHED, maskOf, NON_TRIED } from "../../src/map/statuses.ts";
import { OUTAGE_KINDS, Outages } from "../harness/outages.ts";
import { SickModel, SICKNESSES } from "../harness/sick_model.ts";
import { SimulatedFill } from "../unit/reader/simulated_fill.ts";
import { chooseSeed, Random } from "./map_random.ts";

const MIB = 1_048_576;
const SEED = chooseSeed();

/** Bytes that the map calls bad and that are not. */
function wronglyBad(fill: SimulatedFill): number {
  let bytes = 0;
  for (const { start, end, status } of fill.model.truth.ranges()) {
    if (status === BAD_SECTOR) continue;
    for (const run of fill.map.ranges(start, end)) {
      if (run.status === BAD_SECTOR) bytes += run.end - run.start;
    }
  }
  return bytes;
}

for (const kind of OUTAGE_KINDS.filter((kind) => kind !== "for ever")) {
  Deno.test(`outages, ${kind}: all that can be read is read, no other sector is called bad, and few reads are in vain`, () => {
    for (const [index, sickness] of SICKNESSES.entries()) {
      for (let round = 0; round < 5; round++) {
        const seed = SEED + 100 * round + index;
        const model = SickModel.make(sickness, 64 * MIB, seed);
        const alone = new SimulatedFill(model).run();
        const outages = new Outages(kind, seed, alone.nowMs, model.timing.failureMs);
        const fill = new SimulatedFill(model, { outages }).run();
        const context = `${sickness}, seed ${seed}`;
        fill.assertComplete();
        assertEquals(wronglyBad(fill), 0, context);
        // Found out by 3 failures and the 2 of a check, mostly; each attempt is 2 more.
        const perOutage = outages.readsInVain / Math.max(1, fill.silences.length);
        assert(perOutage <= 45, `${context}: ${perOutage} reads in vain for each`);
      }
    }
  });
}

Deno.test("a device that answers nothing any more leaves the map as it was", () => {
  for (const [index, sickness] of SICKNESSES.entries()) {
    for (let round = 0; round < 10; round++) {
      const seed = SEED + 100 * round + index;
      const model = SickModel.make(sickness, 64 * MIB, seed);
      const spanMs = new SimulatedFill(model).run().nowMs;
      const outages = new Outages("for ever", seed, spanMs, model.timing.failureMs);
      const fill = new SimulatedFill(model, { outages });
      fill.run(() => fill.silences.length > 0 && fill.nowMs > fill.silences[0]! + 600_000);
      const context = `${sickness}, seed ${seed}`;
      assertEquals([wronglyBad(fill), fill.unproved.isInDoubt], [0, false], context);
      assertEquals(fill.silences.length, 1, context);
      // What failed as a whole has a bad sector in it.
      for (const run of fill.map.ranges()) {
        if (run.status === FINISHED || run.status === NON_TRIED) continue;
        const cluster = alignDown(run.start, 65_536);
        const end = Math.min(model.size, alignUp(run.end, 65_536));
        const bad = model.truth.find(cluster, end, maskOf(BAD_SECTOR));
        assert(bad >= 0, `${context}: status ${run.status} at ${run.start}`);
      }
    }
  }
});

Deno.test("a device that has never answered has nothing called bad", () => {
  const model = new SickModel(64 * MIB);
  model.spoil(0, model.size);
  const fill = new SimulatedFill(model, { saysBad: false });
  fill.run(() => fill.nowMs > 600_000);
  assertEquals(fill.map.total(NON_TRIED), model.size);
  assertEquals(fill.silences.length, 1);
  // One that says of each sector that it cannot read it has answered.
  const small = new SickModel(MIB);
  small.spoil(0, small.size);
  new SimulatedFill(small).run().assertComplete();
});

Deno.test("a device whose first quarter cannot be read is known to answer by the rest", () => {
  const model = new SickModel(16 * MIB);
  model.spoil(0, 4 * MIB);
  const fill = new SimulatedFill(model, { saysBad: false }).run();
  fill.assertComplete();
  assertEquals(fill.silences, []);
});

Deno.test("ordinary sick devices cost a check in a hundred reads at most, and no failing read more", () => {
  const random = new Random(SEED);
  for (const sickness of SICKNESSES) {
    for (let round = 0; round < 5; round++) {
      const model = SickModel.make(sickness, 256 * MIB, random.below(2 ** 31), {
        badShare: 1 / 1024,
      });
      const fill = new SimulatedFill(model).run();
      fill.assertComplete();
      assertEquals(fill.silences, [], sickness);
      const reads = fill.reads.length;
      assert(fill.checkReads <= 2 + reads / 100, `${sickness}: ${fill.checkReads} of ${reads}`);
    }
  }
});
