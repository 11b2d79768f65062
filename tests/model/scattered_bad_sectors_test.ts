// Bad sectors scattered over a device that a client reads from end to end: however it asks, and whatever is
// read ahead meanwhile, each failing cluster and each bad sector costs one failing read, as with ddrescue.
import { assert, assertEquals } from "@std/assert";
import { BAD_SECTOR, FINISHED } from "../../src/map/statuses.ts";
import { SimulatedDevice } from "../unit/reader/simulated_device.ts";
import { SimulatedRun } from "../unit/reader/simulated_run.ts";
import { chooseSeed, Random } from "./map_random.ts";

const SEED = chooseSeed();
const ROUNDS = Number(Deno.env.get("BLKCACHE_ROUNDS") ?? 1);
const KIB = 1024;
const SIZE = 16 * KIB * KIB;
const SECTOR = 512;
const BAD_COUNT = 50;

/** How a client reads, and how far the server looks ahead. */
interface Shape {
  requestBytes: number;
  inflight: number;
  readAhead: number;
  /** The reader gets this many turns between two requests at most. */
  pause: number;
}

function scatteredDevice(random: Random): SimulatedDevice {
  const device = new SimulatedDevice(SIZE, SECTOR);
  while (device.bad.size < BAD_COUNT) {
    const sector = random.below(SIZE / SECTOR);
    // Of two in a row and a third nearby, what lies between may take a second request.
    if (!device.bad.has(sector - 1) && !device.bad.has(sector + 1)) device.bad.add(sector);
  }
  return device;
}

/** Failing reads of ddrescue -d: one for each failing cluster of 64 KiB, one for each bad sector in it. */
function ddrescueFailures(bad: ReadonlySet<number>): number {
  return new Set([...bad].map((sector) => Math.floor(sector * SECTOR / 65_536))).size + bad.size;
}

/** Reads all of it in turn. @returns bytes that the client did not get. */
function readAll(run: SimulatedRun, random: Random, shape: Shape): number {
  const { requestBytes, inflight, pause } = shape;
  const free = Array.from({ length: inflight }, (_, id) => id);
  let lost = 0;
  for (let at = 0; at < SIZE || free.length < inflight;) {
    while (free.length > 0 && at < SIZE) {
      if (run.ask(free.at(-1)!, at, requestBytes)) free.pop();
      at += requestBytes;
      if (pause > 0) break;
    }
    for (let turns = random.below(pause + 1); turns >= 0; turns--) run.reader.step();
    for (const { id, unreadable } of run.ended()) {
      free.push(id);
      for (const [start, end] of unreadable) lost += end - start;
    }
  }
  return lost;
}

for (const requestBytes of [64 * KIB, 256 * KIB, KIB * KIB]) {
  Deno.test(`requests of ${requestBytes / KIB} KiB: scattered bad sectors fail as often as for ddrescue`, () => {
    const random = new Random(SEED);
    for (let round = 0; round < ROUNDS; round++) {
      for (const inflight of [1, 2, 8]) {
        const device = scatteredDevice(random);
        const readAhead = random.pick([128 * KIB, KIB * KIB, KIB * KIB]);
        const shape = { requestBytes, inflight, readAhead, pause: random.pick([0, 3, 100]) };
        using run = new SimulatedRun(device, { readAhead });
        const lost = readAll(run, random, shape);
        const spent = `${device.failingReads}, ddrescue ${ddrescueFailures(device.bad)}`;
        const context = `${spent}: ${JSON.stringify(shape)}, round ${round}`;
        assert(device.failingReads <= ddrescueFailures(device.bad), context);
        assertEquals(lost, BAD_COUNT * SECTOR, context);
        assertEquals(run.map.total(BAD_SECTOR), BAD_COUNT * SECTOR);
        assertEquals(run.map.total(FINISHED), SIZE - BAD_COUNT * SECTOR);
      }
    }
  });
}
