// The phases one by one, on small devices whose every read is known beforehand.
import { assertEquals } from "@std/assert";
import { FileMap } from "../../../src/map/file_map.ts";
import {
  BAD_SECTOR,
  FINISHED,
  NON_SCRAPED,
  NON_TRIED,
  NON_TRIMMED,
} from "../../../src/map/statuses.ts";
import { SickModel } from "../../harness/sick_model.ts";
import { SimulatedFill } from "./simulated_fill.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const CLUSTER = 64 * KIB;

/** A map of which some parts are not FINISHED. */
function mapWith(size: number, ...parts: [start: number, end: number, status: number][]): FileMap {
  const map = FileMap.create(size, { sectorSize: 512 });
  map.set(0, size, FINISHED);
  for (const [start, end, status] of parts) map.set(start, end, status);
  return map;
}

/** Reads of one phase and pass, in KiB. */
function readsIn(fill: SimulatedFill, phase: string): [offset: number, length: number][] {
  return fill.reads.filter((read) => read.phase === phase)
    .map(({ offset, length }) => [offset / KIB, length / KIB]);
}

/** The map in sectors, one character each. */
function picture(map: FileMap, start: number, end: number): string {
  let text = "";
  for (const run of map.ranges(start, end)) {
    text += "?*/-+"[run.status].repeat((run.end - run.start) / 512);
  }
  return text;
}

Deno.test("a healthy device is read once, in large pieces", () => {
  const fill = new SimulatedFill(new SickModel(10 * MIB)).run();
  fill.assertComplete();
  assertEquals(fill.reads.length, 80);
  assertEquals([fill.map.phase, fill.map.position], ["+", 10 * MIB]);
});

Deno.test("an empty device is complete", () => {
  assertEquals(new SimulatedFill(new SickModel(0)).run().fill.ended, "complete");
});

Deno.test("a sick device is read in clusters, and in larger pieces when it is well again", () => {
  const model = new SickModel(600 * MIB);
  model.spoil(0, 512);
  const lengths = readsIn(new SimulatedFill(model).run(), "?1").map(([, length]) => length);
  // The skip behind the error, then ever larger.
  assertEquals(lengths[0], 128);
  assertEquals(lengths[1], 64);
  // The last ones end with the device.
  const grown = lengths.slice(1, -1);
  assertEquals([...new Set(grown)], [64, 128]);
  assertEquals(grown, grown.toSorted((a, b) => a - b));
});

/** A hole of 5 MiB in a device of 64 MiB that is known to be sick; its first 3 MiB are bad. */
function partlyBadHole(): SimulatedFill {
  const model = new SickModel(64 * MIB);
  model.spoil(10 * MIB, 3 * MIB);
  const map = mapWith(64 * MIB, [10 * MIB, 15 * MIB, NON_TRIED]);
  map.set(0, 512, BAD_SECTOR);
  return new SimulatedFill(model, { map });
}

/** Offset in KiB of a cluster of the hole. */
const at = (cluster: number) => 10 * 1024 + cluster * 64;
/** Where pass 1 lands in the hole: skips of 1, 2, 4, 8 clusters, and then of a hundredth of the device. */
const JUMPS = [0, 2, 5, 10, 19, 31, 43, 55];
/** From the last of them back to the first one that fails. */
const MEASURED = [54, 53, 52, 51, 50, 49, 48, 47];

Deno.test("copying: skips grow in pass 1, and the end of the first zones is measured at once", () => {
  const fill = partlyBadHole();
  fill.run(() => fill.fill.offset === at(53) * KIB);
  assertEquals(fill.map.position, at(56) * KIB, "the position is where it has landed");
  fill.run(() => fill.map.pass !== 1);
  assertEquals(
    readsIn(fill, "?1").slice(0, JUMPS.length + MEASURED.length).map(([offset]) => offset),
    [...JUMPS, ...MEASURED].map(at),
  );
});

Deno.test("copying: passes 2 to 4 leave alone what lies between failures", () => {
  const fill = partlyBadHole();
  fill.run(() => fill.map.pass === 5);
  assertEquals([...new Set(fill.reads.map(({ phase }) => phase))], ["?1"]);
  const failed = [...JUMPS.slice(0, -1), 47];
  const expected = Array.from(
    { length: 80 },
    (_, cluster) => cluster > 47 ? "+" : failed.includes(cluster) ? "*" : "?",
  );
  const clusters = picture(fill.map, 10 * MIB, 15 * MIB).match(/.{128}/g);
  assertEquals(clusters, expected.map((status) => status.repeat(128)));
});

