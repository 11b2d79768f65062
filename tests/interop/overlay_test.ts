// A file system with a dirty journal, mounted and written to through an overlay: its disk stays as it is.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { FuseFile } from "../harness/fuse_file.ts";
import { LoopDevice } from "../harness/loop_device.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { assertSameFile, noise, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const SIZE = 24 * 1024 * 1024;

Deno.test({
  name: "ext4 with a dirty journal is mounted and written to; source and image keep every byte",
  ignore: !isRoot() || !hasTools("mkfs.ext4", "debugfs", "nbdfuse", "losetup", "qemu-io"),
  async fn() {
    using folder = new TestFolder();
    const source = await dirtyFileSystem(folder);
    const before = folder.file("before");
    Deno.copyFileSync(source, before);
    const args = ["--overlay", folder.file("overlay")];
    {
      await using served = await Served.start(source, { dir: folder.path, args });
      await mounted(folder, served.uri, async (place) => {
        assertEquals(Deno.readTextFileSync(`${place}/old`), "written before the crash");
        Deno.writeTextFileSync(`${place}/new`, "x".repeat(300_000));
        Deno.removeSync(`${place}/old`);
        await tool("sync", ["-f", place]);
      });
      // Another client, which trims and writes at odd places at the end, where the file system has nothing.
      await tool("qemu-io", [
        ...["-f", "raw", "-c", `write -P 0x5a ${SIZE + 1} 70000`, "-c", "flush"],
        ...["-c", `discard ${SIZE + 4096} 8192`, "-c", `read -P 0 ${SIZE + 4096} 8192`, served.uri],
      ]);
      await tool("nbdcopy", [served.uri, folder.file("all")]);
      assertEquals((await served.stop()).code, 0);
    }
    assertSameFile(source, before);
    await using served = await Served.start(source, { dir: folder.path, args });
    await tool("nbdcopy", [served.uri, folder.file("again")]);
    assertSameFile(folder.file("again"), folder.file("all"));
    await mounted(folder, served.uri, (place) => {
      const names = Array.from(Deno.readDirSync(place), ({ name }) => name).sort();
      assertEquals(names, ["lost+found", "new", "other"]);
      assertEquals(Deno.readTextFileSync(`${place}/new`), "x".repeat(300_000));
    });
    assertEquals((await served.stop()).code, 0);
    assertSameFile(source, before);
    // What of the image was read is the source's.
    const image = Deno.readFileSync(folder.file("image"));
    const bytes = Deno.readFileSync(before);
    assert(image.every((byte, at) => byte === bytes[at] || byte === 0));
    const check = await tool("e2fsck", ["-fn", folder.file("all")]);
    assertMatch(check, /Pass 5/);
  },
});

/** A copy of a file system that was mounted when it was made: its journal has to be replayed. */
async function dirtyFileSystem(folder: TestFolder): Promise<string> {
  const live = folder.file("live");
  Deno.writeFileSync(live, new Uint8Array());
  Deno.truncateSync(live, SIZE);
  await tool("mkfs.ext4", ["-q", live]);
  using loop = LoopDevice.attach(live);
  const place = folder.file("place");
  Deno.mkdirSync(place);
  await tool("mount", [loop.path, place]);
  const source = folder.file("source");
  try {
    Deno.writeTextFileSync(`${place}/old`, "written before the crash");
    // An almost empty file system is hardly told from another one.
    Deno.writeFileSync(`${place}/other`, noise(4 * 1024 * 1024, 1));
    await tool("sync", ["-f", place]);
    Deno.copyFileSync(live, source);
  } finally {
    await tool("umount", [place]);
  }
  const features = await tool("debugfs", ["-R", "features", source]);
  assertMatch(features, /needs_recovery/);
  // A device is rarely as small as what is on it.
  Deno.truncateSync(source, SIZE + 100_000);
  return source;
}

/** Mounts what `uri` serves, read-write, through nbdfuse and a loop device. */
async function mounted(
  folder: TestFolder,
  uri: string,
  use: (place: string) => void | Promise<void>,
): Promise<void> {
  const path = folder.file(`shown-${Math.random()}`);
  await using file = await FuseFile.mount(uri, path, { writable: true });
  using loop = LoopDevice.attach(file.path);
  const place = folder.file("place");
  await tool("mount", [loop.path, place]);
  try {
    await use(place);
  } finally {
    await tool("umount", [place]);
  }
}
