import { assertEquals, assertThrows } from "@std/assert";
import { EBADF } from "../../../src/sys/errno.ts";
import { closeFd, identityOf, openFile } from "../../../src/sys/fd.ts";
import { O_CREAT, O_RDONLY, O_RDWR } from "../../../src/sys/open_flags.ts";
import { deviceNumbers, makeDevice, S_IFCHR, S_IFMT, S_IFREG } from "../../../src/sys/statx.ts";
import { SystemError } from "../../../src/sys/system_error.ts";

Deno.test("identityOf agrees with Deno.stat, for files and devices", () => {
  const path = Deno.makeTempFileSync();
  Deno.writeTextFileSync(path, "some text");
  for (const [name, kind] of [[path, S_IFREG], ["/dev/null", S_IFCHR]] as const) {
    const fd = openFile(name, O_RDONLY);
    const { dev, ino, rdev, mode, size, nlink, uid, gid } = Deno.statSync(name);
    assertEquals(identityOf(fd), {
      dev,
      ino: ino!,
      rdev: rdev!,
      mode: mode!,
      size,
      nlink: nlink!,
      uid: uid!,
      gid: gid!,
    });
    assertEquals(identityOf(fd).mode & S_IFMT, kind);
    closeFd(fd);
  }
  Deno.removeSync(path);
});

Deno.test("identityOf follows the descriptor, not the name", () => {
  const path = Deno.makeTempFileSync();
  const fd = openFile(path, O_RDWR | O_CREAT);
  Deno.removeSync(path);
  assertEquals(identityOf(fd).nlink, 0);
  closeFd(fd);
  assertEquals(assertThrows(() => identityOf(fd), SystemError).errno, EBADF);
});

Deno.test("device numbers are packed as glibc packs them, and unpacked again", () => {
  const table: [major: number, minor: number, device: number][] = [
    [8, 1, 0x801],
    [11, 0, 0xb00],
    [259, 5, 0x10305],
    [43, 256, 0x102b00],
    [253, 0xfffff, 0xfff0_fdff],
    [0xfff, 0xfffff, 0xffff_ffff],
    [0x1000, 0, 0x1000_0000_0000],
  ];
  for (const [major, minor, device] of table) {
    assertEquals(makeDevice(major, minor), device, `${major}:${minor}`);
    assertEquals(deviceNumbers(device), { major, minor });
  }
});
