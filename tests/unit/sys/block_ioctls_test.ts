import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  blkDiskSeq,
  blkGetSize64,
  blkPhysicalBlockSize,
  blkReadOnly,
  blkRotational,
  blkSectorSize,
} from "../../../src/sys/block_ioctls.ts";
import {
  CDROM_LEADOUT,
  cdromDriveStatus,
  cdromLockDoor,
  cdromReadTocEntry,
  cdromReadTocHeader,
  cdromSelectSpeed,
  cdromTimedMediaChange,
} from "../../../src/sys/cdrom_ioctls.ts";
import { EINVAL, ENOSPC, ENOTTY } from "../../../src/sys/errno.ts";
import { closeFd, openFile, tryPread, tryPwriteAll } from "../../../src/sys/fd.ts";
import { NativeMemory } from "../../../src/sys/memory.ts";
import { O_DIRECT, O_RDONLY, O_RDWR } from "../../../src/sys/open_flags.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import { hasTools, isRoot } from "../../harness/requires.ts";

const SIZE = 1024 * 1024;
const NEEDS_LOOP = { ignore: !isRoot() || !hasTools("losetup") };

function losetup(...args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command("losetup", { args }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

/** A loop device over an empty file of SIZE bytes, open for direct reads. */
function withLoop(options: string[], test: (fd: number, device: string) => void): void {
  const file = Deno.makeTempFileSync();
  Deno.truncateSync(file, SIZE);
  try {
    const device = losetup("--find", "--show", ...options, file);
    try {
      const fd = openFile(device, O_RDONLY | O_DIRECT);
      try {
        test(fd, device);
      } finally {
        closeFd(fd);
      }
    } finally {
      losetup("--detach", device);
    }
  } finally {
    Deno.removeSync(file);
  }
}

Deno.test("a block device tells its size, sectors and nature", NEEDS_LOOP, () => {
  withLoop(["--sector-size", "4096"], (fd) => {
    assertEquals([blkGetSize64(fd), blkSectorSize(fd), blkPhysicalBlockSize(fd)], [
      SIZE,
      4096,
      4096,
    ]);
    assertEquals([blkReadOnly(fd), typeof blkRotational(fd)], [false, "boolean"]);
  });
  withLoop(["--read-only"], (fd) => {
    assertEquals([blkGetSize64(fd), blkSectorSize(fd), blkReadOnly(fd)], [SIZE, 512, true]);
  });
});

Deno.test("each medium has a sequence number of its own", NEEDS_LOOP, () => {
  const numbers: number[] = [];
  for (let round = 0; round < 2; round++) withLoop([], (fd) => numbers.push(blkDiskSeq(fd)));
  assert(numbers[0]! > 0 && numbers[1]! > numbers[0]!);
});

Deno.test("O_DIRECT reads of whole sectors work, others are refused", NEEDS_LOOP, () => {
  withLoop([], (fd) => {
    const memory = NativeMemory.allocate(8192);
    assertEquals(tryPread(fd, memory.address, 4096, 512), 4096);
    assertEquals(tryPread(fd, memory.address, 4096, SIZE - 512), 512);
    assertEquals(tryPread(fd, memory.address, 4096, 100), -EINVAL);
    assertEquals(tryPread(fd, memory.address, 100, 0), -EINVAL);
    memory.release();
  });
});

Deno.test("a write across the end of a device fails after the part that fits", NEEDS_LOOP, () => {
  withLoop([], (_fd, device) => {
    const memory = NativeMemory.allocate(8192);
    const writer = openFile(device, O_RDWR);
    assertEquals(tryPwriteAll(writer, memory.address, 4096, SIZE - 512), -ENOSPC);
    assertEquals(tryPwriteAll(writer, memory.address, 4096, SIZE - 4096), 0);
    closeFd(writer);
    memory.release();
  });
});

const BLOCK_REQUESTS = [
  blkGetSize64,
  blkSectorSize,
  blkPhysicalBlockSize,
  blkReadOnly,
  blkRotational,
  blkDiskSeq,
];

const CDROM_REQUESTS: ((fd: number) => unknown)[] = [
  cdromDriveStatus,
  cdromReadTocHeader,
  (fd) => cdromTimedMediaChange(fd, 0),
  (fd) => cdromSelectSpeed(fd, 0),
  (fd) => cdromLockDoor(fd, false),
  (fd) => cdromReadTocEntry(fd, CDROM_LEADOUT),
];

Deno.test("what is no block device says ENOTTY to every request", () => {
  const fd = openFile("/dev/null", O_RDONLY);
  for (const request of [...BLOCK_REQUESTS, ...CDROM_REQUESTS]) {
    const error = assertThrows(() => request(fd), SystemError);
    assertEquals([error.errno, error.fd], [ENOTTY, fd]);
    assert(/^ioctl\([A-Z0-9_]+\)$/.test(error.syscall));
  }
  closeFd(fd);
});

Deno.test("a disk is no optical drive", NEEDS_LOOP, () => {
  withLoop([], (fd) => {
    for (const request of CDROM_REQUESTS) {
      const { errno } = assertThrows(() => request(fd), SystemError);
      assert(errno === EINVAL || errno === ENOTTY);
    }
  });
});
