// A disk that the kernel loses five times during one fill: the command of --on-stall brings it back each time.

import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { areasOf, bytesWith } from "../harness/mapfile_areas.ts";
import { assertSameFile, noise, TestFolder } from "../harness/test_folder.ts";
import { hasVirtualMachine, runGuest } from "../harness/virtual_machine.ts";
import { guestEvents } from "./events.ts";

/** Read slowly, so that much is left when the disk goes for the last time: the script that takes it away is slow too. */
const DISK_BYTES = 48 << 20;
const TIMES = 5;

Deno.test({
  name:
    "a disk goes five times and comes back under other names, by the command of --on-stall: all is read",
  ignore: !hasVirtualMachine(),
  async fn() {
    using folder = new TestFolder();
    const disk = folder.file("disk.img");
    Deno.writeFileSync(disk, noise(DISK_BYTES, 13));
    const { code, output } = await runGuest("stalled_disk.sh", folder, [
      ...["-object", "throttle-group,id=slow,x-bps-read=600000,x-bps-read-max=600000"],
      ...["-blockdev", `driver=file,node-name=file,filename=${disk}`],
      ...["-blockdev", "driver=throttle,throttle-group=slow,node-name=disk,file=file"],
      ...["-device", "virtio-scsi-pci", "-device", "scsi-hd,drive=disk,serial=DISK1"],
    ]);
    assertEquals(code, 0, output);
    assertSameFile(folder.file("out/disk.img"), disk);
    assertEquals(bytesWith("+", areasOf(folder.file("out/disk.img.map"))), DISK_BYTES);

    const calls = Deno.readTextFileSync(folder.file("out/hook")).trimEnd().split("\n")
      .map((line) => line.split(" "));
    assertEquals(calls.map(([, , , count]) => count), ["1", "2", "3", "4", "5"]);
    for (const [index, [device = "", serial, busPath = ""]] of calls.entries()) {
      assertMatch(device, /^\/dev\/sd[a-z]$/);
      assertEquals(serial, "DISK1");
      assertMatch(busPath, /^host\d+$/);
      if (index > 0) assertNotEquals(device, calls[index - 1]![0]);
    }
    const events = guestEvents(folder);
    const answers = events.filter(({ message }) => /answers again/.test(message ?? ""));
    assertEquals(answers.length, TIMES);
    const { event, exitCode, totals } = events.at(-1)!;
    assertEquals([event, exitCode, totals.badSector], ["done", 0, 0]);
  },
});
