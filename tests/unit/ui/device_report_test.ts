import { assert, assertEquals } from "@std/assert";
import type { PartUse } from "../../../src/filesystems/disk_use.ts";
import { blankIdentity, type Identity } from "../../../src/identity/identity.ts";
import {
  type DeviceChoice,
  deviceTable,
  deviceWarnings,
  sourceDetails,
} from "../../../src/ui/device_report.ts";

const DISK: DeviceChoice = {
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
  system: true,
  answers: true,
  images: [],
};
const DRIVE: DeviceChoice = {
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
  system: false,
};
const IDENTITY: Identity = {
  ...blankIdentity(0, 2048),
  volume: {
    kind: "iso9660",
    label: "HOLIDAY",
    created: "2001-02-03T04:05:06Z",
    modified: null,
    id: null,
    size: null,
  },
};

Deno.test("all devices are a table that fits the width", () => {
  const images = [{ path: "sr0-1.img", certain: true }, { path: "old.img", certain: false }];
  const disc: DeviceChoice = { ...DRIVE, medium: "present", label: "HOLIDAY", size: 2048, images };
  const loop: DeviceChoice = { ...DISK, path: "/dev/loop0", backingFile: "/a/b", system: false };
  const lines = deviceTable([DISK, DRIVE, disc, { ...loop, mountPoints: [] }], 80);
  assertEquals(lines, [
    "DEVICE      KIND          SIZE  SECTOR  MEDIUM   ABOUT",
    "/dev/sda    hard disk  932 GiB     512  -        ATA SAMPLE 1TB, serial S123",
    "                                                 ! mounted at / /mnt",
    "                                                 ! the running system is on it",
    "/dev/sr0    optical          -    2048  open     HL-DT-ST DVDRAM",
    "/dev/sr0    optical      2 KiB    2048  present  HL-DT-ST DVDRAM",
    '                                                 "HOLIDAY"',
    "                                                 cached in sr0-1.img, perhaps",
    "                                                 old.img",
    "/dev/loop0  loop       932 GiB     512  -        ATA SAMPLE 1TB, serial S123,",
    "                                                 /a/b",
  ]);
});

const KINDS: readonly [what: Partial<DeviceChoice>, kind: string][] = [
  [{}, "hard disk"],
  [{ rotational: false }, "solid state"],
  [{ rotational: false, transport: "usb" }, "USB solid state"],
  [{ removable: true, transport: "usb" }, "USB removable"],
  [{ optical: true, removable: true }, "optical"],
  [{ backingFile: "/a" }, "loop"],
];

for (const [what, kind] of KINDS) {
  Deno.test(`a device with ${JSON.stringify(what)} is called ${kind}`, () => {
    assertEquals(deviceTable([{ ...DISK, ...what }], 80)[1].slice(10).split("  ")[0], kind);
  });
}

Deno.test("the running system's disk and mounted ones are warned about", () => {
  assertEquals(deviceWarnings(DISK), [{
    message: "the running system is on /dev/sda: it changes while it is read",
    hints: ["to rescue it, start another system, as from a live medium"],
  }]);
  assertEquals(deviceWarnings({ ...DISK, system: false, mountPoints: ["/mnt", "/a b"] }), [{
    message: "/dev/sda is mounted at /mnt, /a b: it may change while it is read",
    hints: ["umount /mnt '/a b'"],
  }]);
  assertEquals(deviceWarnings(DRIVE), []);
});

const GIB = 2 ** 30;
const PARTS: readonly PartUse[] = [
  {
    name: "p1",
    kind: "NTFS",
    label: "Windows",
    start: 2 ** 20,
    size: 931 * GIB,
    used: 118 * GIB,
    inUse: 118 * GIB,
    remark: null,
  },
  {
    name: "p2",
    kind: "LUKS",
    label: null,
    start: 931 * GIB + 2 ** 20,
    size: GIB,
    used: GIB,
    inUse: null,
    remark: "it is encrypted",
  },
];

Deno.test("one device is described with everything that is known", () => {
  const report = {
    path: "/dev/sda",
    class: "Device" as const,
    size: DISK.size,
    sectorSize: 512,
    image: "sda-01234567.img",
    images: [{ path: "old.img", certain: true }],
    remarks: ["sizes of the disc differ: the drive 5, the file system 3"],
    identity: { ...IDENTITY, fingerprint: "01234567" },
    use: { table: "mbr" as const, parts: PARTS, remark: "the partition table is the backup copy" },
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
    "  kind          hard disk",
    '  volume        iso9660 "HOLIDAY"',
    "  created       2001-02-03T04:05:06Z",
    '  p1            NTFS "Windows" 931 GiB, 118 GiB used',
    "  p2            LUKS 1 GiB, used as a whole: it is encrypted",
    "  note          the partition table is the backup copy",
    "  mounted at    / /mnt",
    "  fingerprint   01234567",
    "  identity      01234567",
    "  image         sda-01234567.img",
    "  cached in     old.img",
    "  note          sizes of the disc differ: the drive 5, the file system 3",
  ]);
});

Deno.test("an unreadable start has no fingerprint but an identity", () => {
  const lines = sourceDetails({
    path: "a.iso",
    class: "File",
    size: 2048,
    sectorSize: 2048,
    image: null,
    images: [],
    remarks: [],
    identity: IDENTITY,
    use: null,
    device: null,
  });
  assert(lines.includes("  fingerprint  none: its start cannot be read"), lines.join("\n"));
  assert(lines.some((line) => /^ {2}identity {5}[0-9a-f]{8}$/.test(line)), lines.join("\n"));
});
