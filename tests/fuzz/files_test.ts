// Mutated files beside an image: sidecars, maps, records of writes, overlay maps. Each is met by the start of `serve`
// (see start_up.ts), which refuses it in one sentence or goes on; the image has all of the device, so that whatever
// is claimed of it can be compared.

import { assert } from "@std/assert";
import { openOverlay } from "../../src/opening/open_overlay.ts";
import { mapOf } from "../../src/opening/open_medium.ts";
import { intentsPathOf, REGION_BYTES, WriteIntents } from "../../src/reader/write_intents.ts";
import type { OpenDevice } from "../../src/opening/open_device.ts";
import { FileMap } from "../../src/map/file_map.ts";
import { FINISHED } from "../../src/map/statuses.ts";
import { closeFd } from "../../src/sys/fd.ts";
import { Random, seedOfRun } from "../conformance/mutation.ts";
import { liveHeap } from "../harness/live_heap.ts";
import { leave, make, MIB } from "../harness/made_media.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { mutatedFile } from "./byte_mutations.ts";
import { checkPrintable, countOf, peakBytes } from "./fuzz_counts.ts";
import { Outcomes, refusal, serveFile } from "./start_up.ts";

/** Of each kind. */
const FILES = countOf(100, 10_000);
const SIZE = MIB / 2;
const MOST_GROWTH_BYTES = 8 * MIB;
/** For one file at any moment; the largest is of some MB. */
const MOST_PEAK_BYTES = 256 * MIB;
/** What the image lacks, and the map does not claim, where nothing else is said. */
const HOLE = [SIZE / 2, SIZE / 2 + 65_536] as const;

/** What is said when image and device differ. */
const OTHER_BYTES = /differ from the image/;

/** What is mutated, and what must hold of whatever was opened. */
interface Kind {
  readonly name: string;
  /** Whatever is sensible, beside an image of `content`. */
  readonly goods: (folder: TestFolder, content: Uint8Array<ArrayBuffer>) => Uint8Array[];
  readonly path: (image: string) => string;
  readonly size: number;
  /** Ranges that the image has; all of the device by default. */
  readonly finished?: readonly (readonly [start: number, end: number])[];
  /** Default: `mutatedFile`. */
  readonly mutate?: (random: Random, good: Uint8Array) => Uint8Array<ArrayBuffer>;
  /** Sees to an image that lacks what the file does not claim. */
  readonly prepare?: (image: string, content: Uint8Array, path: string) => void;
  readonly check?: (opened: OpenDevice, file: Uint8Array, folder: TestFolder) => void;
}

const MAPS = [
  `# Mapfile. Created by x\n0 ? 1\n0 ${SIZE} +\n`,
  `0x100 * 2\n0 0x20000 +\n0x20000 0x200 -\n0x20200 0x10000 /\n0x30200 ${SIZE - 0x30200} ?\n`,
  `## blkcache: sector-size=512\n0 + 1\n0 ${SIZE} +\n${SIZE} 0x7FFFFFFFF0000000 ?\n`,
];

const KINDS: readonly Kind[] = [
  {
    name: "sidecars",
    goods: (folder) => [Deno.readFileSync(folder.file("image.json"))],
    path: (image) => `${image}.json`,
    size: SIZE,
    finished: [[0, HOLE[0]], [HOLE[1], SIZE]],
  },
  {
    name: "maps",
    goods: () => MAPS.map((text) => new TextEncoder().encode(text)),
    path: (image) => `${image}.map`,
    size: SIZE,
    prepare: keepFinished,
  },
  {
    name: "records of writes",
    goods: (folder) => [writtenRecord(folder.file("record"))],
    path: intentsPathOf,
    size: 2 * REGION_BYTES + 512,
    mutate: mutatedRecord,
    check: checkRecord,
  },
  {
    name: "overlay maps",
    goods: (folder, content) => overlayMaps(folder, content),
    path: () => "",
    size: SIZE,
    mutate: mutatedOverlayMap,
    check: checkOverlay,
  },
];

for (const kind of KINDS) {
  Deno.test(`mutated ${kind.name} are refused in a sentence or do no harm`, () => {
    const seed = seedOfRun();
    console.log(`BLKCACHE_SEED=${seed}`);
    const random = new Random(seed);
    using folder = new TestFolder();
    const content = make({ size: kind.size, seed: 4 });
    const device = folder.file("device");
    Deno.writeFileSync(device, content);
    const { finished = [[0, kind.size]] } = kind;
    const image = leave(folder, "image", content, { finished });
    const kept = [".map", ".json"].map((end) =>
      [`${image}${end}`, Deno.readFileSync(`${image}${end}`)] as const
    );
    const goods = kind.goods(folder, content);
    const path = kind.path(image) || folder.file("overlay.map");
    const outcomes = new Outcomes();
    let afterWarmUp = 0;
    let peak = 0;
    for (let index = 0; index < FILES; index++) {
      for (const [keptPath, bytes] of kept) Deno.writeFileSync(keptPath, bytes);
      const file = (kind.mutate ?? mutatedFile)(random, random.pick(goods));
      Deno.writeFileSync(path, file);
      kind.prepare?.(image, content, path);
      try {
        const outcome = serveFile(device, image, undefined, content, (opened) => {
          kind.check?.(opened, file, folder);
        });
        outcomes.add(outcome);
        // Where the image has all that the map claims, whoever finds a difference has misread the map.
        if (kind.prepare !== undefined && OTHER_BYTES.test(outcome)) throw new Error(outcome);
      } catch (error) {
        throw new Error(`file ${index} of BLKCACHE_SEED=${seed}`, { cause: error });
      }
      if (index !== Math.floor(FILES / 4)) continue;
      afterWarmUp = liveHeap();
      peak = peakBytes();
    }
    assert(peakBytes() - peak < MOST_PEAK_BYTES, `${peakBytes() - peak} bytes more at a time`);
    const growth = liveHeap() - afterWarmUp;
    assert(growth < MOST_GROWTH_BYTES, `the heap has grown by ${growth} bytes`);
    // Both happen: otherwise the mutations reach too little, or too much.
    assert(outcomes.of("opened") > 0 && outcomes.size > 1, String(outcomes));
  });
}

