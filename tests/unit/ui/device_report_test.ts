import { assert, assertEquals } from "@std/assert";
import type { BlockDeviceInfo } from "../../../src/file/block_listing.ts";
import type { Identity } from "../../../src/file/identity.ts";
import { deviceTable, sourceDetails } from "../../../src/ui/device_report.ts";

const DISK: BlockDeviceInfo = {
  name: "sda",
  path: "/dev/sda",
  class: "Device",
  size: 1_000_204_886_016,
  sectorSize: 512,
  physicalSectorSize: 4096,
  removable: false,
  optical: false,
  rotational: true,
  readOnly: false,
  vendor: "ATA",
  model: "SAMPLE 1TB",
  serial: "S123",
  transport: "ata",
  medium: null,
  label: null,
  backingFile: null,
  partitions: ["sda1", "sda2"],
  mountPoints: ["/", "/mnt"],
};
const DRIVE: BlockDeviceInfo = {
  ...DISK,
  name: "sr0",
  path: "/dev/sr0",
  class: "Removable",
  size: 0,
  sectorSize: 2048,
  physicalSectorSize: 2048,
  removable: true,
  optical: true,
  vendor: "HL-DT-ST",
  model: "DVDRAM",
  serial: null,
  medium: "open",
  partitions: [],
  mountPoints: [],
};
const IDENTITY: Identity = {
  size: 0,
  sectorSize: 2048,
  fingerprint: null,
  model: null,
  serial: null,
  volume: {
    kind: "iso9660",
    label: "HOLIDAY",
    created: "2001-02-03T04:05:06Z",
    modified: null,
    id: null,
    size: null,
  },
  stretches: [],
};

Deno.test("all devices are a table that fits the width", () => {
  const lines = deviceTable([DISK, DRIVE, { ...DRIVE, medium: "present", label: "HOLIDAY" }], 80);
  assertEquals(lines, [
    "DEVICE    CLASS         SIZE  SECTOR  MEDIUM   ABOUT",
    "/dev/sda  Device     932 GiB     512  -        ATA SAMPLE 1TB, mounted at / /mnt",
    "/dev/sr0  Removable        -    2048  open     HL-DT-ST DVDRAM",
    '/dev/sr0  Removable        -    2048  present  HL-DT-ST DVDRAM, "HOLIDAY"',
  ]);
  const long = deviceTable([{ ...DISK, model: "x".repeat(100) }], 80);
  for (const line of long) assert(line.length <= 80, line);
});

Deno.test("one device is described with everything that is known", () => {
  const report = {
    path: "/dev/sda",
    class: "Device" as const,
    size: DISK.size,
    sectorSize: 512,
    image: "sda-01234567.img",
    identity: { ...IDENTITY, fingerprint: "01234567" },
    device: DISK,
  };
  assertEquals(sourceDetails(report), [
    "/dev/sda",
    "  class         Device",
    "  size          932 GiB (1000204886016 bytes)",
    "  sectors       512 bytes, physically 4096 bytes",
    "  model         ATA SAMPLE 1TB",
    "  serial        S123",
    "  connected by  ata",
    "  kind          rotational",
    '  volume        iso9660 "HOLIDAY"',
    "  created       2001-02-03T04:05:06Z",
    "  partitions    sda1 sda2",
    "  mounted at    / /mnt",
    "  fingerprint   01234567",
    "  identity      01234567",
    "  image         sda-01234567.img",
  ]);
});

Deno.test("an unreadable start has no fingerprint but an identity", () => {
  const lines = sourceDetails({
    path: "a.iso",
    class: "File",
    size: 2048,
    sectorSize: 2048,
    image: null,
    identity: IDENTITY,
    device: null,
  });
  assert(lines.includes("  fingerprint  none: its start cannot be read"), lines.join("\n"));
  assert(lines.some((line) => /^ {2}identity {5}[0-9a-f]{8}$/.test(line)), lines.join("\n"));
});