Deno.test("sweeping: samples, edges, the sectors behind them, and then the rest", () => {
  const fill = partlyBadHole();
  fill.run(() => fill.map.phase !== "?");
  const samples = [1, 46];
  const trimmed = [[0, 0], [48, -1]];
  const behind = [[0, 1], [48, -2]];
  const tried = [...JUMPS, ...MEASURED, ...samples];
  const swept = [...Array(48).keys()].filter((cluster) => !tried.includes(cluster));
  assertEquals(readsIn(fill, "?5"), [
    ...samples.map((cluster) => [at(cluster), 64]),
    ...[...trimmed, ...behind].map(([cluster, sector]) => [at(cluster) + sector / 2, 0.5]),
    ...swept.map((cluster) => [at(cluster), 64]),
  ]);
  assertEquals([fill.map.phase, fill.failingReads], ["*", 48 + 4]);
});

Deno.test("copying: each cluster is tried once, wherever skips end", () => {
  const size = 700 * MIB + 512;
  const model = new SickModel(size);
  model.spoil(MIB, 100 * MIB);
  const fill = new SimulatedFill(model);
  fill.run(() => fill.map.phase !== "?");
  const tried = new Set<number>();
  for (const { offset, length } of fill.reads) {
    // Trimming before the rest is swept.
    if (length <= 512) continue;
    for (let at = Math.floor(offset / CLUSTER); at * CLUSTER < offset + length; at++) {
      assertEquals(tried.has(at), false, `cluster ${at} is tried twice`);
      tried.add(at);
    }
  }
});

Deno.test("copying: slow places are left for passes 3 and 4, in the direction they were skipped in", () => {
  const model = new SickModel(1024 * MIB);
  model.slowDown(600 * MIB, 40 * MIB);
  const fill = new SimulatedFill(model).run();
  fill.assertComplete();
  const slowBytes = (phase: string) =>
    readsIn(fill, phase).filter(([offset]) => offset >= 600 * KIB && offset < 640 * KIB)
      .reduce((sum, [, length]) => sum + length * KIB, 0);
  const bytes = ["?1", "?2", "?3", "?4", "?5"].map(slowBytes);
  assertEquals(bytes[0] + bytes[1] < 10 * MIB, true, "most of it is skipped at first");
  assertEquals(bytes[2] > 20 * MIB, true);
});

Deno.test("copying: a device that is slow everywhere is not skipped over", () => {
  const model = new SickModel(1024 * MIB);
  model.slowDown(0, 1024 * MIB);
  const fill = new SimulatedFill(model).run();
  assertEquals(new Set(fill.reads.map(({ phase }) => phase)), new Set(["?1"]));
});

Deno.test("copying: --min-read-rate says what is slow", () => {
  const model = new SickModel(256 * MIB);
  model.slowDown(100 * MIB, 100 * MIB);
  const fill = new SimulatedFill(model, { options: { minReadRate: 2_000_000 } }).run();
  fill.assertComplete();
  const [, second] = [...new Set(fill.reads.map(({ phase }) => phase))];
  assertEquals(second, "?2");
  // At a rate that nothing falls below, nothing is skipped.
  const plain = new SimulatedFill(model, { options: { minReadRate: 1 } }).run();
  assertEquals(new Set(plain.reads.map(({ phase }) => phase)), new Set(["?1"]));
});

Deno.test("trimming: from both ends up to the first bad sector", () => {
  const model = new SickModel(MIB);
  model.spoil(66 * 512, 512);
  model.spoil(70 * 512, 3 * 512);
  const map = mapWith(MIB, [64 * 512, 80 * 512, NON_TRIMMED]);
  const fill = new SimulatedFill(model, { map });
  fill.run(() => map.phase === "/");
  assertEquals(picture(map, 64 * 512, 80 * 512), "++-/////-+++++++");
  assertEquals(fill.failingReads, 2);
});

Deno.test("trimming: an end that adjoins a bad sector is trimmed already", () => {
  const model = new SickModel(MIB);
  const map = mapWith(
    MIB,
    [0, 512, BAD_SECTOR],
    [512, 5 * 512, NON_TRIMMED],
    [5 * 512, 6 * 512, BAD_SECTOR],
    [MIB - 512, MIB, NON_TRIMMED],
  );
  model.spoil(0, 5 * 512);
  model.spoil(MIB - 512, 512);
  const fill = new SimulatedFill(model, { map });
  fill.run(() => map.phase === "/");
  assertEquals(picture(map, 0, 7 * 512), "-////-+");
  assertEquals(fill.reads.map(({ offset }) => offset), [MIB - 512]);
});

Deno.test("trimming: a block of bad sectors only costs two failing reads, whatever its size", () => {
  const model = new SickModel(64 * MIB);
  model.spoil(MIB, 32 * MIB);
  const map = mapWith(64 * MIB, [MIB, 33 * MIB, NON_TRIMMED]);
  const fill = new SimulatedFill(model, { map });
  fill.run(() => map.phase === "/");
  assertEquals(fill.failingReads, 2);
});

