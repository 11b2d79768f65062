// The reader with its image, map, queue and sessions over a simulated device: seeded random devices, requests
// and interleavings, checked against what the device has.
import { assert, assertEquals } from "@std/assert";
import {
  BAD_SECTOR,
  FINISHED,
  NON_SCRAPED,
  NON_TRIMMED,
  STATUS_COUNT,
} from "../../src/map/statuses.ts";
import { EIO, ENODATA } from "../../src/sys/errno.ts";
import { assertSameBytes } from "../harness/test_folder.ts";
import { SimulatedDevice } from "../unit/reader/simulated_device.ts";
import { type Ended, SimulatedRun } from "../unit/reader/simulated_run.ts";
import { chooseSeed, Random } from "./map_random.ts";
import { badSectors } from "./rescue_patterns.ts";

const SEED = chooseSeed();
const ROUNDS = 60;
const REQUESTS = 40;
const SESSIONS = 3;

function randomDevice(random: Random): SimulatedDevice {
  const sectorSize = random.pick([512, 2048, 4096]);
  const sectors = 1 + random.below(400_000 / sectorSize);
  // The last sector may be a short one, as that of a file.
  const size = sectors * sectorSize - (random.once(3) ? random.below(sectorSize) : 0);
  const device = new SimulatedDevice(size, sectorSize, random.below(1000));
  device.errno = random.pick([EIO, ENODATA]);
  device.buffered = random.once(2);
  if (random.once(4)) device.mostBytes = sectorSize * (1 + random.below(40));
  if (random.once(3)) device.content.fill(0, random.below(size), random.below(size));
  // Bad here and there, in parts of the device.
  for (let parts = random.below(4); parts > 0; parts--) {
    const first = random.below(sectors);
    const length = Math.min(sectors - first, 1 + random.below(200));
    for (const sector of badSectors(random, length)) device.bad.add(first + sector);
  }
  // Of one that answers hardly anywhere, and says only that it has failed, nothing can be told.
  if (device.bad.size > sectors / 8) device.errno = ENODATA;
  return device;
}

/** [offset, length) of a request, of any size and often unaligned. */
function randomRange(random: Random, size: number): [offset: number, length: number] {
  const unit = random.pick([1, 512, 4096, 65_536]);
  const offset = Math.min(size - 1, random.below(Math.ceil(size / unit)) * unit);
  const length = 1 + random.below(random.pick([1, 512, 4096, 65_536, 400_000]));
  return [offset, Math.min(length, size - offset)];
}

/** What a client has been told: nothing that is not so, and errors only where something is bad. */
function checkAnswer(run: SimulatedRun, { bytes, unreadable }: Ended, offset: number): void {
  const { device, map } = run;
  const expected = device.content.slice(offset, offset + bytes.length);
  for (const [start, end] of unreadable) {
    expected.fill(0xee, start - offset, end - offset);
    assert(start >= offset && end <= offset + bytes.length && start < end);
    for (let at = start; at < end; at += device.sectorSize) {
      const isLeftOver = map.at(at) === NON_SCRAPED || map.at(at) === NON_TRIMMED;
      assert(isLeftOver || device.bad.has(Math.floor(at / device.sectorSize)), `${at} is good`);
    }
  }
  assertSameBytes(bytes, expected, `the answer for ${offset}`);
}

