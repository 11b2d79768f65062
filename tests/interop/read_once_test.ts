// Eight clients that want the same cold bytes at the same time make the device deliver them once.

import { assert, assertEquals } from "@std/assert";
import { FailingDevice } from "../harness/failing_device.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const MIB = 1024 * 1024;
const SIZE = 64 * MIB;
const CLIENTS = 8;
/** What the kernel reads ahead of a regular file's head; it forgets that when the file is opened once more. */
const KERNEL_READ_AHEAD = 65_536;
/** What nbdcopy opens on a machine of four processors or more. */
const CONNECTIONS = 4;

for (const asFile of [true, false]) {
  Deno.test({
    name: `eight clients read the same cold 64 MiB of ${asFile ? "a file" : "a loop device"} once`,
    ignore: !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup", "nbdcopy"),
    async fn() {
      using folder = new TestFolder();
      const file = folder.noise("source", SIZE);
      await using device = await FailingDevice.make(file, { asFile });
      device.source.mark();
      const args = [`--max-clients=${CLIENTS * CONNECTIONS}`];
      await using served = await Served.start(device.path, { dir: folder.path, args });
      await copyByAll(served.uri, folder.file("copy"));
      assertSameFile(folder.file("copy"), file);
      const { done } = await served.stop();
      assert(done!.servedBytes >= CLIENTS * SIZE, "eight clients have read all of it");

      const again = device.source.deliveredBytes() - SIZE;
      assert(
        again >= 0 && again <= (asFile ? KERNEL_READ_AHEAD : 0),
        `${again} bytes are read twice`,
      );
      assertEquals(done?.totals.finished, SIZE);
    },
  });
}

Deno.test({
  name: "eight clients of four connections each are served without further ado",
  ignore: !hasTools("nbdcopy"),
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", MIB);
    await using served = await Served.start(file, { dir: folder.path });
    await copyByAll(served.uri, folder.file("copy"));
    assertSameFile(folder.file("copy"), file);
  },
});

/** All clients at once; one of them keeps what it gets. */
async function copyByAll(uri: string, path: string): Promise<void> {
  const connections = [`--connections=${CONNECTIONS}`, `--threads=${CONNECTIONS}`];
  const copies = Array.from({ length: CLIENTS }, (_, index) => {
    const args = [...connections, uri, index === 0 ? path : "null:"];
    return tool("nbdcopy", args, { patienceMs: 20_000 });
  });
  // All of them have ended, one way or the other, before a failure is told.
  await Promise.allSettled(copies);
  await Promise.all(copies);
}
