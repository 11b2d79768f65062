// Runs on a block device, with real threads in this process: the reader's thread opens it, and looks at what it is.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { CMD } from "../../conformance/wire.ts";
import { LoopDevice } from "../../harness/loop_device.ts";
import { hasTools, isRoot } from "../../harness/requires.ts";
import { ServedHere } from "../../harness/served_here.ts";
import { assertSameBytes, noise, TestFolder } from "../../harness/test_folder.ts";

const ignore = !isRoot() || !hasTools("losetup");
const SIZE = 2 ** 20;
const CONTENT = noise(SIZE, 1);

function folderWithDevice(): TestFolder {
  const folder = new TestFolder();
  Deno.writeFileSync(folder.file("dev"), CONTENT);
  return folder;
}

function serve(folder: TestFolder, { path }: LoopDevice, ...more: string[]): ServedHere {
  return new ServedHere(
    "serve",
    path,
    folder.file("image"),
    `--socket=${folder.file("s")}`,
    ...more,
  );
}

Deno.test({
  name: "a block device is read through, and resumed by what was read of it",
  ignore,
  async fn() {
    using folder = folderWithDevice();
    using loop = LoopDevice.attach(folder.file("dev"));
    for (const resumed of [false, true]) {
      await using served = serve(folder, loop);
      assertEquals((await served.event("ready")).resumed, resumed);
      assertSameBytes(await served.read(await served.client(), 0, SIZE), CONTENT, "what is read");
      assertEquals(await served.end(), 0);
      const { progress } = await served.event("done");
      assertEquals(progress!.failedReads, 0);
      if (resumed) assertEquals(progress!.deviceBytes, 0);
    }
  },
});

Deno.test({
  name: "another device at the same name is refused, and the image left as it is",
  ignore,
  async fn() {
    using folder = folderWithDevice();
    {
      using loop = LoopDevice.attach(folder.file("dev"));
      await using served = serve(folder, loop, "--fill", "--exit-when-complete");
      assertEquals(await served.exitCode, 0);
    }
    Deno.writeFileSync(folder.file("other"), noise(SIZE, 2));
    using loop = LoopDevice.attach(folder.file("other"));
    await using served = serve(folder, loop);
    const error = await assertRejects(() => served.exitCode, UserError);
    assertMatch(error.message, /is of another device/);
    assertSameBytes(Deno.readFileSync(folder.file("image")), CONTENT, "the image");
  },
});

Deno.test({
  name: "a device can be written through, unless it is read-only",
  ignore,
  async fn() {
    using folder = folderWithDevice();
    const payload = noise(4096, 3);
    {
      using loop = LoopDevice.attach(folder.file("dev"));
      await using served = serve(folder, loop, "--write-through");
      const client = await served.client();
      await client.request({ type: CMD.WRITE, offset: 8192, length: 4096, payload });
      assertEquals((await client.outcome()).errno, 0);
      await client.request({ type: CMD.FLUSH });
      assertEquals((await client.outcome()).errno, 0);
      assertEquals(await served.end(), 0);
      assert(served.sentences.includes(`clients can write to "${loop.path}" itself`));
    }
    assertEquals(Deno.readFileSync(folder.file("dev")).subarray(8192, 12_288), payload);
    using loop = LoopDevice.attach(folder.file("dev"), { readOnly: true });
    await using served = serve(folder, loop, "--write-through");
    await assertRejects(() => served.exitCode, UserError, "write-protected");
  },
});

Deno.test({
  name: "a device without a byte is refused",
  ignore,
  async fn() {
    using folder = new TestFolder();
    Deno.writeFileSync(folder.file("empty"), new Uint8Array());
    using loop = LoopDevice.attach(folder.file("empty"));
    await using served = serve(folder, loop);
    await assertRejects(() => served.exitCode, UserError, loop.path);
    assertEquals(folder.listing(), ["empty 0"]);
  },
});
