// The image cannot take what is read, or is changed by somebody else: clients get right bytes from the device
// all the same, one sentence says so, and the mapfile never claims what the image does not have.

import { assert, assertEquals } from "@std/assert";
import { type Area, areasOf, bytesWith } from "../harness/mapfile_areas.ts";
import { readThrough, wholeDevice } from "../harness/nbd_client.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { SmallFileSystem } from "../harness/small_file_system.ts";
import { assertSameBytes, assertSameFile, exists, TestFolder } from "../harness/test_folder.ts";
import { tool, until } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("mount", "mkfs.ext4", "nbdcopy", "ddrescuelog");
const MIB = 1024 * 1024;
const SIZE = 8 * MIB;
const ROOM = 4 * MIB;
const SAVE_OFTEN = "--save-interval=0.2";

const FILE_SYSTEMS = [
  { name: "tmpfs", make: SmallFileSystem.tmpfs },
  { name: "ext4", make: SmallFileSystem.ext4 },
];

for (const { name, make } of FILE_SYSTEMS) {
  Deno.test({
    name: `image on a full ${name}: reading goes on, and caching too once there is room`,
    ignore,
    async fn() {
      using folder = new TestFolder();
      const file = folder.noise("source", SIZE);
      await using small = await make(folder.file("small"), ROOM);
      // What takes the room and makes it again.
      Deno.writeFileSync(`${small.path}/ballast`, new Uint8Array(MIB).fill(1));
      const map = folder.file("map");
      await using served = await Served.start(file, {
        dir: folder.path,
        image: "small/image",
        args: [SAVE_OFTEN, `--map=${map}`],
      });
      for (let copy = 0; copy < 2; copy++) {
        await tool("nbdcopy", [served.uri, folder.file("copy")]);
        assertSameFile(folder.file("copy"), file);
      }
      await until("the map is saved", () => bytesWith("+", areasOf(map)) > ROOM / 4);
      assertTrue(served.image, areasOf(map), file);
      assertEquals(aboutWriting(served).length, 1, served.messages("warning").join("\n"));

      Deno.removeSync(`${small.path}/ballast`);
      const cachedBefore = bytesWith("+", areasOf(map));
      // It is tried again once a second. The mapfile may have been behind when it was looked at.
      const isTold = () =>
        served.messages("info").some((message) => message.includes("can be written again"));
      await until("caching goes on", async () => {
        await readThrough(served.uri, { reads: wholeDevice(SIZE, 65_536) });
        return isTold() && bytesWith("+", areasOf(map)) > cachedBefore + MIB / 4;
      });
      const { code } = await served.stop();
      assertEquals(code, 0);
      await tool("ddrescuelog", ["--show-status", map]);
      assertTrue(served.image, areasOf(map), file);
    },
  });
}

Deno.test({
  name: "image and map on one full file system: what was read and kept is not forgotten",
  ignore,
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using _small = await SmallFileSystem.tmpfs(folder.file("small"), ROOM);
    const options = { dir: folder.path, image: "small/image", args: [SAVE_OFTEN] };
    await using served = await Served.start(file, options);
    await tool("nbdcopy", [served.uri, folder.file("copy")]);
    assertSameFile(folder.file("copy"), file);
    await served.stop();
    await tool("ddrescuelog", ["--show-status", served.map]);
    assertTrue(served.image, areasOf(served.map), file);
    const cached = bytesWith("+", areasOf(served.map));
    assert(cached > ROOM / 2, `the mapfile knows of ${cached} bytes`);
  },
});

for (
  const { name, harm } of [
    { name: "cut short", harm: (image: string) => Deno.truncateSync(image, MIB) },
    { name: "emptied", harm: (image: string) => Deno.truncateSync(image, 0) },
    { name: "deleted", harm: (image: string) => Deno.removeSync(image) },
  ]
) {
  Deno.test({
    name: `image ${name} by somebody: clients get right bytes, and nothing false is claimed`,
    ignore,
    async fn() {
      using folder = new TestFolder();
      const file = folder.noise("source", SIZE);
      await using served = await Served.start(file, { dir: folder.path, args: [SAVE_OFTEN] });
      await tool("nbdcopy", [served.uri, folder.file("copy")]);
      await until("the map is saved", () => bytesWith("+", areasOf(served.map)) === SIZE);
      harm(served.image);

      // Asks for base:allocation, and believes it.
      await tool("nbdcopy", [served.uri, folder.file("copy")]);
      assertSameFile(folder.file("copy"), file);
      for (const structured of [true, false]) {
        const task = { reads: wholeDevice(SIZE, 65_536), inflight: 4, structured, source: file };
        const reads = await readThrough(served.uri, task);
        assertEquals(reads.filter(({ errno, wrong }) => errno || wrong), []);
      }
      await served.stop();
      assertTrue(served.image, exists(served.map) ? areasOf(served.map) : [], file);
      assertEquals(served.messages("warning").length, 1, "one sentence about it");
    },
  });
}

/** The warnings that the image cannot be written. */
function aboutWriting(served: Served): string[] {
  return served.messages("warning").filter((message) => message.includes("cannot write the image"));
}

/** What the mapfile claims is in the image. */
function assertTrue(image: string, areas: readonly Area[], source: string): void {
  const bytes = exists(image) ? Deno.readFileSync(image) : new Uint8Array(0);
  const expected = Deno.readFileSync(source);
  for (const { start, end, status } of areas) {
    if (status !== "+") continue;
    assertSameBytes(bytes.slice(start, end), expected.slice(start, end), `${image} at ${start}`);
  }
}