Deno.test("scraping: narrow runs first, then the wide ones", () => {
  const model = new SickModel(MIB);
  const map = mapWith(MIB, [0, 200 * 512, NON_SCRAPED], [400 * 512, 410 * 512, NON_SCRAPED]);
  model.spoil(100 * 512, 512);
  model.spoil(405 * 512, 512);
  const fill = new SimulatedFill(model, { map }).run();
  assertEquals(fill.reads.slice(0, 10).map(({ offset }) => offset / 512), [
    ...[400, 401, 402, 403, 404, 405, 406, 407, 408, 409],
  ]);
  assertEquals(fill.reads.slice(10).map(({ offset }) => offset / 512), [...Array(200).keys()]);
  fill.assertComplete();
});

Deno.test("retrying: each bad sector once a pass, in alternating directions", () => {
  const model = new SickModel(MIB);
  model.spoil(5 * 512, 2 * 512);
  model.spoil(20 * 512, 512);
  const map = mapWith(MIB, [5 * 512, 7 * 512, BAD_SECTOR], [20 * 512, 21 * 512, BAD_SECTOR]);
  const fill = new SimulatedFill(model, { map, options: { retryPasses: 3 } }).run();
  const sectors = (phase: string) => readsIn(fill, phase).map(([offset]) => offset * 2);
  assertEquals([sectors("-1"), sectors("-2"), sectors("-3")], [
    [5, 6, 20],
    [20, 6, 5],
    [5, 6, 20],
  ]);
  // What the next run begins with.
  assertEquals([map.phase, map.pass, map.position], ["-", 4, MIB]);
});

Deno.test("retrying: a sector that can be read at last is read no more", () => {
  const model = new SickModel(MIB);
  model.spoil(0, 512);
  const map = mapWith(MIB, [0, 1024, BAD_SECTOR]);
  const fill = new SimulatedFill(model, { map, options: { retryPasses: 2 } }).run();
  assertEquals(fill.reads.map(({ offset, good }) => [offset, good]), [
    [0, 0],
    [512, 512],
    [0, 0],
  ]);
});

Deno.test("retrying goes on where it was stopped, and that pass counts", () => {
  const model = new SickModel(MIB);
  model.spoil(0, 4 * 512);
  const map = mapWith(MIB, [0, 4 * 512, BAD_SECTOR]);
  map.phase = "-";
  map.pass = 2;
  map.position = 2 * 512;
  const fill = new SimulatedFill(model, { map, options: { retryPasses: 1 } }).run();
  assertEquals(fill.reads.map(({ offset }) => offset / 512), [1, 0]);
});

Deno.test("without --retries bad sectors are left alone", () => {
  const model = new SickModel(MIB);
  const map = mapWith(MIB, [0, 4 * 512, BAD_SECTOR]);
  const fill = new SimulatedFill(model, { map }).run();
  assertEquals([fill.reads.length, fill.fill.ended, map.phase], [0, "complete", "-"]);
});

Deno.test("boundaries inside sectors, as other programs may leave them", () => {
  const model = new SickModel(MIB);
  model.spoil(2048, 512);
  const map = mapWith(
    MIB,
    [100, 700, NON_TRIED],
    [1000, 1100, NON_SCRAPED],
    [2100, 2300, NON_TRIMMED],
    [5000, 5003, NON_TRIMMED],
  );
  const fill = new SimulatedFill(model, { map }).run();
  assertEquals(fill.fill.ended, "complete");
  assertEquals([map.at(2099), map.at(2100), map.at(2299)], [FINISHED, BAD_SECTOR, BAD_SECTOR]);
  assertEquals(map.total(FINISHED), MIB - 200);
});

Deno.test("the last sector of a device may be a short one", () => {
  const model = new SickModel(MIB + 100);
  model.spoil(MIB, 100);
  const fill = new SimulatedFill(model).run();
  fill.assertComplete();
  assertEquals(fill.map.total(BAD_SECTOR), 100);
});

Deno.test("every phase of the status line is understood, with whatever is left", () => {
  for (const phase of ["?", "*", "%", "/", "-", "F", "G", "+"] as const) {
    for (const pass of [1, 2, 5, 6, 1000]) {
      const model = new SickModel(MIB);
      model.spoil(130 * 512, 512);
      const map = mapWith(
        MIB,
        [0, 256 * 512, NON_TRIED],
        [300 * 512, 310 * 512, NON_TRIMMED],
        [400 * 512, 410 * 512, NON_SCRAPED],
      );
      map.phase = phase;
      map.pass = pass;
      map.position = 305 * 512;
      new SimulatedFill(model, { map }).run().assertComplete();
    }
  }
});