function checkRun(run: SimulatedRun): void {
  const { device, map } = run;
  const { sectorSize } = device;
  const alone = new Set<number>();
  const failedAlone = new Map<number, number>();
  for (const { offset, length, result } of device.reads) {
    const sector = offset / sectorSize;
    if (length > sectorSize || result > 0) continue;
    alone.add(sector);
    failedAlone.set(sector, (failedAlone.get(sector) ?? 0) + 1);
  }
  for (const [sector, times] of failedAlone) {
    assertEquals(times, 1, `${sector} failed ${times} times`);
  }
  let total = 0;
  for (let status = 0; status < STATUS_COUNT; status++) total += map.total(status);
  assertEquals(total, device.size);
  for (const { start, end, status } of map.ranges()) {
    assert(start % sectorSize === 0, "a boundary inside a sector");
    if (status === FINISHED) {
      const expected = device.content.slice(start, end);
      assertSameBytes(run.imageBytes(start, end - start).slice(), expected, `image at ${start}`);
    } else if (status === BAD_SECTOR) {
      for (let sector = start / sectorSize; sector * sectorSize < end; sector++) {
        assert(device.bad.has(sector), `${sector} is good`);
        assert(alone.has(sector), `${sector} was not tried alone`);
      }
    }
  }
}

/** Requests of all sessions, in any order between the reader's steps. */
function askAround(run: SimulatedRun, random: Random): void {
  const asked = run.sessions.map(() => new Map<number, number>());
  const collect = () => {
    for (let session = 0; session < SESSIONS; session++) {
      for (const answer of run.ended(session)) {
        checkAnswer(run, answer, asked[session].get(answer.id)!);
        asked[session].delete(answer.id);
      }
    }
  };
  for (let count = 0; count < REQUESTS; count++) {
    const session = random.below(SESSIONS);
    const [offset, length] = randomRange(random, run.device.size);
    const id = Array.from({ length: 256 }, (_, index) => index)
      .find((index) => !asked[session].has(index))!;
    if (random.once(8)) run.sessions[session].prefetch(offset, length);
    else if (run.ask(id, offset, length, session)) asked[session].set(id, offset);
    else {
      assertSameBytes(
        run.output(session).slice(0, length),
        run.device.content.slice(offset, offset + length),
        "a hit",
      );
    }
    for (let steps = random.below(12); steps > 0; steps--) run.reader.step();
    if (random.once(3)) collect();
    if (random.once(20)) run.refuseWrites();
    if (random.once(10)) run.takeWrites();
    if (random.once(30)) {
      run.sessions[session].endClient();
      // Nothing is promised of them but their end.
      asked[session].clear();
    }
  }
  // An image that went bad has some of them asked again.
  for (let waiting = true; waiting;) {
    run.finish();
    collect();
    waiting = run.sessions.some((session) => session.pending.underWay > 0);
    assert(!waiting || !run.state.imageSick || run.reader.step(), "requests that never end");
    assert(!run.told.some((line) => line.startsWith("silent")), "a device that answers is silent");
  }
  run.takeWrites();
  for (let session = 0; session < SESSIONS; session++) {
    assertEquals([...asked[session].keys()], [], "requests that never ended");
    assertEquals(run.sessions[session].pending.underWay, 0);
  }
}

/** Asks for all of it until nothing changes any more: then all is known. */
function askForAll(run: SimulatedRun): void {
  const { device } = run;
  const sectors = Math.ceil(device.size / device.sectorSize);
  for (let asked = 0; asked <= sectors; asked++) {
    const before = run.map.version;
    checkAnswer(run, run.read(0, device.size), 0);
    if (run.map.total(FINISHED) + run.map.total(BAD_SECTOR) === device.size) break;
    assert(run.map.version !== before, "no progress");
  }
  assertEquals(
    run.picture(),
    Array.from({ length: sectors }, (_, sector) => device.bad.has(sector) ? "-" : "+").join(""),
  );
}

Deno.test("random devices and requests: truth is told, kept, and in the end complete", () => {
  for (let round = 0; round < ROUNDS; round++) {
    const random = new Random(SEED + round);
    const device = randomDevice(random);
    const readAhead = random.pick([0, 65_536, 1_048_576]);
    using run = new SimulatedRun(device, { sessions: SESSIONS, readAhead });
    try {
      askAround(run, random);
      checkRun(run);
      askForAll(run);
      checkRun(run);
    } catch (error) {
      console.log(`round ${round}: ${device.size} bytes, sectors of ${device.sectorSize}`);
      throw error;
    }
  }
});
