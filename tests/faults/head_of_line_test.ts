// Reads that wait for the device hold up nobody who wants what is cached.

import { assert, assertEquals } from "@std/assert";
import { FailingDevice } from "../harness/failing_device.ts";
import { readThrough, wholeDevice } from "../harness/nbd_client.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { exists, TestFolder } from "../harness/test_folder.ts";
import { until } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup");
const MIB = 1024 * 1024;
const SIZE = 16 * MIB;
const CACHED = MIB;
const HITS = 200;

type Reads = [offset: number, length: number][];

for (const misses of [1, 16, 64]) {
  Deno.test({
    name: `with ${misses} reads waiting for a device that hangs, cached ones are answered`,
    ignore,
    async fn() {
      using folder = new TestFolder();
      const file = folder.noise("source", SIZE);
      await using device = await FailingDevice.make(file, { canHang: true });
      await using served = await Served.start(device.path, {
        dir: folder.path,
        args: ["--read-ahead=0"],
      });
      await readThrough(served.uri, { reads: wholeDevice(CACHED, 65_536) });

      let sameConnection;
      {
        await using _hang = await device.source.hang();
        device.source.mark();
        const hitsDone = folder.file("hits");
        sameConnection = readThrough(served.uri, {
          reads: [...missing(misses), ...cached()],
          inflight: misses + HITS,
          source: file,
          announce: [HITS, hitsDone],
        });
        await until("the device hangs", () => device.source.reads().length > 0);
        const otherConnection = await readThrough(served.uri, { reads: cached(), source: file });
        assertEquals(otherConnection.filter(({ errno, wrong }) => errno || wrong), []);
        await until("all hits are answered", () => exists(hitsDone));
        assert(device.source.reads().every(({ failed }) => failed === undefined), "it hung");
      }
      const reads = await sameConnection;
      assertEquals(reads.filter(({ errno, wrong }) => errno || wrong), []);
      assert(reads.slice(0, HITS).every(({ index }) => index >= misses), "hits come first");
    },
  });
}

Deno.test({
  name: "with 4 reads of half a second each waiting, cached ones are answered before the first",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using device = await FailingDevice.make(file, { delayMs: 500 });
    await using served = await Served.start(device.path, {
      dir: folder.path,
      args: ["--read-ahead=0"],
    });
    await readThrough(served.uri, { reads: [[0, CACHED]] });
    const misses = 4;
    const reads = await readThrough(served.uri, {
      reads: [...missing(misses), ...cached()],
      inflight: misses + HITS,
      source: file,
    });
    assertEquals(reads.filter(({ errno, wrong }) => errno || wrong), []);
    assert(reads.slice(0, HITS).every(({ index }) => index >= misses), "hits come first");
  },
});

/** Reads of what is not cached, far enough from each other to be read one by one. */
function missing(count: number): Reads {
  return Array.from({ length: count }, (_, index) => [CACHED + index * 196_608, 4096]);
}

/** Small reads all over what is cached. */
function cached(): Reads {
  return Array.from({ length: HITS }, (_, index) => [(index * 37 * 4096) % CACHED, 4096]);
}
