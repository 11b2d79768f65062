// No byte of one disc ever enters the image of another.

import { assert, assertEquals } from "@std/assert";
import { parseMapfile } from "../../src/map/mapfile.ts";
import { FINISHED, NON_TRIED } from "../../src/map/statuses.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { CD_DRIVE, hasVirtualMachine, runGuest } from "../harness/virtual_machine.ts";
import { guestEvents, mediumEnds } from "./events.ts";

const SWAPS = 20;
const SECTOR = 2048;
/** Larger than what is read between two swaps: there is always something left to read. */
const SECTORS = 16_384;

Deno.test({
  name: `after ${SWAPS} random swaps under load no image holds a foreign byte`,
  ignore: !hasVirtualMachine(),
  async fn() {
    using folder = new TestFolder();
    const seed = Number(Deno.env.get("SEED") ?? Date.now() % 1_000_000);
    console.log(`SEED=${seed}`);
    const discs = [0, 1, 2].map((number) => makeNumberedDisc(folder, number));
    const settings = Object.fromEntries(discs.map((path, number) => [`DISC_${number}`, path]));
    const { code, output } = await runGuest("disc_swaps.sh", folder, CD_DRIVE, {
      ...settings,
      SEED: String(seed),
      SWAPS: String(SWAPS),
    });
    assertEquals(code, 0, output);

    const events = guestEvents(folder);
    const images = new Set(
      events.filter(({ event }) => event === "ready").map(({ image }) => image),
    );
    assert(images.size > 1 && images.size <= discs.length, `${images.size} images`);
    let cached = 0;
    for (const image of images) cached += checkImage(folder.file(`out/${image}`));
    const reads = mediumEnds(events).reduce((sum, { deviceReads }) => sum + deviceReads, 0);
    console.log(`${cached} bytes in ${images.size} images, ${reads} device reads`);
    assert(reads > SWAPS, "there was no load");
  },
});

/** A disc whose every sector says which it is, on which disc: never zeros. */
function makeNumberedDisc(folder: TestFolder, disc: number): string {
  const words = new Uint32Array(SECTORS * SECTOR / 4);
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
  const disc = (words[0]! >>> 28) - 1;
  let finished = 0;
  positions.forEach((start, index) => {
    const status = statuses[index];
    const end = positions[index + 1] ?? size;
    assert(status === FINISHED || status === NON_TRIED, `${path}: status ${status} at ${start}`);
    if (status === FINISHED) finished += end - start;
    for (let at = start / 4; at < end / 4; at++) {
      const word = words[at]!;
      if (word === wordAt(disc, at) || word === 0 && status === NON_TRIED) continue;
      throw new Error(`${path} of disc ${disc}: word ${word.toString(16)} at ${at * 4}`);
    }
  });
  return finished;
}