/** The image has wrong bytes wherever the map does not say finished, as far as a simple reader of it can tell. */
function keepFinished(image: string, content: Uint8Array, path: string): void {
  const bytes = content.map((byte) => ~byte);
  const lines = new TextDecoder().decode(Deno.readFileSync(path)).split("\n")
    .map((line) => line.replace(/(^|\s)#.*/s, "").trim()).filter((line) => line !== "");
  // The first line is of another kind; what stands behind a status is not looked at.
  for (const line of lines.slice(1)) {
    const [, position, size] = /^(\S+)\s+(\S+)\s+\+/.exec(line) ?? [];
    if (position === undefined) continue;
    const [start, length] = [integer(position), integer(size!)];
    bytes.set(content.subarray(start, start + length), Math.min(start, bytes.length));
  }
  Deno.writeFileSync(image, bytes);
}

/** As in C: 0x for hexadecimal, 0 for octal. 0 when it is none. */
function integer(text: string): number {
  if (/^0[0-7]+$/.test(text)) return parseInt(text, 8);
  return /^(\d+|0x[\da-f]+)$/i.test(text) ? Number(text) : 0;
}

/** Most that happens to a record happens to the states of its regions. */
function mutatedRecord(random: Random, good: Uint8Array): Uint8Array<ArrayBuffer> {
  if (random.below(2) === 0) return mutatedFile(random, good);
  const record = new Uint8Array(good);
  const at = record.length - 2 - random.below(3);
  record[at] = random.below(2) === 0 ? DONE.charCodeAt(0) : random.below(256);
  return record;
}

/** Comments are most of it: half of the mutations are to meet the rest. */
function mutatedOverlayMap(random: Random, good: Uint8Array): Uint8Array<ArrayBuffer> {
  if (random.below(2) === 0) return mutatedFile(random, good);
  const lines = new TextDecoder().decode(good).split("\n");
  const isComment = (line: string) => line.startsWith("#");
  const head = lines.filter(isComment).map((line) => `${line}\n`).join("");
  const rest = new TextEncoder().encode(lines.filter((line) => !isComment(line)).join("\n"));
  return new Uint8Array([...new TextEncoder().encode(head), ...mutatedFile(random, rest)]);
}

function writtenRecord(path: string): Uint8Array {
  const intents = new WriteIntents(path, 2 * REGION_BYTES + 512, 0o600);
  intents.begin(0, 1, 0);
  intents.begin(2 * REGION_BYTES, 2 * REGION_BYTES + 1, 0);
  intents.close();
  return Deno.readFileSync(path);
}

/** A region that the record does not call done is not `+`, whatever the mapfile says. */
function checkRecord({ medium }: OpenDevice, file: Uint8Array): void {
  const map = mapOf(medium);
  const states = file.subarray(file.length - 4, file.length - 1);
  states.forEach((state, region) => {
    const start = region * REGION_BYTES;
    const end = Math.min(start + REGION_BYTES, medium.size);
    const isDone = String.fromCharCode(state) === DONE;
    // What identifies the device has been read again since.
    const from = region === 0 ? start + MIB : start;
    if (!isDone && map.isFinished(from, end)) {
      throw new Error(`region ${region} is finished, with "${String.fromCharCode(state)}"`);
    }
  });
}

/** A region at rest, as it stands in the record. */
const DONE = ".";

function overlayRequest(folder: TestFolder) {
  const path = folder.file("overlay");
  return { path, devicePath: folder.file("device"), force: false, version: "0", commandLine: "x" };
}

function overlayMaps(folder: TestFolder, content: Uint8Array<ArrayBuffer>): Uint8Array[] {
  const found: Uint8Array[] = [];
  serveFile(folder.file("device"), folder.file("image"), undefined, content, ({ medium }) => {
    const { fileFd } = openOverlay(overlayRequest(folder), medium, () => {});
    closeFd(fileFd);
    found.push(Deno.readFileSync(folder.file("overlay.map")));
  });
  const text = new TextDecoder().decode(found[0]);
  const blocks = "0x0 ? 1\n0 512 +\n512 1024 ?\n1536 4096 +\n5632 " + `${SIZE - 5632} ?\n`;
  const head = text.split("\n").filter((line) => line.startsWith("#")).join("\n");
  return [found[0]!, new TextEncoder().encode(`${head}\n${blocks}`)];
}

function checkOverlay({ medium }: OpenDevice, _file: Uint8Array, folder: TestFolder): void {
  const warn = (message: string, hints: readonly string[]) =>
    [message, ...hints].forEach(checkPrintable);
  try {
    const overlay = openOverlay(overlayRequest(folder), medium, warn);
    closeFd(overlay.fileFd);
    const map = FileMap.attach(overlay.map);
    if (map.size !== medium.size) throw new Error(`the overlay's map is of ${map.size} bytes`);
    for (const { start, end, status } of map.ranges()) {
      if (status === FINISHED && end > medium.size) throw new Error(`${start} to ${end}`);
    }
  } catch (error) {
    refusal(error);
    throw error;
  }
}
