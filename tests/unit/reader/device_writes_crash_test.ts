// A run that writes to the device and loses its power: no byte counts as finished at the next start that the image
// has not as the device has it.
import { assert, assertEquals } from "@std/assert";
import { FileMap } from "../../../src/map/file_map.ts";
import { FINISHED } from "../../../src/map/statuses.ts";
import { PENDING } from "../../../src/nbd/writer.ts";
import { forgetUnfinished } from "../../../src/opening/forget_unfinished.ts";
import { DeviceWriter } from "../../../src/session/device_writer.ts";
import { closeFd, copyMemory, openFile } from "../../../src/sys/fd.ts";
import { addressOf } from "../../../src/sys/memory.ts";
import { O_RDWR } from "../../../src/sys/open_flags.ts";
import { putBack } from "../../harness/crash_disk.ts";
import { TestFolder } from "../../harness/test_folder.ts";
import { LaterClock } from "./later_clock.ts";
import { SimulatedDevice } from "./simulated_device.ts";
import { SimulatedRun } from "./simulated_run.ts";

const SECTOR = 512;
const SIZE = 64 * SECTOR;

Deno.test("a power cut at any moment of a write leaves no byte finished that is another on the device", () => {
  using folder = new TestFolder();
  using after = new TestFolder();
  const device = new SimulatedDevice(SIZE);
  // An earlier run has read all of it.
  for (const name of ["device", "image"]) Deno.writeFileSync(folder.file(name), device.content);
  const map = FileMap.create(SIZE);
  map.set(0, SIZE, FINISHED);
  const fd = openFile(folder.file("device"), O_RDWR);
  const writable = {
    write(address: number, length: number, offset: number) {
      copyMemory(addressOf(device.content) + offset, address, length);
      const bytes = device.content.slice(offset, offset + length);
      return run.disk!.call(["pwrite", fd, bytes, BigInt(length), BigInt(offset)]);
    },
    sync: () => run.disk!.call(["fdatasync", fd]),
  };
  using run: SimulatedRun = new SimulatedRun(device, {
    image: folder.file("image"),
    map,
    writable,
    canCrash: true,
  });
  const disk = run.disk!;
  const writer = new DeviceWriter(run.sessions[0]!);
  const take = () => run.sessions[0]!.pending.take(0, 0, Infinity);
  const finish = (slot: number) => {
    run.finish();
    assertEquals(run.sessions[0]!.nextEnded(), slot);
    assertEquals(writer.outcome(slot), 0);
  };
  const write = (sector: number, value: number, durable = false) => {
    writer.reserve(SECTOR)!.fill(value);
    const slot = take();
    assertEquals(writer.write(slot, sector * SECTOR, SECTOR, durable), PENDING);
    finish(slot);
    if (durable) disk.say(`${sector}=${value}`);
  };
  const flush = () => {
    const slot = take();
    assertEquals(writer.flush(slot), PENDING);
    finish(slot);
  };
  write(3, 1);
  write(9, 2);
  flush();
  disk.say("9=2");
  write(3, 4, true);
  {
    using _later = new LaterClock(60_000);
    write(20, 5);
    flush();
  }
  using _later = new LaterClock(120_000);
  // The region was at rest: it is not recorded any more.
  write(21, 6);
  flush();
  {
    using _later = new LaterClock(240_000);
    write(22, 7, true);
  }
  closeFd(fd);
  let states = 0;
  let unrecorded = 0;
  for (const crash of disk.crashes()) {
    states++;
    putBack(crash, after.path);
    const known = FileMap.create(SIZE);
    known.set(0, SIZE, FINISHED);
    if (!forgetUnfinished(known, after.file("image"), () => {})) unrecorded++;
    const content = crash.files.get("device")!;
    for (const { start, end, status } of known.ranges()) {
      if (status !== FINISHED) continue;
      const image = crash.files.get("image")!.subarray(start, end);
      const isSame = image.every((byte, index) => byte === content[start + index]);
      assert(isSame, `the image is another after ${crash.after}`);
    }
    for (const said of crash.said) {
      const [sector, value] = said.split("=").map(Number);
      const found = content[sector! * SECTOR];
      const isLast = crash.said.findLast((each) => each.startsWith(`${sector}=`)) === said;
      assert(!isLast || found === value || said === "3=1", `${said} is lost after ${crash.after}`);
    }
  }
  assert(states > 100 && unrecorded > 0, `${states}, ${unrecorded}`);
});
