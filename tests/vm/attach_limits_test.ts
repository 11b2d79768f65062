// `serve --attach` with few descriptors and few threads; tests/faults/mount_limits_test.ts has the other ways in.

import { assertEquals } from "@std/assert";
import { noise, TestFolder } from "../harness/test_folder.ts";
import { hasVirtualMachine, runGuest } from "../harness/virtual_machine.ts";

Deno.test({
  name: "with few descriptors or threads a device is attached, or one sentence refuses",
  ignore: !hasVirtualMachine(),
  async fn() {
    using folder = new TestFolder();
    const disk = folder.file("disk");
    Deno.writeFileSync(disk, noise(1 << 20, 6));
    const { code, output } = await runGuest("attach_limits.sh", folder, [
      ...["-device", "virtio-scsi-pci"],
      ...["-blockdev", `driver=file,node-name=disk,filename=${disk}`],
      ...["-device", "scsi-hd,drive=disk,serial=DISK1"],
    ]);
    assertEquals(code, 0, output);
    for (const name of ["descriptors", "threads"]) {
      const lines = Deno.readTextFileSync(folder.file(`out/${name}`)).trim().split("\n");
      const attached = lines.map((line) => line.endsWith("yes"));
      assertEquals([attached[0], attached.at(-1)], [false, true], lines.join());
      assertEquals(attached, attached.toSorted(), "less was enough where more was not");
    }
  },
});
