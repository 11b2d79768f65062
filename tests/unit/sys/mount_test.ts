import { assert, assertEquals, assertThrows } from "@std/assert";
import { EINVAL, ENODEV, ENOENT } from "../../../src/sys/errno.ts";
import {
  MNT_DETACH,
  mount,
  MS_NODEV,
  MS_NOSUID,
  MS_RDONLY,
  unmount,
} from "../../../src/sys/mount.ts";
import { RAMFS_MAGIC, statfs, TMPFS_MAGIC } from "../../../src/sys/statfs.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import { isRoot } from "../../harness/requires.ts";

const NEEDS_ROOT = { ignore: !isRoot() };

function withFolder(test: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test(
  "a file system is mounted with its options, seen by statfs, and unmounted",
  NEEDS_ROOT,
  () => {
    withFolder((folder) => {
      const before = statfs(folder);
      mount("none", folder, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "size=64k,mode=700");
      try {
        const { type, blockSize, freeBytes, totalBytes } = statfs(folder);
        assertEquals([type, totalBytes, freeBytes], [TMPFS_MAGIC, 65536, 65536]);
        assert(blockSize > 0);
        assertEquals(Deno.statSync(folder).mode! & 0o777, 0o700);
        assertThrows(() => Deno.writeTextFileSync(`${folder}/x`, ""), Error, "Read-only");
      } finally {
        unmount(folder, MNT_DETACH);
      }
      assertEquals(statfs(folder).type, before.type);
    });
  },
);

Deno.test("a file system in memory without a limit has no size", NEEDS_ROOT, () => {
  withFolder((folder) => {
    mount("none", folder, "ramfs", 0, "");
    const { type, totalBytes } = statfs(folder);
    unmount(folder, 0);
    assertEquals([type, totalBytes], [RAMFS_MAGIC, 0]);
  });
});

Deno.test("failed mounts name their target", NEEDS_ROOT, () => {
  withFolder((folder) => {
    const mounting = assertThrows(() => mount("none", folder, "nosuchfs", 0, ""), SystemError);
    assertEquals([mounting.errno, mounting.path], [ENODEV, folder]);
    const unmounting = assertThrows(() => unmount(folder, 0), SystemError);
    assertEquals(
      [unmounting.errno, unmounting.message],
      [EINVAL, `cannot unmount "${folder}": Invalid argument (EINVAL)`],
    );
  });
});

Deno.test("statfs agrees with df, and says which path is missing", () => {
  const { stdout } = new Deno.Command("df", { args: ["-B1", "--output=size", "/"] }).outputSync();
  assertEquals(statfs("/").totalBytes, Number(new TextDecoder().decode(stdout).split("\n")[1]));
  assertEquals(assertThrows(() => statfs("/no/such"), SystemError).errno, ENOENT);
});
