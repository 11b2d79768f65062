import { assertEquals } from "@std/assert";
import { isSystemMount, parseSwaps } from "../../../src/host/running_system.ts";

const MOUNTS: readonly [mountPoint: string, isSystem: boolean][] = [
  ["/", true],
  ["/boot", true],
  ["/boot/efi", true],
  ["/usr", true],
  ["/run/live/medium", true],
  ["/run/live/rootfs/filesystem.squashfs", true],
  ["/lib/live/mount/medium", true],
  ["/run/initramfs/live", true],
  ["/run/archiso/bootmnt", true],
  ["/cdrom", true],
  ["/mnt", false],
  ["/media/cdrom", false],
  ["/run/media/me/DISC", false],
  ["/usr/local/data", false],
  ["/bootleg", false],
  ["/home", false],
];

for (const [mountPoint, isSystem] of MOUNTS) {
  Deno.test(`${mountPoint} is ${isSystem ? "" : "not "}of the running system`, () => {
    assertEquals(isSystemMount(mountPoint), isSystem);
  });
}

Deno.test("names of swap devices and files", () => {
  const text = "Filename\t\t\tType\t\tSize\tUsed\tPriority\n" +
    "/dev/sda2                               partition\t1\t0\t-2\n/swap\\040file file\t1\t0\t-3\n";
  assertEquals(parseSwaps(text), ["/dev/sda2", "/swap file"]);
  assertEquals(parseSwaps(""), []);
});
