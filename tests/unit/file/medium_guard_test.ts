import { assertEquals } from "@std/assert";
import { MediumGuard } from "../../../src/file/medium_guard.ts";
import { Removable } from "../../../src/file/removable.ts";
import { closeFd, openFile } from "../../../src/sys/fd.ts";
import { tryIoctlValue } from "../../../src/sys/ioctl.ts";
import { O_RDONLY } from "../../../src/sys/open_flags.ts";
import { LoopDevice } from "../../harness/loop_device.ts";
import { hasTools, isRoot } from "../../harness/requires.ts";
import { inFolder, makeFile, makeHole } from "./temporary_folder.ts";

/** linux/loop.h: puts another file behind a read-only loop device, as a drive gets another disc. */
const LOOP_CHANGE_FD = 0x4c06;

Deno.test({
  name: "a medium is the same until it has been exchanged, also under an open descriptor",
  ignore: !isRoot() || !hasTools("losetup"),
  fn: async () => {
    await inFolder((folder) => {
      using loop = LoopDevice.attach(makeFile(folder, "a.img", 65_536), { readOnly: true });
      using drive = Removable.open(loop.path);
      const guard = new MediumGuard(drive);
      assertEquals([guard.certain, guard.isSame(), guard.isSame()], [true, true, true]);
      insert(drive.fd, makeHole(folder, "b.img", 65_536));
      assertEquals([guard.isSame(), guard.isSame()], [false, false]);
      assertEquals(new MediumGuard(drive).isSame(), true);
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
      const guard = new MediumGuard(drive);
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
