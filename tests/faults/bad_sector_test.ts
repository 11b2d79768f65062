// One bad sector: what it costs the device, and what clients get of its neighbours.

import { assert, assertEquals } from "@std/assert";
import { FailingDevice } from "../harness/failing_device.ts";
import { readThrough } from "../harness/nbd_client.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup", "ddrescuelog");
const MIB = 1024 * 1024;
const REQUEST = 65_536;
const EIO = 5;

/** Sector size, and where the bad sector lies in the 64 KiB that are read. */
const PLACES: readonly [sectorSize: number, sector: number][] = [
  [512, 0],
  [512, 53],
  [512, 127],
  [2048, 0],
  [2048, 17],
  [2048, 31],
];

for (const [sectorSize, sector] of PLACES) {
  const bad = 2 * MIB + sector * sectorSize;
  const title = `bad sector ${sector} of ${sectorSize} bytes`;

  Deno.test({
    name: `${title}: one read of 64 KiB gets the others for 4 failing reads, and for none again`,
    ignore,
    async fn() {
      using folder = new TestFolder();
      const file = folder.noise("source", 4 * MIB);
      await using device = await FailingDevice.make(file, { sectorSize, bad: [[bad, sectorSize]] });
      await using served = await Served.start(device.path, { dir: folder.path });
      device.source.mark();
      const range = [2 * MIB, REQUEST] as const;

      const [read] = await readThrough(served.uri, { reads: [range], source: file });
      assertEquals(
        { good: read.good, wrong: read.wrong, errors: read.errors },
        { good: REQUEST - sectorSize, wrong: 0, errors: [[bad, EIO]] },
      );
      const failed = device.source.failedReads();
      assert(failed.length <= 4, `${failed.length} failing reads: ${JSON.stringify(failed)}`);

      const before = device.source.reads().length;
      const again = await readThrough(served.uri, { reads: Array(10).fill(range), source: file });
      for (const { good, errors } of again) {
        assertEquals([good, errors], [REQUEST - sectorSize, [[bad, EIO]]]);
      }
      assertEquals(device.source.reads().length, before, "reads of what is known already");

      const { code, done } = await served.stop();
      assertEquals([code, done?.totals.badSector], [0, sectorSize]);
      assertEquals(await badSectors(served.map, sectorSize), [bad / sectorSize]);
    },
  });
}

Deno.test({
  name: "with simple replies the whole request fails, and smaller ones then succeed at no cost",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", 4 * MIB);
    const bad = 2 * MIB + 10 * 512;
    await using device = await FailingDevice.make(file, { bad: [[bad, 512]] });
    await using served = await Served.start(device.path, { dir: folder.path });
    device.source.mark();
    const simple = { structured: false, source: file };
    const [whole] = await readThrough(served.uri, { ...simple, reads: [[2 * MIB, REQUEST]] });
    assertEquals([whole.errno, whole.good], [EIO, 0]);
    const reads = device.source.reads().length;

    const parts = await readThrough(served.uri, {
      ...simple,
      reads: [[2 * MIB, bad - 2 * MIB], [bad, 512], [bad + 512, 2 * MIB + REQUEST - bad - 512]],
    });
    assertEquals(parts.map(({ errno }) => errno), [0, EIO, 0]);
    assertEquals(parts.map(({ wrong }) => wrong), [0, 0, 0]);
    assertEquals(device.source.reads().length, reads, "reads of what is known already");
  },
});

/** The numbers of the sectors that a mapfile calls bad, by ddrescuelog. */
async function badSectors(map: string, sectorSize: number): Promise<number[]> {
  const list = await tool("ddrescuelog", [`--block-size=${sectorSize}`, "--list-blocks=-", map]);
  return list.split("\n").filter((line) => line !== "").map(Number);
}
