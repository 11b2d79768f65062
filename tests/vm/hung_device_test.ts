// A disk that does not answer when it is opened.

import { assert, assertEquals } from "@std/assert";
import { assertSameFile, noise, TestFolder } from "../harness/test_folder.ts";
import { hasVirtualMachine, runGuest } from "../harness/virtual_machine.ts";

Deno.test({
  name:
    "a disk that hangs from the first read on: signals end serve and mount, detect ends by itself",
  ignore: !hasVirtualMachine(),
  async fn() {
    using folder = new TestFolder();
    const disk = folder.file("disk.img");
    Deno.writeFileSync(disk, noise(4 << 20, 9));
    const { code, output } = await runGuest("hung_device.sh", folder, [
      ...["-device", "virtio-scsi-pci"],
      ...["-blockdev", `driver=file,node-name=disk,filename=${disk}`],
      ...["-device", "scsi-hd,drive=disk,serial=DISK1"],
    ]);
    assertEquals(code, 0, output);
    const text = (name: string) => Deno.readTextFileSync(folder.file(`out/${name}`));
    const listed = text("detect");
    assert(/^\/dev\/dm-0 /m.test(listed) && /^\/dev\/sda /m.test(listed), listed);
    const named = text("detect.named");
    assert(/^blkcache: error: "\/dev\/dm-0" does not answer$/m.test(named), named);
    assert(/^ {2}size +4 MiB/m.test(named), named);
    assertSameFile(folder.file("out/copy"), disk);
  },
});
