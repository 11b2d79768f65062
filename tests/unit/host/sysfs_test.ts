import { assert, assertEquals } from "@std/assert";
import {
  blockDevices,
  parseDiskStats,
  parseNumbers,
  parseUevent,
  scsiSerial,
  SysfsBlock,
} from "../../../src/host/sysfs.ts";
import { closeFd, openFile } from "../../../src/sys/fd.ts";
import { tryIoctlValue } from "../../../src/sys/ioctl.ts";
import { O_RDWR } from "../../../src/sys/open_flags.ts";
import { deviceNumbers, makeDevice } from "../../../src/sys/statx.ts";
import { LoopDevice } from "../../harness/loop_device.ts";
import { hasTools, isRoot } from "../../harness/requires.ts";
import { writePartitionTable } from "../../harness/partition_image.ts";
import { inFolder, makeHole } from "../../harness/temporary_folder.ts";

// linux/loop.h
const LOOP_CTL_ADD = 0x4c80;
const LOOP_CTL_REMOVE = 0x4c81;

Deno.test("disk statistics give device numbers, whatever follows", () => {
  const text =
    "   8       0 sda 1 2 3\n   8       1 sda1 0\n 259       0 nvme0n1 5\n\nnonsense\n 1 x y\n";
  const numbers = parseDiskStats(text).map((device) => deviceNumbers(device));
  assertEquals(numbers, [
    { major: 8, minor: 0 },
    { major: 8, minor: 1 },
    { major: 259, minor: 0 },
  ]);
});

Deno.test("device numbers are two decimal numbers", () => {
  assertEquals(parseNumbers("259:3"), makeDevice(259, 3));
  for (const text of [undefined, "", "8", "8:", ":1", "8:1:2", "8:x", " 8:1", "-8:1"]) {
    assertEquals(parseNumbers(text), undefined, text);
  }
});

Deno.test("a uevent is name=value lines, made printable", () => {
  const event = parseUevent("MAJOR=8\nDEVNAME=sda\nEMPTY=\nnonsense\nA=b=c\nX=\x1b[2J\n");
  assertEquals([...event], [
    ["MAJOR", "8"],
    ["DEVNAME", "sda"],
    ["EMPTY", ""],
    ["A", "b=c"],
    ["X", "[2J"],
  ]);
});

Deno.test("a SCSI serial number is taken from its page only", () => {
  const page = (...bytes: number[]) => Uint8Array.from(bytes);
  assertEquals(scsiSerial(page(0, 0x80, 0, 3, 0x41, 0x42, 0x43, 0x44)), "ABC");
  assertEquals(scsiSerial(page(0, 0x80, 0, 9, 0x41)), "A", "cut off");
  assertEquals(scsiSerial(page(0, 0x83, 0, 1, 0x41)), undefined, "another page");
  for (const bytes of [undefined, page(), page(0, 0x80)]) {
    assertEquals(scsiSerial(bytes), undefined);
  }
});

Deno.test("a device that is not there has no facts, and asking is no error", () => {
  const nothing = new SysfsBlock(makeDevice(4000, 5));
  assertEquals(nothing.exists, false);
  assertEquals(nothing.isPartition, false);
  assertEquals(nothing.disk, nothing);
  for (const fact of ["name", "size", "model", "serial", "diskSeq", "transport"] as const) {
    assertEquals(nothing[fact], undefined, fact);
  }
  assertEquals([nothing.isRemovable, nothing.isReadOnly], [false, false]);
});

Deno.test({
  name: "a partition has its own size, and its disk's queue",
  ignore: !isRoot() || !hasTools("losetup", "partx", "sfdisk"),
  fn: async () => {
    await inFolder(async (folder) => {
      const file = makeHole(folder, "a.img", 8 << 20);
      await writePartitionTable(file, "label: dos\n,2MiB\n");
      using loop = LoopDevice.attach(file, { partitions: true });
      const disk = blockDevices().find((block) => block.name === loop.name)!;
      const part = blockDevices().find((block) => block.name === `${loop.name}p1`)!;
      assertEquals([disk.isPartition, part.isPartition], [false, true]);
      assertEquals([disk.size, part.size], [8 << 20, 2 << 20]);
      assertEquals(part.disk.deviceNumber, disk.deviceNumber);
      assertEquals(disk.disk, disk);
      assertEquals(part.diskNumber("queue/logical_block_size"), 512);
      assertEquals(part.backingFile, file);
      assertEquals([disk.transport, part.transport], ["loop", "loop"]);
      assertEquals(part.diskSeq, disk.diskSeq);
    });
  },
});

Deno.test({
  name:
    "a device that is made anew under its old numbers is another arrival, even without a sequence number",
  ignore: !isRoot() || !hasTools("losetup"),
  fn() {
    const control = openFile("/dev/loop-control", O_RDWR);
    const number = 200 + Deno.pid % 1000;
    const block = new SysfsBlock(makeDevice(7, number));
    const arrivals: string[] = [];
    try {
      assertEquals(block.exists, false, `loop${number}`);
      for (let time = 0; time < 3; time++) {
        assertEquals(tryIoctlValue(control, LOOP_CTL_ADD, number), number);
        const { arrival } = block;
        assertEquals(block.arrival, arrival, "it is there all the time");
        // Linux before 5.15 has no sequence number.
        arrivals.push(arrival.split(" ").slice(0, 2).join(" "));
        assert(tryIoctlValue(control, LOOP_CTL_REMOVE, number) >= 0);
      }
    } finally {
      tryIoctlValue(control, LOOP_CTL_REMOVE, number);
      closeFd(control);
    }
    assertEquals(new Set(arrivals).size, 3, arrivals.join());
  },
});
