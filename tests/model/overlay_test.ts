// Random writes, zeros, trims and reads of several sessions over one overlay and one failing device, against two
// arrays. Reads are parked, and written over before they are answered. Then everything again from the files.
//
// BLKCACHE_SEED repeats a run.

import { assert, assertEquals } from "@std/assert";
import { OverlaidFile } from "../../src/session/overlaid_file.ts";
import { Overlay } from "../../src/session/overlay.ts";
import { OVERLAY_WORDS_BYTES, type OverlayParts } from "../../src/session/overlay_parts.ts";
import { OverlayWriter } from "../../src/session/overlay_writer.ts";
import { FileMap } from "../../src/map/file_map.ts";
import { closeFd, openFile, truncateFd } from "../../src/sys/fd.ts";
import { addressOf } from "../../src/sys/memory.ts";
import { O_CREAT, O_RDWR } from "../../src/sys/open_flags.ts";
import { areasOf } from "../harness/mapfile_areas.ts";
import { assertSameBytes, TestFolder } from "../harness/test_folder.ts";
import { SimulatedDevice } from "../unit/reader/simulated_device.ts";
import { SimulatedRun } from "../unit/reader/simulated_run.ts";
import { chooseSeed, Random } from "./map_random.ts";

const SECTOR = 512;
const SIZE = 12_000 * SECTOR;
const SESSIONS = 3;
const STEPS = 1500;
const MOST_BYTES = 20_000;

Deno.test("sessions read what any of them has written, and the device's bytes elsewhere", () => {
  const random = new Random(chooseSeed());
  using folder = new TestFolder();
  const device = new SimulatedDevice(SIZE, SECTOR, random.below(1000));
  for (let count = 0; count < 60; count++) device.bad.add(random.below(SIZE / SECTOR));
  using run = new SimulatedRun(device, { sessions: SESSIONS, mostBytes: 2 * MOST_BYTES });
  const fileFd = openFile(folder.file("overlay"), O_RDWR | O_CREAT);
  truncateFd(fileFd, SIZE);
  const parts: OverlayParts = {
    path: folder.file("overlay"),
    mapPath: folder.file("overlay.map"),
    fileFd,
    mode: 0o600,
    map: FileMap.create(SIZE),
    words: new SharedArrayBuffer(OVERLAY_WORDS_BYTES),
    version: "0",
    commandLine: "test",
    comments: [],
    identity: "{}",
    startTime: new Date(0),
    tell: ({ message }) => assert(false, message),
  };
  const sessions = run.sessions.map((cached, index) => {
    const overlay = new Overlay({ ...parts, map: FileMap.attach(parts.map.buffer) });
    const writer = new OverlayWriter(overlay, MOST_BYTES, cached.memory);
    const address = addressOf(run.output(index));
    return new OverlaidFile(cached, overlay, writer, { address });
  });
  const expected = device.content.slice();
  const written = new Uint8Array(SIZE);
  const parked: { session: number; slot: number; offset: number; length: number }[] = [];

  const answer = (session: number, offset: number, length: number, runs: number) => {
    const bytes = run.output(session).slice(0, length);
    const wanted = expected.slice(offset, offset + length);
    for (let index = 0; index < runs; index++) {
      const start = sessions[session].unreadableStart(index);
      const end = sessions[session].unreadableEnd(index);
      assert(start >= offset && end <= offset + length && start < end, `[${start}, ${end})`);
      assert(!written.subarray(start, end).includes(1), `[${start}, ${end}) has been written`);
      const sectors = [Math.floor(start / SECTOR), Math.ceil(end / SECTOR) - 1];
      assert(
        sectors.some((sector) => [sector - 1, sector, sector + 1].some((at) => device.bad.has(at))),
        `[${start}, ${end}) is good`,
      );
      wanted.fill(0xee, start - offset, end - offset);
      bytes.fill(0xee, start - offset, end - offset);
    }
    assertSameBytes(bytes, wanted, `the answer for ${length} at ${offset}`);
  };
  const settle = () => {
    run.finish();
    for (const [session, source] of sessions.entries()) {
      for (let slot = source.nextEnded(); slot >= 0; slot = source.nextEnded()) {
        const index = parked.findIndex((read) => read.session === session && read.slot === slot);
        const [{ offset, length }] = parked.splice(index, 1);
        answer(session, offset, length, source.collect(slot, 0, offset, length));
      }
    }
  };

  try {
    for (let step = 0; step < STEPS; step++) {
      const session = random.below(SESSIONS);
      const source = sessions[session];
      const length = 1 + random.below(random.pick([4, 600, 5000, MOST_BYTES]));
      const offset = random.below(SIZE - length);
      switch (random.below(8)) {
        case 0:
        case 1: {
          const bytes = source.writer.reserve(length)!;
          bytes.fill(random.below(256), 0, length);
          expected.set(bytes.subarray(0, length), offset);
          written.fill(1, offset, offset + length);
          assertEquals(source.writer.write(0, offset, length, random.once(50)), 0);
          break;
        }
        case 2:
          assertEquals(source.writer.zero(0, offset, length, false, random.once(2), false), 0);
          expected.fill(0, offset, offset + length);
          written.fill(1, offset, offset + length);
          break;
        case 3:
          if (!random.once(3)) break;
          assertEquals(source.writer.trim(0, offset, length, false), 0);
          expected.fill(0, offset, offset + length);
          written.fill(1, offset, offset + length);
          break;
        case 4:
          settle();
          break;
        default: {
          if (source.readCached(0, offset, length)) answer(session, offset, length, 0);
          else {
            const slot = source.pending.take(offset, length, Infinity);
            parked.push({ session, slot, offset, length });
            source.park(slot);
          }
        }
      }
    }
    settle();
    assertEquals(parked, []);
    assertEquals(sessions[0].writer.flush(0), 0);
    const kept = Deno.readFileSync(folder.file("overlay"));
    for (const { start, end, status } of areasOf(folder.file("overlay.map"))) {
      assertEquals(
        written.subarray(start, end).every((byte) => (byte === 1) === (status === "+")),
        true,
      );
      if (status === "+") {
        assertSameBytes(kept.slice(start, end), expected.slice(start, end), "kept");
      }
    }
    assert(parts.map.snapshot().positions.length > 10);
  } finally {
    for (const { writer } of sessions) writer.release();
    closeFd(fileFd);
  }
});
