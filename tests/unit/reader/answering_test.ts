// What a client is told while nobody knows whether a failure speaks of its sector or of a device that has stopped.
import { assertEquals } from "@std/assert";
import { EIO } from "../../../src/sys/errno.ts";
import { assertSameBytes } from "../../harness/test_folder.ts";
import { SimulatedDevice } from "./simulated_device.ts";
import { SimulatedRun } from "./simulated_run.ts";

const SECTOR = 512;
const OFFSET = 100 * SECTOR;

Deno.test("a failure is told when the device has proved alive, and not before", () => {
  const device = new SimulatedDevice(200 * SECTOR);
  device.errno = EIO;
  device.bad.add(100);
  using run = new SimulatedRun(device);
  run.read(0, 8 * SECTOR);
  run.ask(7, OFFSET, SECTOR);
  run.reader.step();
  assertEquals(device.reads.at(-1), { offset: OFFSET, length: SECTOR, result: -EIO });
  assertEquals([device.checks.length, run.ended()], [0, []]);
  run.finish();
  assertEquals(device.checks.length, 1);
  assertEquals(run.ended().map(({ unreadable }) => unreadable), [[[OFFSET, OFFSET + SECTOR]]]);
  assertEquals(run.picture(OFFSET, OFFSET + SECTOR), "-");
});

Deno.test("a read that failed while the device was silent begins anew, and gets its bytes", () => {
  const device = new SimulatedDevice(200 * SECTOR);
  using run = new SimulatedRun(device);
  run.read(0, 8 * SECTOR);
  device.override = -EIO;
  run.ask(7, OFFSET, SECTOR);
  run.finish();
  assertEquals(run.ended(), []);
  assertEquals(run.picture(OFFSET, OFFSET + SECTOR), "?");
  device.override = undefined;
  // Longer than its first rest, and shorter than a client waits.
  device.nowMs += 10_000;
  run.finish();
  const [answer] = run.ended();
  assertEquals(answer?.unreadable, []);
  assertSameBytes(answer!.bytes, device.content.slice(OFFSET, OFFSET + SECTOR), "the answer");
});
