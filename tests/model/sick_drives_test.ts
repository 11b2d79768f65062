// Fill on drives that remember what they were asked: weak, hurt, hanging, tired and vanishing ones. Whatever a drive
// does, all that can be read is read in the end, and no sector is called bad that is not.
import { assert, assertEquals } from "@std/assert";
import { SilencesAfterFailures } from "../harness/sick_drives/after_failures.ts";
import { SickDrive } from "../harness/sick_drives/sick_drive.ts";
import { FINISHED } from "../../src/map/statuses.ts";
import {
  makeSickDrive,
  SICK_DRIVES,
  type SickDriveName,
} from "../harness/sick_drives/sick_drives.ts";
import { SickModel, SICKNESSES } from "../harness/sick_model.ts";
import { SimulatedFill } from "../unit/reader/simulated_fill.ts";
import { chooseSeed } from "./map_random.ts";

const MIB = 1_048_576;
const SEED = chooseSeed();
const SEEDS = [SEED, SEED + 1, SEED + 2];

function filled(name: SickDriveName, seed: number): SimulatedFill {
  return new SimulatedFill(makeSickDrive(name, 32 * MIB, seed)).run();
}

for (const name of SICK_DRIVES) {
  Deno.test(`the drive "${name}": all that can be read is read, and nothing else is called bad`, () => {
    for (const seed of SEEDS) filled(name, seed).assertComplete();
  });
}

Deno.test("a weak head costs one failing read for each cluster that it fails, and few reads of single sectors", () => {
  for (const seed of SEEDS) {
    const { reads, failingReads, map } = filled("weak head", seed);
    assertEquals(map.total(FINISHED), 32 * MIB);
    // A fifth of the clusters of one head in four.
    assert(failingReads <= 0.4 * 32 * MIB / 65_536 / 4, `seed ${seed}: ${failingReads}`);
    assert(reads.length < 1500, `seed ${seed}: ${reads.length} reads`);
  }
});

Deno.test("each silence costs a few reads only", () => {
  const names = [
    "fails for a while after failures",
    "fails until reopened",
    "vanishes and returns",
  ];
  for (const name of SICK_DRIVES.filter((name) => names.includes(name))) {
    for (const seed of SEEDS) {
      const { silences, checkReads, failingReads } = filled(name, seed);
      assert(silences.length >= 1, `${name}, seed ${seed}`);
      const inVain = checkReads + failingReads - 2 * Math.ceil(32 / 5);
      assert(inVain <= 12 * silences.length, `${name}, seed ${seed}: ${inVain} reads in vain`);
    }
  }
});

Deno.test("the same name, size and seed make the same drive", () => {
  for (const name of SICK_DRIVES) {
    const [one, other] = [filled(name, SEED), filled(name, SEED)];
    assertEquals(one.nowMs, other.nowMs);
    assertEquals(one.reads, other.reads);
  }
});

Deno.test("a drive that gets slow until it has rested is rested, and is read a hundred times as fast", () => {
  for (const seed of SEEDS) {
    const name = "slow after a failure until rested";
    const tired = new SimulatedFill(makeSickDrive(name, 32 * MIB, seed), { rests: false }).run();
    const rested = filled(name, seed);
    assert(rested.nowMs < 150_000 && tired.nowMs > 3_000_000, `seed ${seed}: ${rested.nowMs} ms`);
    assertEquals(rested.failingReads, tired.failingReads);
  }
});

Deno.test("rests do no harm to other drives: the same failing reads, and a few per cent of the time", () => {
  const drives = SICK_DRIVES.filter((name) => name !== "slow after a failure until rested");
  for (const seed of SEEDS) {
    const makers = [
      ...drives.map((name) => () => makeSickDrive(name, 32 * MIB, seed)),
      ...SICKNESSES.map((name) => () => SickModel.make(name, 256 * MIB, seed)),
    ];
    for (const [index, make] of makers.entries()) {
      const rested = new SimulatedFill(make()).run();
      const plain = new SimulatedFill(make(), { rests: false }).run();
      const context = `${[...drives, ...SICKNESSES][index]}, seed ${seed}`;
      assertEquals(rested.failingReads, plain.failingReads, context);
      assert(rested.nowMs <= 1.04 * plain.nowMs, `${context}: ${rested.nowMs}, ${plain.nowMs}`);
    }
  }
});

Deno.test("a device that has not gone is opened again from the second attempt on, then from the first", () => {
  class Noted extends SickDrive {
    readonly opened: boolean[] = [];
    override reopen(nowMs: number, isStuck: boolean): void {
      this.opened.push(isStuck);
      super.reopen(nowMs, isStuck);
    }
  }
  const model = SickModel.make("scattered", 64 * MIB, SEED);
  for (const how of ["fails until reopened", "fails for a while"] as const) {
    const drive = new Noted(model, new SilencesAfterFailures(how, 20));
    const { silences } = new SimulatedFill(drive).run();
    assert(silences.length >= 2, how);
    // One that rests alone have helped is left as it is.
    const expected = how === "fails for a while"
      ? silences.map(() => false)
      : [false, ...silences.map(() => true)];
    assertEquals(drive.opened, expected, how);
  }
});
