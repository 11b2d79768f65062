// Eight clients that want the same cold bytes at the same time make the device deliver them once.

import { assertEquals } from "@std/assert";
import { FailingDevice } from "../harness/failing_device.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const SIZE = 64 * 1024 * 1024;
const CLIENTS = 8;

for (const asFile of [true, false]) {
  Deno.test({
    name: `eight clients read the same cold 64 MiB of ${asFile ? "a file" : "a loop device"} once`,
    ignore: !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup", "nbdcopy"),
    async fn() {
      using folder = new TestFolder();
      const file = folder.noise("source", SIZE);
      await using device = await FailingDevice.make(file, { asFile });
      device.source.mark();
      const dir = folder.path;
      await using served = await Served.start(device.path, { dir, args: ["--max-clients=32"] });
      const copy = folder.file("copy");
      const targets = Array.from({ length: CLIENTS }, (_, index) => index === 0 ? copy : "null:");
      await Promise.all(targets.map((target) => tool("nbdcopy", [served.uri, target])));
      assertSameFile(copy, file);
      const { done } = await served.stop();
      assertEquals(done?.servedBytes! >= CLIENTS * SIZE, true, "eight clients have read it all");

      const reads = device.source.reads().sort((a, b) => a.offset - b.offset);
      const ends = reads.map(({ offset, length }) => offset + length);
      assertEquals(reads.filter(({ offset }, index) => offset !== (ends[index - 1] ?? 0)), []);
      assertEquals(device.source.deliveredBytes(), SIZE);
      assertEquals(done?.totals.finished, SIZE);
    },
  });
}
