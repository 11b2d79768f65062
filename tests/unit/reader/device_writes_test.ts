// Writes to a simulated device: order, edges of sectors, and what is true after each failure.
import { assertEquals } from "@std/assert";
import { DeviceWriter } from "../../../src/session/device_writer.ts";
import { REGION_BYTES, unfinishedRegions } from "../../../src/reader/write_intents.ts";
import { PENDING } from "../../../src/nbd/writer.ts";
import type { WritableDevice } from "../../../src/reader/device_writes.ts";
import { EIO, ENOSPC } from "../../../src/sys/errno.ts";
import { copyMemory } from "../../../src/sys/fd.ts";
import { addressOf } from "../../../src/sys/memory.ts";
import { TestFolder } from "../../harness/test_folder.ts";
import { LaterClock } from "./later_clock.ts";
import { SimulatedDevice } from "./simulated_device.ts";
import { SimulatedRun } from "./simulated_run.ts";

const SECTORS = 64;

/** A device that can be written, with all that a test looks at. */
class Writing implements Disposable {
  readonly device = new SimulatedDevice(SECTORS * 512);
  /** Negative: every write, or every sync, fails so. */
  writeResult = 0;
  syncResult = 0;
  /** What happened to the device, in order. */
  readonly done: string[] = [];
  readonly run: SimulatedRun;
  readonly writer: DeviceWriter;

  constructor() {
    const writable: WritableDevice = {
      write: (address, length, offset) => {
        const recorded = unfinishedRegions(this.run.intentsPath, this.device.size) ?? [];
        this.done.push(`write ${offset}+${length}${recorded.length > 0 ? "" : " unrecorded"}`);
        if (this.writeResult < 0) return this.writeResult;
        copyMemory(addressOf(this.device.content) + offset, address, length);
        return length;
      },
      sync: () => {
        this.done.push("sync");
        return this.syncResult;
      },
    };
    this.run = new SimulatedRun(this.device, { writable });
    this.writer = new DeviceWriter(this.run.sessions[0]);
  }

  /** @returns the error number. */
  write(offset: number, bytes: Uint8Array, durable = false): number {
    this.writer.reserve(bytes.length)!.set(bytes);
    const slot = this.take();
    assertEquals(this.writer.write(slot, offset, bytes.length, durable), PENDING);
    return this.#outcome(slot);
  }

  flush(): number {
    const slot = this.take();
    assertEquals(this.writer.flush(slot), PENDING);
    return this.#outcome(slot);
  }

  zero(offset: number, length: number): number {
    const slot = this.take();
    assertEquals(this.writer.zero(slot, offset, length, false), PENDING);
    return this.#outcome(slot);
  }

  /** A slot for a request, as a protocol takes it. */
  take(): number {
    return this.run.sessions[0].pending.take(0, 0, Infinity);
  }

  #outcome(slot: number): number {
    this.run.finish();
    assertEquals(this.run.sessions[0].nextEnded(), slot);
    return this.writer.outcome(slot);
  }

  [Symbol.dispose](): void {
    this.run[Symbol.dispose]();
  }
}

const A = new Uint8Array(2048).fill(0xaa);

Deno.test("whole sectors go to the device and the image without a read, and count as read", () => {
  using writing = new Writing();
  assertEquals(writing.write(1024, A.subarray(0, 1024)), 0);
  assertEquals(writing.done, ["write 1024+1024"]);
  assertEquals(writing.device.reads, []);
  assertEquals(writing.run.picture(0, 2560), "??++?");
  assertEquals(writing.run.imageBytes(1024, 1024), A.slice(0, 1024));
});

Deno.test("the rest of sectors that are written in part comes from the device, or from the image", () => {
  using writing = new Writing();
  const before = writing.device.content.slice();
  assertEquals(writing.write(700, A.subarray(0, 1000)), 0);
  assertEquals(writing.done, ["write 512+1536"]);
  assertEquals(writing.device.reads.map(({ offset }) => offset), [512, 1536]);
  const expected = before.slice();
  expected.fill(0xaa, 700, 1700);
  assertEquals(writing.device.content, expected);
  assertEquals(writing.run.imageBytes(512, 1536), expected.slice(512, 2048));
  assertEquals(writing.run.picture(0, 2560), "?+++?");
  // Now the image has them: the device is not asked again.
  assertEquals(writing.write(1000, A.subarray(0, 10)), 0);
  assertEquals(writing.device.reads.length, 2);
  expected.fill(0xaa, 1000, 1010);
  assertEquals(writing.device.content, expected);
});

Deno.test("zeros of any length are written, and what was there before is gone from the image", () => {
  using writing = new Writing();
  writing.run.read(0, SECTORS * 512);
  assertEquals(writing.zero(100, 20_000), 0);
  const expected = writing.device.content;
  assertEquals(expected.subarray(100, 20_100).every((byte) => byte === 0), true);
  assertEquals(writing.run.imageBytes(0, SECTORS * 512), expected.slice());
  assertEquals(writing.run.read(0, SECTORS * 512).bytes, expected.slice());
});

