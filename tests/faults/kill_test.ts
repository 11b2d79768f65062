// kill -9 at any moment: the mapfile on disk is whole, what it claims is in the image, and a restart goes on.
//
// BLKCACHE_SEED repeats the moments and the reads of a run, as far as the machine allows; BLKCACHE_KILLS says how
// often clients see the program killed.

import { assert, assertEquals } from "@std/assert";
import { FailingDevice } from "../harness/failing_device.ts";
import { type Area, areasOf, bytesWith } from "../harness/mapfile_areas.ts";
import { NbdReader } from "../harness/nbd_reader.ts";
import { Program } from "../harness/program.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { assertSameBytes, assertSameFile, exists, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";
import { chooseSeed, Random } from "../model/map_random.ts";

const ignore = !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup", "ddrescuelog", "nbdcopy");
const MIB = 1024 * 1024;
const SIZE = 8 * MIB;
/** Two devices at a time, each with half of the kills: most of them for the compiled program, which people use. */
const KILLS = Number(Deno.env.get("BLKCACHE_KILLS") ?? (Deno.env.has("BLKCACHE") ? 100 : 20)) / 2;
const STARTS_KILLED = 12;
/** What a start takes, about: kills during it come anywhere before and somewhat after its end. */
const START_MS = 200;

Deno.test({
  name: `kill -9 at ${2 * KILLS} moments while clients read loses no truth`,
  ignore,
  async fn() {
    const seed = chooseSeed();
    const lanes = await Promise.all([0, 1].map((lane) => killAgainAndAgain(seed + lane)));
    const [kills, reads, complete] = [0, 1, 2].map((i) => lanes[0]![i]! + lanes[1]![i]!);
    console.log(`${kills} kills, ${reads} client reads, ${complete} images completed on the way`);
  },
});

Deno.test({
  name:
    `kill -9 at ${STARTS_KILLED} moments of a first start leaves nothing in the way of a second`,
  async fn() {
    const random = new Random(chooseSeed());
    for (let kill = 0; kill < STARTS_KILLED; kill++) {
      using folder = new TestFolder();
      const file = folder.noise("source", MIB);
      const args = ["serve", file, folder.file("image"), `--socket=${folder.file("socket")}`];
      await using killed = Program.start(args, { dir: folder.path });
      // Half of the kills come as soon as there is an image, which no mapfile may speak for yet.
      if (kill % 2 === 0) await pause(START_MS / 4 + random.below(START_MS));
      else await untilImage(folder.file("image"));
      killed.signal("SIGKILL");
      await killed.ended();
      const left = folder.listing().join(", ");
      try {
        await using served = await Served.start(file, { dir: folder.path });
        assertEquals((await served.stop()).code, 0);
      } catch (error) {
        throw new Error(`what was left is in the way: ${left}`, { cause: error });
      }
      assertTrue(folder.file("image"), areasOf(folder.file("image.map")), Deno.readFileSync(file));
    }
  },
});

/** @returns the number of kills, of client reads, and of images that were complete before the end. */
async function killAgainAndAgain(seed: number): Promise<[number, number, number]> {
  const random = new Random(seed);
  using folder = new TestFolder();
  const file = folder.file("source");
  const source = withHoles(folder.noise("noise", SIZE, seed));
  Deno.writeFileSync(file, source);
  await using device = await FailingDevice.make(file, { delayMs: 1 });
  const options = { dir: folder.path, args: ["--save-interval=0.1", "--read-ahead=64K"] };
  const image = folder.file("image");
  const map = `${image}.map`;
  const uri = `nbd+unix:///?socket=${folder.file("socket")}`;
  await using clients = new NbdReader(uri, file, seed);
  let complete = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await using served = await Served.start(device.path, options);
    // Now and then before a client has come back.
    if (!random.once(5)) await served.program.waitForLine("stdout", /"state":"connected"/);
    await pause(random.below(200));
    await served.stop("SIGKILL");
    await tool("ddrescuelog", ["--show-status", map]);
    const areas = areasOf(map);
    assertTrue(image, areas, source);
    if (bytesWith("+", areas) < SIZE) continue;
    assertSameFile(image, file);
    complete++;
    for (const path of [image, map, `${map}.bak`, `${image}.json`]) Deno.removeSync(path);
  }
  const { reads, wrong, connections } = await clients.stop();
  assertEquals(wrong, 0, "reads with wrong bytes");
  assert(connections >= KILLS / 2 && reads > 0, `${connections} connections, ${reads} reads`);

  await using served = await Served.start(device.path, options);
  await tool("nbdcopy", [served.uri, folder.file("copy")]);
  assertSameFile(folder.file("copy"), file);
  assertEquals((await served.stop()).code, 0);
  assertEquals(bytesWith("+", areasOf(map)), SIZE);
  assertSameFile(image, file);
  return [KILLS, reads, complete];
}

/** Zeros in some places, so that the image gets holes. */
function withHoles(path: string): Uint8Array<ArrayBuffer> {
  const bytes = Deno.readFileSync(path);
  for (let at = MIB; at < SIZE; at += 2 * MIB) bytes.fill(0, at, at + MIB / 2);
  return bytes;
}

/** What the mapfile claims is in the image. */
function assertTrue(image: string, areas: readonly Area[], source: Uint8Array): void {
  const bytes = Deno.readFileSync(image);
  for (const { start, end, status } of areas) {
    if (status !== "+") continue;
    assertSameBytes(bytes.slice(start, end), source.slice(start, end), `"${image}" at ${start}`);
  }
}

/** Waits for an image that is not empty, as closely as possible. */
async function untilImage(path: string): Promise<void> {
  for (const endMs = performance.now() + 20_000; performance.now() < endMs; await pause(0)) {
    if (exists(path) && Deno.statSync(path).size > 0) return;
  }
  throw new Error(`no image "${path}"`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
