import { assert, assertEquals } from "@std/assert";
import { judgePlace, type PlaceFacts } from "../../../src/files/place.ts";

const GIB = 2 ** 30;
const GOOD: PlaceFacts = {
  imagePath: "/mnt/a.img",
  devicePath: "/dev/sdb",
  folder: "/mnt",
  folderExists: true,
  occupant: "nothing",
  relation: "apart",
  type: "ext4",
  mountPoint: "/mnt",
  readOnly: false,
  inMemory: "no",
  freeBytes: 100 * GIB,
  neededBytes: 10 * GIB,
  imageBytes: 10 * GIB,
};

Deno.test("nothing is said of a good place", () => {
  assertEquals(judgePlace(GOOD), []);
  assertEquals(judgePlace({ ...GOOD, occupant: "file" }), [], "an image to go on with");
  assertEquals(judgePlace({ ...GOOD, freeBytes: 10 * GIB }), [], "just enough room");
  assertEquals(judgePlace({ ...GOOD, type: undefined }), []);
});

const REFUSED: [string, Partial<PlaceFacts>, RegExp][] = [
  ["the source itself", { occupant: "source" }, /is the source itself$/],
  ["another device", { occupant: "device" }, /is a device, which would be overwritten$/],
  ["a directory", { occupant: "other" }, /is not a regular file$/],
  ["a folder that is not there", { folderExists: false }, /there is no directory for the image/],
  [
    "the source's file system",
    { relation: "on the source" },
    /would lie on the source "\/dev\/sdb"/,
  ],
  ["/dev/shm", { mountPoint: "/dev/shm", type: "tmpfs", inMemory: "yes" }, /no image can be kept/],
  ["a read-only file system", { readOnly: true }, /which is read-only$/],
  ["FAT, too large", { type: "vfat" }, /FAT file system at "\/mnt" takes files of up to 4 GiB$/],
];

for (const [name, change, message] of REFUSED) {
  Deno.test(`refused, and nothing else is said: ${name}`, () => {
    const findings = judgePlace({ ...GOOD, ...change, freeBytes: 0 });
    assertEquals(findings.length, 1);
    assertEquals(findings[0]!.severity, "refuse");
    assert(message.test(findings[0]!.message), findings[0]!.message);
    assert(findings[0]!.hints.length > 0);
  });
}

const WARNED: [string, Partial<PlaceFacts>, RegExp[]][] = [
  ["another part of the same disk", { relation: "on the same disk" }, [/same disk as the source/]],
  ["memory", { type: "tmpfs", inMemory: "yes" }, [/\(tmpfs\) is in memory/]],
  ["an overlay on memory", { type: "overlay", inMemory: "perhaps" }, [/is perhaps in memory/]],
  ["little room", { freeBytes: 9 * GIB }, [/9 GiB free, and the image may need 10 GiB$/]],
  ["FAT, small enough", { type: "vfat", imageBytes: 2 ** 32 - 1 }, [/no sparse files/]],
  ["exFAT", { type: "exfat" }, [/\(exfat\) has no sparse files/]],
  ["NFS", { type: "nfs4" }, [/\(nfs4\) is on the network/]],
  ["sshfs", { type: "fuse.sshfs" }, [/is on the network/]],
  [
    "a small live system",
    { type: "overlay", inMemory: "yes", freeBytes: 0 },
    [/in memory/, /0 bytes free/],
  ],
];

for (const [name, change, messages] of WARNED) {
  Deno.test(`warned of: ${name}`, () => {
    const findings = judgePlace({ ...GOOD, ...change });
    assertEquals(findings.map(({ severity }) => severity), messages.map(() => "warn"));
    messages.forEach((message, index) => {
      assert(message.test(findings[index]!.message), findings[index]!.message);
      assert(findings[index]!.hints.length > 0);
    });
  });
}

Deno.test("FAT takes a file of 4 GiB less one byte, and no more", () => {
  const severity = (imageBytes: number) => judgePlace({ ...GOOD, type: "msdos", imageBytes })[0];
  assertEquals(severity(2 ** 32 - 1)?.severity, "warn");
  assertEquals(severity(2 ** 32)?.severity, "refuse");
});

Deno.test("other FUSE file systems are not taken for the network", () => {
  assertEquals(judgePlace({ ...GOOD, type: "fuse.ntfs-3g" }), []);
  assertEquals(judgePlace({ ...GOOD, type: "fuseblk" }), []);
});

Deno.test("names cannot play with the terminal", () => {
  const [finding] = judgePlace({ ...GOOD, imagePath: "/mnt/\x1b[2J", occupant: "other" });
  assert(!finding!.message.includes("\x1b"));
});
