// No byte of one disc ever enters the image of another, nor reaches a client of another.

import { assert, assertEquals } from "@std/assert";
import { parseMapfile } from "../../src/map/mapfile.ts";
import { FINISHED, NON_TRIED } from "../../src/map/statuses.ts";
import { TestFolder } from "../harness/test_folder.ts";
import {
  CD_DRIVE,
  hasVirtualMachine,
  type Kernel,
  KERNELS,
  runGuest,
} from "../harness/virtual_machine.ts";
import type { Random } from "../model/map_random.ts";
import { guestEvents, mediumEnds } from "./events.ts";
import { seeded } from "./seeded.ts";

/** Exchanges in all, a third of them on each kernel; `deno task test-swaps` asks for 1,000. */
const SWAPS = Number(Deno.env.get("BLKCACHE_SWAPS") ?? 60);
/** Exchanges in one machine: it must be off in time. */
const MOST_SWAPS = 20;
/** Sectors of the discs, large and slow enough that hardly one is read to its end. Most are of one size. */
const DISCS = [8192, 8192, 8192, 6144];
const SECTOR = 2048;
const BYTES_PER_SECOND = 1_500_000;

for (const kernel of KERNELS) {
  Deno.test({
    name: `Linux ${kernel}: after random swaps under load no image holds a foreign byte`,
    ignore: !hasVirtualMachine(),
    fn: () =>
      seeded(async (random) => {
        const swaps = Math.ceil(SWAPS / KERNELS.length);
        for (let done = 0; done < swaps; done += MOST_SWAPS) {
          await swapDiscs(kernel, Math.min(MOST_SWAPS, swaps - done), random);
        }
      }),
  });
}

async function swapDiscs(kernel: Kernel, swaps: number, random: Random): Promise<void> {
  using folder = new TestFolder();
  const discs = DISCS.map((sectors, disc) => {
    const filename = makeNumberedDisc(folder, disc, sectors);
    const file = { driver: "file", filename, "read-only": true };
    const slow = { driver: "throttle", "throttle-group": "slow", file };
    return [`DISC_${disc}`, `json:${JSON.stringify(slow)}`];
  });
  Deno.mkdirSync(folder.file("out"));
  const plan = Array.from({ length: swaps }, (_, swap) => randomSwap(random, swap % 3 === 0));
  Deno.writeTextFileSync(folder.file("out/plan"), plan.join(""));
  const limit = `x-bps-read=${BYTES_PER_SECOND},x-bps-read-max=${BYTES_PER_SECOND}`;
  const { code, output } = await runGuest(
    "disc_swaps.sh",
    folder,
    ["-object", `throttle-group,id=slow,${limit}`, ...CD_DRIVE],
    Object.fromEntries(discs),
    kernel,
  );
  assertEquals(code, 0, output);

  const events = guestEvents(folder);
  const images = new Set(
    events.filter(({ event }) => event === "ready").map(({ image }) => image),
  );
  assert(images.size > 1 && images.size <= DISCS.length, `${images.size} images`);
  let cached = 0;
  for (const image of images) cached += checkImage(folder.file(`out/${image}`));
  const tails = [...Deno.readDirSync(folder.file("out"))]
    .filter(({ name }) => name.startsWith("tail."));
  for (const { name } of tails) checkTail(folder.file(`out/${name}`));
  const reads = mediumEnds(events).reduce((sum, { deviceReads }) => sum + deviceReads, 0);
  console.log(
    `Linux ${kernel}: ${swaps} swaps, ${cached} bytes in ${images.size} images, ` +
      `${reads} device reads, ${tails.length} clients cut off`,
  );
  assert(reads > swaps / 3 && tails.length > 1, "there was no load");
}

/** A line of the plan that disc_swaps.sh explains. A third of the discs leave in the middle of the reading. */
function randomSwap(random: Random, isRead: boolean): string {
  const how = random.pick(["none", "pop", "out"]);
  const pause = how === "none" ? 0 : random.below(400);
  return `${isRead ? 1 : 0} ${random.below(1000)} ${how} ${pause} ${random.below(DISCS.length)}\n`;
}

/** A disc whose every word says which it is, on which disc: never zeros. */
function makeNumberedDisc(folder: TestFolder, disc: number, sectors: number): string {
  const words = new Uint32Array(sectors * SECTOR / 4);
  for (let at = 0; at < words.length; at++) words[at] = wordAt(disc, at);
  const path = folder.file(`disc${disc}.bin`);
  Deno.writeFileSync(path, new Uint8Array(words.buffer));
  return path;
}

function wordAt(disc: number, at: number): number {
  return ((disc + 1) << 28) + at;
}

/**
 * Every byte of an image is that of one and the same disc or, where nothing was read, zero; what the map
 * calls finished is there, and nothing has failed. @returns how much there is.
 */
function checkImage(path: string): number {
  const words = new Uint32Array(Deno.readFileSync(path).buffer);
  const { positions, statuses, size } = parseMapfile(Deno.readFileSync(`${path}.map`), path);
  assertEquals(size, words.byteLength, path);
  const disc = discOf(words);
  let finished = 0;
  positions.forEach((start, index) => {
    const status = statuses[index];
    const end = positions[index + 1] ?? size;
    assert(status === FINISHED || status === NON_TRIED, `${path}: status ${status} at ${start}`);
    if (status === FINISHED) finished += end - start;
    checkWords(words.subarray(start / 4, end / 4), disc, start / 4, status === NON_TRIED, path);
  });
  return finished;
}

/** What a client has got last before it was cut off is of one disc, with holes. */
function checkTail(path: string): void {
  const start = Number(path.split(".").at(-1)) * 1024;
  const words = new Uint32Array(Deno.readFileSync(path).buffer);
  checkWords(words, discOf(words), start / 4, true, path);
}

/** Which disc the first byte that is there is of. */
function discOf(words: Uint32Array): number {
  return ((words.find((word) => word !== 0) ?? 0) >>> 28) - 1;
}

function checkWords(
  words: Uint32Array,
  disc: number,
  first: number,
  hasHoles: boolean,
  path: string,
): void {
  words.forEach((word, index) => {
    if (word === wordAt(disc, first + index) || word === 0 && hasHoles) return;
    throw new Error(`"${path}" of disc ${disc} has ${word.toString(16)} at ${(first + index) * 4}`);
  });
}
