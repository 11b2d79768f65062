// Fill against what sick devices are: seeded random patterns of bad sectors, stopped anywhere and continued.
import { assert, assertEquals } from "@std/assert";
import { FileMap } from "../../src/map/file_map.ts";
import { formatMapfile, parseMapfile } from "../../src/map/mapfile.ts";
import { fileMapOf, mapfileOf } from "../../src/map/mapfile_conversion.ts";
import { BAD_SECTOR, FINISHED, NON_TRIED } from "../../src/map/statuses.ts";
import { SickModel, SICKNESSES } from "../harness/sick_model.ts";
import { SimulatedFill } from "../unit/reader/simulated_fill.ts";
import { chooseSeed, Random } from "./map_random.ts";
import { badSectors } from "./rescue_patterns.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const SEED = chooseSeed();

/** The map as another program gets it, and gives it back. */
function throughMapfile(map: FileMap): FileMap {
  const heading = { version: "0", commandLine: "", startTime: new Date(), currentTime: new Date() };
  const text = formatMapfile(mapfileOf(map.snapshot()), heading);
  return fileMapOf(parseMapfile(text, "map"), map.size, "map", { sectorSize: 512 });
}

function blocks(map: FileMap): string {
  return [...map.ranges()].map(({ start, end, status }) => `${start}-${end} ${status}`).join("\n");
}

/** A small device with bad sectors in one of nine patterns. */
function randomModel(random: Random): SickModel {
  const sectors = 1 + random.below(6000);
  const sectorSize = random.pick([512, 2048]);
  const model = new SickModel(sectors * sectorSize - random.below(sectorSize), sectorSize);
  for (const sector of badSectors(random, sectors)) model.spoilSector(sector * sectorSize);
  return model;
}

Deno.test("every sickness: all that can be read is read, and the rest is tried alone", () => {
  for (const kind of SICKNESSES) {
    const model = SickModel.make(kind, 64 * MIB, SEED);
    new SimulatedFill(model).run().assertComplete();
  }
});

Deno.test("the sicknesses cost no failing read for reads of several sectors in what has failed", () => {
  // Counted when trimming and scraping read single sectors only; seeds 1 to 12 together.
  const most = { scattered: 311, stretch: 6545, stripes: 6528, slow: 281 };
  for (const kind of SICKNESSES) {
    let failingReads = 0;
    for (let seed = 1; seed <= 12; seed++) {
      failingReads += new SimulatedFill(SickModel.make(kind, 64 * MIB, seed)).run().failingReads;
    }
    assert(failingReads <= most[kind], `${kind}: ${failingReads}`);
  }
});

Deno.test("random devices, direct and buffered: the same", () => {
  const random = new Random(SEED);
  for (let round = 0; round < 100; round++) {
    const model = randomModel(random);
    const fill = new SimulatedFill(model, { buffered: random.once(2) }).run();
    fill.assertComplete();
    const bad = Math.ceil(fill.map.total(BAD_SECTOR) / model.sectorSize);
    const clusters = new Set(
      [...model.truth.ranges()].filter(({ status }) => status === BAD_SECTOR).flatMap(
        ({ start, end }) => {
          const first = Math.floor(start / (64 * KIB));
          return Array.from(
            { length: Math.ceil(end / (64 * KIB)) - first },
            (_, index) => first + index,
          );
        },
      ),
    );
    // Each bad sector alone, and each cluster with one in it.
    assert(fill.failingReads <= bad + clusters.size, `round ${round}: ${fill.failingReads}`);
  }
});

Deno.test("stopped at any read and continued from the mapfile: the end is the same, at no cost", () => {
  const random = new Random(SEED ^ 1);
  for (let round = 0; round < 60; round++) {
    const model = randomModel(random);
    const whole = new SimulatedFill(model).run();
    let fill = new SimulatedFill(model);
    let failingReads = 0;
    let stops = 0;
    while (fill.fill.ended === undefined) {
      let reads = 1 + random.below(whole.reads.length);
      fill.run(() => reads-- === 0);
      failingReads += fill.failingReads;
      if (fill.fill.ended !== undefined) break;
      fill = new SimulatedFill(model, { map: throughMapfile(fill.map) });
      stops++;
    }
    fill.assertComplete();
    assertEquals(blocks(fill.map), blocks(whole.map));
    assertEquals(fill.map.phase, whole.map.phase);
    // A cluster may be cut in two by the end of a skip that was forgotten.
    assert(failingReads <= whole.failingReads + 2 * stops, `${failingReads} after ${stops} stops`);
  }
});

Deno.test("a random domain is read to its end from wherever", () => {
  const random = new Random(SEED ^ 2);
  for (let round = 0; round < 40; round++) {
    const model = randomModel(random);
    const { size, sectorSize } = model;
    const domain = FileMap.create(size);
    for (let parts = random.below(20); parts > 0; parts--) {
      const start = random.below(Math.ceil(size / sectorSize)) * sectorSize;
      domain.set(start, Math.min(size, start + sectorSize * random.below(500)), FINISHED);
    }
    const fill = new SimulatedFill(model, { domain }).run();
    assertEquals(fill.fill.ended, "complete");
    for (const { start, end, status } of domain.ranges()) {
      const expected = status === FINISHED ? [...model.truth.ranges(start, end)] : undefined;
      assertEquals(
        [...fill.map.ranges(start, end)],
        expected ?? [{ start, end, status: NON_TRIED }],
      );
    }
  }
});
