// Mutated disks: `detect` and the start of `serve` in this process for each, the whole program for some. No crash,
// no hang, no control character, no byte in the image that the disk does not have.

import { assert, assertEquals } from "@std/assert";
import { Random, seedOfRun } from "../conformance/mutation.ts";
import { liveHeap } from "../harness/live_heap.ts";
import { runProgram } from "../harness/program.ts";
import { hasTools } from "../harness/requires.ts";
import { assertSameFile, exists, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";
import { make, MIB } from "../harness/made_media.ts";
import { mutateInPlace } from "./byte_mutations.ts";
import { checkPrintableLines, countOf, peakBytes } from "./fuzz_counts.ts";
import { detectFile, Outcomes, serveFile } from "./start_up.ts";

const DISKS = countOf(200, 10_000);
/** One `detect` of the whole program looks at so many. */
const BATCH = 50;
const BATCHES = countOf(1, 200);
/** `serve` takes half a second for each. */
const PROGRAMS = countOf(3, 10_000);
const SIZE = 1.25 * MIB;
/** Boot sectors, tables, superblocks, descriptors, the anchor of UDF, a partition. */
const PLACES = [0, 400, 512, 1024, 2048, 4096, 32_768, 34_816, 36_864, 40_960, 524_288, MIB];
const MOST_GROWTH_BYTES = 8 * MIB;
/** For one disk at any moment. */
const MOST_PEAK_BYTES = 256 * MIB;

Deno.test("mutated disks are looked at and opened without harm", async () => {
  const seed = seedOfRun();
  console.log(`BLKCACHE_SEED=${seed}`);
  const random = new Random(seed);
  using folder = new TestFolder();
  const bases = await baseDisks(folder);
  const device = folder.file("device");
  const outcomes = new Outcomes();
  let afterWarmUp = 0;
  let peak = 0;
  for (let index = 0; index < DISKS; index++) {
    const bytes = mutatedDisk(random, bases);
    Deno.writeFileSync(device, bytes);
    const image = folder.file("image");
    try {
      detectFile(device);
      const blockSize = random.pick([undefined, undefined, 512, 2048, 4096, 65_536]);
      outcomes.add(serveFile(device, image, blockSize, bytes));
    } catch (error) {
      throw new Error(`disk ${index} of BLKCACHE_SEED=${seed}`, { cause: error });
    }
    for (const name of ["image", "image.map"]) {
      Deno.removeSync(folder.file(name));
    }
    if (index !== Math.floor(DISKS / 4)) continue;
    afterWarmUp = liveHeap();
    peak = peakBytes();
  }
  assert(peakBytes() - peak < MOST_PEAK_BYTES, `${peakBytes() - peak} bytes more at a time`);
  const growth = liveHeap() - afterWarmUp;
  assert(growth < MOST_GROWTH_BYTES, `the heap has grown by ${growth} bytes`);
  assertEquals(outcomes.of("opened"), DISKS, String(outcomes));
});

Deno.test("detect: the whole program looks at mutated disks", async () => {
  using folder = new TestFolder();
  const devices = Array.from({ length: BATCH }, (_, index) => folder.file(`device-${index}`));
  await times(BATCHES, folder, async (nextDisk) => {
    for (const device of devices) Deno.writeFileSync(device, nextDisk());
    for (const json of [[], ["--json"]]) {
      const { code, stdout, stderr } = await runProgram(["detect", ...devices, ...json]);
      assertEquals([code, stderr], [0, ""]);
      checkPrintableLines(stdout);
      for (const device of devices) assert(stdout.includes(device), device);
    }
  });
});

Deno.test("serve: the whole program copies mutated disks", async () => {
  using folder = new TestFolder();
  const device = folder.file("device");
  const image = folder.file("image");
  const fill = [`--socket=${folder.file("socket")}`, "--fill", "--exit-when-complete"];
  await times(PROGRAMS, folder, async (nextDisk) => {
    Deno.writeFileSync(device, nextDisk());
    const { code, stdout, stderr } = await runProgram(["serve", device, image, ...fill]);
    assertEquals(code, 0, stderr);
    checkPrintableLines(stdout, stderr);
    assertSameFile(image, device);
    for (const name of ["", ".map", ".map.bak", ".json"]) {
      if (exists(`${image}${name}`)) Deno.removeSync(`${image}${name}`);
    }
  });
});

/** Does it so often, with mutated disks. What goes wrong names the seed and the turn. */
async function times(
  count: number,
  folder: TestFolder,
  body: (nextDisk: () => Uint8Array<ArrayBuffer>) => Promise<void>,
): Promise<void> {
  const seed = seedOfRun();
  console.log(`BLKCACHE_SEED=${seed}`);
  const random = new Random(seed);
  const bases = await baseDisks(folder);
  for (let turn = 0; turn < count; turn++) {
    try {
      await body(() => mutatedDisk(random, bases));
    } catch (error) {
      throw new Error(`turn ${turn} of BLKCACHE_SEED=${seed}`, { cause: error });
    }
  }
}

/** Good disks of all kinds that are known; those that need a tool only where it is there. */
async function baseDisks(folder: TestFolder): Promise<Uint8Array<ArrayBuffer>[]> {
  const made = [
    { mbr: { id: 0x1234 }, fat: { id: 7 } },
    { ext: { uuid: 5, label: "data" } },
    { iso: { label: "DISC", date: "2020" } },
    { mbr: { id: 1 }, iso: { label: "HYBRID", date: "2020" } },
    { raid: { member: 3 } },
    { seed: "blank" as const },
    { seed: 5 },
  ].map((each) => make({ size: SIZE, ...each }));
  const path = folder.file("made");
  const withTool = async (name: string, ...args: string[]) => {
    if (!hasTools(name)) return;
    Deno.writeFileSync(path, new Uint8Array(SIZE));
    await tool(name, [...args, path]);
    const bytes = new Uint8Array(SIZE);
    bytes.set(Deno.readFileSync(path).subarray(0, SIZE));
    made.push(bytes);
  };
  await withTool("mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-L", "label");
  await withTool("mkfs.vfat", "-n", "LABEL");
  if (hasTools("sfdisk")) {
    Deno.writeFileSync(path, new Uint8Array(SIZE));
    await tool("sfdisk", ["-q", path], { stdin: "label: gpt\nsize=512K\n" });
    made.push(Deno.readFileSync(path));
  }
  if (hasTools("genisoimage")) {
    const files = folder.file("files");
    Deno.mkdirSync(files);
    Deno.writeFileSync(`${files}/file`, make({ size: 65_536, seed: 3 }));
    await tool("genisoimage", ["-quiet", "-udf", "-J", "-R", "-V", "UDF", "-o", path, files]);
    const bytes = new Uint8Array(SIZE);
    bytes.set(Deno.readFileSync(path).subarray(0, SIZE));
    made.push(bytes);
  }
  return made;
}

function mutatedDisk(
  random: Random,
  bases: readonly Uint8Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer> {
  const bytes = random.pick(bases).slice();
  for (let count = 1 + random.below(16); count > 0; count--) mutateInPlace(random, bytes, PLACES);
  // Sometimes cut, in the middle of something.
  if (random.below(6) > 0) return bytes;
  return bytes.slice(0, Math.max(1, random.pick(PLACES) + random.below(2048)));
}
