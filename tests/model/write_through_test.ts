// Random writes, zeros, flushes and reads of two sessions on a device that is bad in places and refuses writes
// now and then, with an image that does so too: whatever the map calls finished, the image has as the device has.
//
// BLKCACHE_SEED repeats a run.

import { assert, assertEquals } from "@std/assert";
import { DeviceWriter } from "../../src/session/device_writer.ts";
import { PENDING } from "../../src/nbd/writer.ts";
import { FINISHED } from "../../src/map/statuses.ts";
import { EIO, ENOSPC } from "../../src/sys/errno.ts";
import { copyMemory } from "../../src/sys/fd.ts";
import { addressOf } from "../../src/sys/memory.ts";
import { assertSameBytes } from "../harness/test_folder.ts";
import { SimulatedDevice } from "../unit/reader/simulated_device.ts";
import { SimulatedRun } from "../unit/reader/simulated_run.ts";
import { chooseSeed, Random } from "./map_random.ts";

const SECTOR = 512;
const SECTORS = 4000;
const STEPS = 1200;
const SESSIONS = 2;

Deno.test("no byte is finished that the image has not as the device has it", () => {
  const random = new Random(chooseSeed());
  const device = new SimulatedDevice(SECTORS * SECTOR, SECTOR, random.below(1000));
  for (let count = 0; count < 40; count++) device.bad.add(random.below(SECTORS));
  // What a write that failed has made good may be called bad all the same.
  const everBad = new Set(device.bad);
  // 0: all is well; else one write in so many fails, after it has changed a part.
  let failing = 0;
  const writable = {
    write(address: number, length: number, offset: number) {
      const fails = failing > 0 && random.once(failing);
      const done = fails ? random.below(length / SECTOR + 1) * SECTOR : length;
      copyMemory(addressOf(device.content) + offset, address, done);
      for (let at = offset; at < offset + done; at += SECTOR) device.bad.delete(at / SECTOR);
      return fails && done === 0 ? -ENOSPC : done === length ? length : -EIO;
    },
    sync: () => failing > 0 && random.once(failing) ? -EIO : 0,
  };
  using run = new SimulatedRun(device, { sessions: SESSIONS, writable });
  const writers = run.sessions.map((cached) => new DeviceWriter(cached));
  let failures = 0;
  let good = 0;

  const check = () => {
    for (const { start, end, status } of run.map.ranges()) {
      if (status !== FINISHED) continue;
      const bytes = run.imageBytes(start, end - start);
      assertSameBytes(bytes, device.content.slice(start, end), `the image from ${start} on`);
    }
  };
  /** Ends what is under way. @returns the error numbers by slot. */
  const finish = (session: number): Map<number, number> => {
    run.finish();
    const errnos = new Map<number, number>();
    const cached = run.sessions[session];
    for (let slot = cached.nextEnded(); slot >= 0; slot = cached.nextEnded()) {
      errnos.set(slot, writers[session].outcome(slot));
    }
    return errnos;
  };

  for (let step = 0; step < STEPS; step++) {
    const session = random.below(SESSIONS);
    const length = 1 + random.below(random.pick([10, 600, 5000, 100_000]));
    const offset = random.below(SECTORS * SECTOR - length);
    if (random.once(100)) failing = random.pick([0, 0, 3, 10]);
    if (random.once(100)) run.refuseWrites();
    if (random.once(20)) run.takeWrites();
    if (random.once(2)) {
      const { bytes, unreadable } = run.read(offset, length, session);
      const wanted = device.content.slice(offset, offset + length);
      for (const [start, end] of unreadable) {
        wanted.fill(0xee, start - offset, end - offset);
        const [first, last] = [Math.floor(start / SECTOR), Math.ceil(end / SECTOR)];
        assert(
          Array.from({ length: last - first + 2 }, (_, index) => first - 1 + index)
            .some((sector) => everBad.has(sector)),
          `[${start}, ${end}) is good`,
        );
      }
      assertSameBytes(bytes, wanted, `the answer for ${length} at ${offset}`);
    } else {
      // Several at a time, which may overlap.
      const writer = writers[session];
      const count = 1 + random.below(3);
      for (let index = 0; index < count; index++) {
        const at = Math.max(0, offset - index * random.below(1000));
        const slot = run.sessions[session].pending.take(at, length, Infinity);
        if (random.once(4)) assertEquals(writer.zero(slot, at, length, random.once(5)), PENDING);
        else if (random.once(6)) assertEquals(writer.flush(slot), PENDING);
        else {
          writer.reserve(length)!.fill(random.below(256));
          assertEquals(writer.write(slot, at, length, random.once(5)), PENDING);
        }
      }
      const errnos = finish(session);
      assertEquals(errnos.size, count);
      for (const errno of errnos.values()) errno === 0 ? good++ : failures++;
    }
    if (random.once(10)) check();
  }
  check();
  assert(good > 100 && failures > 5, `${good} writes, ${failures} failed`);
});
