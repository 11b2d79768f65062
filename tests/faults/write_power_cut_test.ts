// The power of the disk that writes go to fails at any moment: what clients had flushed is there, and no map claims
// what the disk has lost. The disk has a write cache that forgets; under an overlay there is ext4 on it.
//
// BLKCACHE_SEED repeats the moments and the requests of a run, as far as the machine allows.

import { assert, assertEquals } from "@std/assert";
import { FuseFile } from "../harness/fuse_file.ts";
import { LoopDevice } from "../harness/loop_device.ts";
import { writeThrough, writeUntilKilled } from "../harness/nbd_writer.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { tool, tryTool, until } from "../harness/tool.ts";
import { chooseSeed, Random } from "../model/map_random.ts";
import { VolatileDisk } from "../vm/volatile_disk.ts";

const MIB = 1024 * 1024;
const CUTS = 4;
const SIZE = 3 * MIB + 512;

Deno.test({
  name: `the power of the overlay's disk fails ${CUTS} times, and nothing that was flushed is lost`,
  ignore: !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup", "mkfs.ext4"),
  async fn() {
    const seed = chooseSeed();
    const random = new Random(seed);
    using folder = new TestFolder();
    const disk = folder.file("disk");
    Deno.writeFileSync(disk, new Uint8Array());
    Deno.truncateSync(disk, 48 * MIB);
    await tool("mkfs.ext4", ["-q", "-m", "0", disk]);
    const source = folder.noise("source", SIZE, seed);
    const model = folder.file("model");
    Deno.copyFileSync(source, model);
    const place = folder.file("place");
    Deno.mkdirSync(place);
    const options = { dir: folder.path, args: ["--overlay", `${place}/overlay`] };
    let flushes = 0;
    for (let cut = 0; cut < CUTS; cut++) {
      await using volatile = await VolatileDisk.start(disk, folder.file(`socket-${cut}`));
      const uri = `nbd+unix:///?socket=${folder.file(`socket-${cut}`)}`;
      await using shown = await FuseFile.mount(uri, folder.file(`shown-${cut}`), {
        writable: true,
      });
      using loop = LoopDevice.attach(shown.path, { direct: true });
      await using _mounted = await Mounted.mount(loop.path, place);
      await using served = await Served.start(source, options);
      const task = { uri: served.uri, model, seed: seed + cut, mayTrim: true };
      const written = await writeUntilKilled(task, () => cutSoon(random, volatile, served));
      flushes += written.flushes;
    }
    assert(flushes > 0);
    using loop = LoopDevice.attach(disk);
    await using _mounted = await Mounted.mount(loop.path, place);
    await using served = await Served.start(source, options);
    await writeThrough({ uri: served.uri, model, seed, operations: 50, mayTrim: true });
    await tool("nbdcopy", [served.uri, folder.file("copy")]);
    assertEquals((await served.stop()).code, 0);
    assertSameFile(folder.file("copy"), model);
  },
});

Deno.test({
  name: `the power of a device that is written through to fails ${CUTS} times, and the image knows`,
  ignore: !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup"),
  async fn() {
    const seed = chooseSeed();
    const random = new Random(seed);
    using folder = new TestFolder();
    // Two regions of the record.
    const disk = folder.noise("disk", 18 * MIB, seed);
    const model = folder.file("model");
    Deno.copyFileSync(disk, model);
    const options = { dir: folder.path, args: ["--write-through", "--save-interval=0.1"] };
    let flushes = 0;
    for (let cut = 0; cut < CUTS; cut++) {
      await using volatile = await VolatileDisk.start(disk, folder.file(`socket-${cut}`));
      const uri = `nbd+unix:///?socket=${folder.file(`socket-${cut}`)}`;
      await using shown = await FuseFile.mount(uri, folder.file(`shown-${cut}`), {
        writable: true,
      });
      using loop = LoopDevice.attach(shown.path, { direct: true });
      await using served = await Served.start(loop.path, options);
      const task = { uri: served.uri, model, seed: seed + cut };
      const written = await writeUntilKilled(task, () => cutSoon(random, volatile, served));
      flushes += written.flushes;
    }
    assert(flushes > 0);
    using loop = LoopDevice.attach(disk);
    await using served = await Served.start(loop.path, options);
    await writeThrough({ uri: served.uri, model, seed, operations: 50 });
    await tool("nbdcopy", [served.uri, folder.file("copy")]);
    assertEquals((await served.stop()).code, 0);
    loop.detach();
    for (const name of ["disk", "image", "copy"]) assertSameFile(folder.file(name), model);
  },
});

/** A mounted file system; unmounted even when its disk is dead. */
class Mounted implements AsyncDisposable {
  readonly #place: string;

  private constructor(place: string) {
    this.#place = place;
  }

  static async mount(device: string, place: string): Promise<Mounted> {
    await tool("mount", [device, place]);
    return new Mounted(place);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await until(`"${this.#place}" is unmounted`, async () => {
      const { code, stderr } = await tryTool("umount", [this.#place]);
      return code === 0 || stderr.includes("not mounted");
    });
  }
}

/** Within a second the disk loses what was not flushed, and blkcache ends. */
async function cutSoon(random: Random, disk: VolatileDisk, served: Served): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 100 + random.below(600)));
  await disk.cutPower();
  await served.stop("SIGKILL");
}
