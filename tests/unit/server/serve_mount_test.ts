// Runs that show the device as a file, with real threads in this process: mount(2) and /dev/fuse are the kernel's.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { isMounted } from "../../harness/shown_file.ts";
import { isRoot } from "../../harness/requires.ts";
import { ServedHere } from "../../harness/served_here.ts";
import { assertSameBytes, exists, noise, TestFolder } from "../../harness/test_folder.ts";
import { tool } from "../../harness/tool.ts";

const ignore = !isRoot();
const SIZE = 300_000;
const CONTENT = noise(SIZE, 1);

function folderWithDevice(): TestFolder {
  const folder = new TestFolder();
  Deno.writeFileSync(folder.file("dev"), CONTENT);
  return folder;
}

function mount(folder: TestFolder, ...more: string[]): ServedHere {
  const files = [folder.file("dev"), folder.file("shown"), folder.file("image")];
  return new ServedHere("mount", ...files, `--socket=${folder.file("s")}`, ...more);
}

Deno.test({
  name:
    "the file is the device, and goes with the run; a new one is removed, one that was there stays",
  ignore,
  async fn() {
    using folder = folderWithDevice();
    for (const wasThere of [false, true]) {
      if (wasThere) Deno.writeTextFileSync(folder.file("shown"), "");
      await using served = mount(folder);
      await served.event("ready");
      const { size, mode } = await Deno.stat(folder.file("shown"));
      assertEquals([size, mode! & 0o222], [SIZE, 0], "it has the size, and cannot be written to");
      assertSameBytes(await Deno.readFile(folder.file("shown")), CONTENT, "the file");
      assertEquals(await served.end(), 0);
      assertEquals(exists(folder.file("shown")), wasThere);
      assertEquals(isMounted(folder.file("shown")), false);
    }
  },
});

Deno.test({
  name: "unmounting ends mount, but not serve --mount",
  ignore,
  async fn() {
    using folder = folderWithDevice();
    {
      await using served = mount(folder);
      await served.event("ready");
      await tool("umount", [folder.file("shown")]);
      assertEquals(await served.exitCode, 0);
    }
    const files = [folder.file("dev"), folder.file("image"), `--socket=${folder.file("s")}`];
    await using served = new ServedHere("serve", ...files, `--mount=${folder.file("shown")}`);
    await served.event("ready");
    await tool("umount", [folder.file("shown")]);
    await served.event("info", ({ message }) => message.endsWith('shown" has been unmounted'));
    const client = await served.client();
    assertSameBytes(await served.read(client, 0, 4096), CONTENT.subarray(0, 4096), "over NBD");
    assertEquals(await served.end(), 0);
  },
});

Deno.test({
  name: "a file with something in it, and one that is mounted already, are refused",
  ignore,
  async fn() {
    using folder = folderWithDevice();
    Deno.writeTextFileSync(folder.file("shown"), "text");
    await using full = mount(folder);
    await assertRejects(() => full.exitCode, UserError, "shown");
    assertEquals(Deno.readTextFileSync(folder.file("shown")), "text");
    Deno.removeSync(folder.file("shown"));
    await using first = mount(folder);
    await first.event("ready");
    const second = ["mount", folder.file("dev"), folder.file("shown"), folder.file("image2")];
    await using again = new ServedHere(...second, `--socket=${folder.file("s2")}`);
    await assertRejects(() => again.exitCode, UserError, "shown");
    assert(isMounted(folder.file("shown")), "the first one goes on");
    assertEquals(await first.end(), 0);
  },
});