Deno.test("a write that the device refuses takes back what the image has there, and no more", () => {
  using writing = new Writing();
  writing.run.read(0, 4096);
  writing.device.bad.add(3);
  writing.writeResult = -ENOSPC;
  assertEquals(writing.write(1024, A.subarray(0, 1024)), ENOSPC);
  assertEquals(writing.run.picture(0, 4096), "++??++++");
  assertEquals(writing.run.told, [`cannot write: ${ENOSPC}`]);
  // It is read again when somebody asks, and found bad only then.
  assertEquals(writing.run.read(1024, 1024).unreadable, [[1536, 2048]]);
  assertEquals(writing.run.picture(0, 4096), "+++-++++");
});

Deno.test("a bad sector that is written whole is good, and stays bad when the device refuses", () => {
  using writing = new Writing();
  writing.device.bad.add(2);
  writing.run.read(0, 4096);
  assertEquals(writing.run.picture(0, 4096), "++-+++++");
  assertEquals(writing.write(1030, A.subarray(0, 10)), EIO);
  assertEquals(writing.done, []);
  writing.writeResult = -EIO;
  assertEquals(writing.write(1024, A.subarray(0, 512)), EIO);
  assertEquals(writing.run.picture(0, 4096), "++-+++++");
  writing.writeResult = 0;
  assertEquals(writing.write(1024, A.subarray(0, 512)), 0);
  assertEquals(writing.run.picture(0, 4096), "++++++++");
  assertEquals(writing.run.read(1024, 512).bytes, A.slice(0, 512));
});

Deno.test("what the image does not take is written to the device all the same, and not claimed", () => {
  using writing = new Writing();
  writing.run.read(0, 4096);
  writing.run.refuseWrites();
  assertEquals(writing.write(512, A.subarray(0, 512)), 0);
  assertEquals(writing.run.picture(0, 2048), "+?++");
  assertEquals(writing.device.content.slice(512, 1024), A.slice(0, 512));
  assertEquals(writing.run.read(512, 512).bytes, A.slice(0, 512));
});

Deno.test("a flush syncs once for what was written before; FUA does it with the write", () => {
  using writing = new Writing();
  assertEquals(writing.flush(), 0);
  writing.write(0, A.subarray(0, 512));
  assertEquals(writing.flush(), 0);
  assertEquals(writing.flush(), 0);
  assertEquals(writing.write(512, A.subarray(0, 512), true), 0);
  assertEquals(writing.done, ["write 0+512", "sync", "write 512+512", "sync"]);
});

Deno.test("a sync that fails is told, and nothing of the regions that were written counts any more", () => {
  using writing = new Writing();
  writing.run.read(0, SECTORS * 512);
  writing.write(0, A.subarray(0, 512));
  writing.syncResult = -EIO;
  assertEquals(writing.flush(), EIO);
  assertEquals(writing.run.picture(), "?".repeat(SECTORS));
  assertEquals(writing.run.told, [`cannot sync: ${EIO}`]);
});

Deno.test("reads have every other turn while a long write goes on", () => {
  using writing = new Writing();
  const { run, writer } = writing;
  writer.reserve(512)!.fill(1);
  writer.write(writing.take(), 0, 512, false);
  run.ask(10, 8192, 512);
  writer.reserve(512)!.fill(2);
  writer.write(writing.take(), 512, 512, false);
  run.reader.step();
  run.reader.step();
  assertEquals([writing.done.length, writing.device.reads.length], [1, 1]);
  run.finish();
  const ended = [0, 1, 2].map(() => run.sessions[0].nextEnded());
  assertEquals(ended, [0, 1, 2]);
});

Deno.test("at the end what waits is refused, and what was written is synced", () => {
  using writing = new Writing();
  writing.write(0, A.subarray(0, 512));
  writing.writer.reserve(512);
  const slot = writing.take();
  writing.writer.write(slot, 0, 512, false);
  writing.run.state.end();
  writing.run.reader.run();
  assertEquals(writing.run.sessions[0].nextEnded(), slot);
  assertEquals(writing.writer.outcome(slot), 108);
  assertEquals(writing.done, ["write 0+512", "sync"]);
});

Deno.test("a region counts as done when device and image have been synced, and not before", () => {
  const device = new SimulatedDevice(REGION_BYTES + 512);
  const done: string[] = [];
  const writable: WritableDevice = {
    write: (address, length, offset) => {
      copyMemory(addressOf(device.content) + offset, address, length);
      return length;
    },
    sync: () => (done.push("sync device"), 0),
  };
  using folder = new TestFolder();
  using run = new SimulatedRun(device, {
    writable,
    canCrash: true,
    image: folder.file("image"),
  });
  run.disk!.before = (what) => void done.push(what);
  const writer = new DeviceWriter(run.sessions[0]);
  const make = (post: (slot: number) => number) => {
    const slot = run.sessions[0].pending.take(0, 0, Infinity);
    assertEquals(post(slot), PENDING);
    run.finish();
    assertEquals(run.sessions[0].nextEnded(), slot);
    assertEquals(writer.outcome(slot), 0);
  };
  const write = (offset: number) =>
    make((slot) => {
      writer.reserve(512)!.fill(1);
      return writer.write(slot, offset, 512, false);
    });
  write(0);
  using _later = new LaterClock(60_000);
  write(REGION_BYTES);
  done.length = 0;
  make((slot) => writer.flush(slot));
  assertEquals(done, ["sync device", "fdatasync image", "pwrite image.writing"]);
  const regions = unfinishedRegions(run.intentsPath, device.size);
  assertEquals(regions, [{ start: REGION_BYTES, end: device.size }]);
});
