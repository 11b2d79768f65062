import { assertEquals } from "@std/assert";
import { guardedDrive } from "../../../src/identity/guarded_drive.ts";
import type { MediumStatus } from "../../../src/device/medium.ts";
import { type GuardedDrive, MediumGuard } from "../../../src/device/medium_guard.ts";
import { Removable } from "../../../src/device/removable.ts";
import { EIO } from "../../../src/sys/errno.ts";
import { closeFd, openFile } from "../../../src/sys/fd.ts";
import { tryIoctlValue } from "../../../src/sys/ioctl.ts";
import { O_RDONLY } from "../../../src/sys/open_flags.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import { LoopDevice } from "../../harness/loop_device.ts";
import { hasTools, isRoot } from "../../harness/requires.ts";
import { inFolder, makeFile, makeHole } from "../../harness/temporary_folder.ts";

/** linux/loop.h: puts another file behind a read-only loop device, as a drive gets another disc. */
const LOOP_CHANGE_FD = 0x4c06;

Deno.test({
  name: "a medium is the same until it has been exchanged, also under an open descriptor",
  ignore: !isRoot() || !hasTools("losetup"),
  fn: async () => {
    await inFolder((folder) => {
      using loop = LoopDevice.attach(makeFile(folder, "a.img", 65_536), { readOnly: true });
      using drive = Removable.open(loop.path);
      const guard = new MediumGuard(guardedDrive(drive));
      assertEquals([guard.isCertain, guard.isSame(), guard.isSame()], [true, true, true]);
      insert(drive.fd, makeHole(folder, "b.img", 65_536));
      assertEquals([guard.isSame(), guard.isSame()], [false, false]);
      assertEquals(new MediumGuard(guardedDrive(drive)).isSame(), true);
    });
  },
});

Deno.test({
  name: "a drive that has gone has another medium",
  ignore: !isRoot() || !hasTools("losetup"),
  fn: async () => {
    await inFolder((folder) => {
      using loop = LoopDevice.attach(makeFile(folder, "a.img", 65_536));
      const drive = Removable.open(loop.path);
      const guard = new MediumGuard(guardedDrive(drive));
      drive.close();
      assertEquals(guard.isSame(), false);
    });
  },
});

function insert(drive: number, file: string): void {
  const fd = openFile(file, O_RDONLY);
  try {
    assertEquals(tryIoctlValue(drive, LOOP_CHANGE_FD, fd), 0);
  } finally {
    closeFd(fd);
  }
}

/** A drive of a kernel without sequence numbers, and what can happen to it. */
class OldDrive implements GuardedDrive {
  mediumSize = 700 * 2048 * 1024;
  seed = 1;
  mediumStatus: MediumStatus = "present";
  isAnnounced = true;
  cannotTell = false;
  hasGone = false;
  unreadable = new Set<number>();
  clockMs = 0;
  reads: number[] = [];

  settle(): void {
    if (this.hasGone) throw new SystemError(EIO, "open");
  }
  sequence(): undefined {}
  hasAnnouncedChange(): boolean | undefined {
    if (this.cannotTell) return undefined;
    const was = this.isAnnounced;
    this.isAnnounced = false;
    return was;
  }
  status(): MediumStatus {
    return this.mediumStatus;
  }
  size(): number {
    return this.mediumSize;
  }
  read(offset: number, length: number): Uint8Array | undefined {
    this.reads.push(offset);
    if (this.unreadable.has(offset)) return undefined;
    return Uint8Array.from({ length }, (_, index) => index * this.seed);
  }
  nowMs(): number {
    return this.clockMs;
  }
}

const PAUSE_MS = 1001;
const CHANGES: [name: string, change: (drive: OldDrive) => void, isSame: boolean][] = [
  ["nothing happens", () => {}, true],
  ["a pause without a change", (drive) => drive.clockMs += PAUSE_MS, true],
  ["a change that is announced", (drive) => drive.isAnnounced = true, false],
  ["the medium has left", (drive) => drive.mediumStatus = "absent", false],
  ["the tray is open", (drive) => drive.mediumStatus = "open", false],
  ["the drive is busy", (drive) => drive.mediumStatus = "not-ready", true],
  ["a medium of another size", (drive) => drive.mediumSize -= 2048, false],
  ["the drive has gone", (drive) => drive.hasGone = true, false],
  ["an exchange after a pause that somebody else was told of", (drive) => {
    drive.seed++;
    drive.clockMs += PAUSE_MS;
  }, false],
  ["an exchange after a pause that the kernel does not tell", (drive) => {
    drive.cannotTell = true;
    drive.seed++;
    drive.clockMs += PAUSE_MS;
  }, false],
  ["a piece that can no longer be read after a pause", (drive) => {
    drive.unreadable.add(32_768);
    drive.clockMs += PAUSE_MS;
  }, true],
];

for (const [name, change, isSame] of CHANGES) {
  Deno.test(`a kernel that does not count media: ${name}`, () => {
    const drive = new OldDrive();
    const guard = new MediumGuard(drive);
    assertEquals([guard.isCertain, guard.isSame()], [false, true]);
    change(drive);
    assertEquals(guard.isSame(), isSame);
  });
}

Deno.test("where media are not counted, a piece of the medium is read again after a pause only", () => {
  const drive = new OldDrive();
  drive.unreadable.add(32_768);
  const guard = new MediumGuard(drive);
  assertEquals(drive.reads.splice(0), [32_768, 0]);
  for (let read = 0; read < 5; read++) {
    drive.clockMs += 500;
    assertEquals(guard.isSame(), true);
  }
  assertEquals(drive.reads, []);
  drive.clockMs += PAUSE_MS;
  assertEquals([guard.isSame(), guard.isSame()], [true, true]);
  assertEquals(drive.reads, [0]);
});
