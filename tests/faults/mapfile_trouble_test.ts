// The mapfile cannot be saved, or is damaged when the program starts.

import { assert, assertEquals } from "@std/assert";
import { areasOf, bytesWith } from "../harness/mapfile_areas.ts";
import { readThrough, wholeDevice } from "../harness/nbd_client.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { SmallFileSystem } from "../harness/small_file_system.ts";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool, until } from "../harness/tool.ts";

const MIB = 1024 * 1024;
const SIZE = 4 * MIB;

Deno.test({
  name: "a read-only file system under the mapfile: said once, and saved again when it can be",
  ignore: !isRoot() || !hasTools("mount", "ddrescuelog"),
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using small = await SmallFileSystem.tmpfs(folder.file("small"), SIZE);
    const map = `${small.path}/map`;
    await using served = await Served.start(file, {
      dir: folder.path,
      args: [`--map=${map}`, "--save-interval=0.1"],
    });
    await small.remount("ro");
    for (const [half, [from, to]] of [[0, SIZE / 2], [SIZE / 2, SIZE]].entries()) {
      const reads = wholeDevice(SIZE, 65_536).filter(([at]) => at >= from! && at < to!);
      const results = await readThrough(served.uri, { reads, source: file });
      assertEquals(results.filter(({ errno, wrong }) => errno || wrong), [], `half ${half}`);
      await until("it is said", () => served.messages("warning").length > 0);
    }
    assertEquals(served.messages("warning").length, 1, served.messages("warning").join("\n"));
    await tool("ddrescuelog", ["--show-status", map]);
    assert(bytesWith("+", areasOf(map)) < SIZE, "nothing was written");

    await small.remount("rw");
    await until("the map is saved", () => bytesWith("+", areasOf(map)) === SIZE);
    await until("that is said too", () => served.messages("info").length === 1);
    assertEquals((await served.stop()).code, 0);
  },
});

Deno.test({
  name: "a mapfile that cannot be saved at the end is an error exit",
  ignore: !isRoot() || !hasTools("mount", "ddrescuelog"),
  async fn() {
    using folder = new TestFolder();
    const file = folder.noise("source", SIZE);
    await using small = await SmallFileSystem.tmpfs(folder.file("small"), SIZE);
    const map = `${small.path}/map`;
    await using served = await Served.start(file, {
      dir: folder.path,
      args: [`--map=${map}`, "--save-interval=60"],
    });
    await small.remount("ro");
    await readThrough(served.uri, { reads: [[MIB, MIB]] });
    const { code, stderr } = await served.stop();
    assertEquals(code, 1);
    assert(stderr.includes("cannot save"), stderr);
    await tool("ddrescuelog", ["--show-status", map]);
  },
});

const DAMAGES: readonly [name: string, damage: (map: string) => void, warning: string][] = [
  ["emptied", (map) => Deno.truncateSync(map, 0), "is empty"],
  ["missing", (map) => Deno.removeSync(map), "is missing"],
  ["cut off in a line", (map) => cut(map, -6), "is damaged"],
  ["overwritten by zeros", (map) => Deno.writeFileSync(map, new Uint8Array(4096)), "is damaged"],
];

for (const [name, damage, warning] of DAMAGES) {
  Deno.test({
    name: `a mapfile ${name}: its .bak is used, with a warning`,
    ignore: !hasTools("nbdcopy"),
    async fn() {
      using folder = new TestFolder();
      const file = folder.noise("source", SIZE);
      const options = { dir: folder.path };
      await readAndStop(file, options.dir, [[MIB, MIB]]);
      await readAndStop(file, options.dir, [[2 * MIB, MIB]]);
      const map = folder.file("image.map");
      const known = bytesWith("+", areasOf(`${map}.bak`));
      assert(known >= MIB && known < bytesWith("+", areasOf(map)), `${known} bytes in the .bak`);
      damage(map);

      await using served = await Served.start(file, options);
      const [message, ...others] = served.messages("warning");
      assert(message?.includes(warning), message);
      assertEquals(others, []);
      await tool("nbdcopy", [served.uri, folder.file("copy")]);
      assertSameFile(folder.file("copy"), file);
      const { done } = await served.stop();
      assert(done!.deviceBytes <= SIZE - known, `${done!.deviceBytes} bytes read again`);
      assertSameFile(served.image, file);
    },
  });
}

Deno.test("a mapfile that is damaged, and its .bak too, is refused and left as it is", async () => {
  using folder = new TestFolder();
  const file = folder.noise("source", SIZE);
  await readAndStop(file, folder.path, [[MIB, MIB]]);
  const map = folder.file("image.map");
  cut(map, -6);
  Deno.copyFileSync(map, `${map}.bak`);
  const before = Deno.readTextFileSync(map);
  const error = await Served.start(file, { dir: folder.path }).then(
    () => "it started",
    (error) => String(error),
  );
  assert(error.includes("image.map"), error);
  assertEquals(Deno.readTextFileSync(map), before);
});

async function readAndStop(device: string, dir: string, reads: [number, number][]): Promise<void> {
  await using served = await Served.start(device, { dir, args: ["--read-ahead=0"] });
  await readThrough(served.uri, { reads });
  assertEquals((await served.stop()).code, 0);
}

/** Cuts a file off after so many bytes, counted from its end if negative. */
function cut(path: string, length: number): void {
  Deno.truncateSync(path, (Deno.statSync(path).size + length) % Deno.statSync(path).size);
}
