// Little memory by a control group of the second version, which most systems have: tests/faults/little_memory_test.ts
// uses the first where a host has only that one.

import { assertEquals } from "@std/assert";
import { assertSameFile, noise, TestFolder } from "../harness/test_folder.ts";
import { hasVirtualMachine, runGuest } from "../harness/virtual_machine.ts";

Deno.test({
  name:
    "a control group of the second version: its limit is known, and the least is enough for a copy",
  ignore: !hasVirtualMachine(),
  async fn() {
    using folder = new TestFolder();
    const disk = folder.file("disk.img");
    Deno.writeFileSync(disk, noise(8 << 20, 4));
    const { code, output } = await runGuest("memory_group.sh", folder, [
      ...["-device", "virtio-scsi-pci"],
      ...["-blockdev", `driver=file,node-name=disk,filename=${disk}`],
      ...["-device", "scsi-hd,drive=disk,serial=DISK1"],
    ]);
    assertEquals(code, 0, output);
    assertSameFile(folder.file("out/copy"), disk);
  },
});
