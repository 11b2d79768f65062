import { assertEquals } from "@std/assert";
import { busPathOf, isAttached, whereaboutsOf } from "../../../src/host/bus_path.ts";

const PCI = "../../devices/pci0000:00";

for (
  const [what, folder, expected] of [
    [
      "a USB disk behind a hub",
      `${PCI}/0000:00:14.0/usb1/1-1/1-1.2/1-1.2:1.0/host3/target3:0:0/3:0:0:0/block/sdb`,
      "1-1.2",
    ],
    [
      "its partition",
      `${PCI}/0000:00:14.0/usb1/1-1/1-1.2/1-1.2:1.0/host3/target3:0:0/3:0:0:0/block/sdb/sdb1`,
      "1-1.2",
    ],
    [
      "a USB disk at the root hub",
      `${PCI}/0000:00:14.0/usb2/2-4/2-4:1.0/host6/target6:0:0/6:0:0:0/block/sdc`,
      "2-4",
    ],
    [
      "a SATA disk",
      `${PCI}/0000:00:17.0/ata4/host3/target3:0:0/3:0:0:0/block/sda`,
      "host3",
    ],
    [
      "a disk of virtio-scsi",
      `${PCI}/0000:00:04.0/virtio1/host0/target0:0:0/0:0:0:0/block/sda`,
      "host0",
    ],
    [
      "an NVMe disk behind a bridge",
      `${PCI}/0000:00:1d.0/0000:01:00.0/nvme/nvme0/nvme0n1`,
      "0000:01:00.0",
    ],
    ["a loop device", "../../devices/virtual/block/loop3", ""],
    ["nothing", "", ""],
  ] as const
) {
  Deno.test(`the place of ${what}`, () => assertEquals(busPathOf(folder), expected));
}

Deno.test("a file, and a path that leads nowhere, have a name and nothing else", () => {
  for (const device of [new URL(import.meta.url).pathname, "/dev/no such disk"]) {
    assertEquals(whereaboutsOf(device), { device, serial: "", busPath: "" });
    assertEquals(isAttached(device), false);
  }
});
