import { assertEquals, assertThrows } from "@std/assert";
import {
  discLayout,
  MAX_RUN_OUT,
  plainLayout,
  refuseAudioDisc,
} from "../../../src/identity/disc_layout.ts";
import { MediumRefused } from "../../../src/device/medium_errors.ts";
import type { Toc } from "../../../src/identity/toc.ts";
import type { Volume } from "../../../src/filesystems/volume.ts";

const SECTOR = 2048;
const SIZE = 1000 * SECTOR;
const NO_DATES = { label: null, created: null, modified: null, id: null };

function volume(size: number | null): Volume {
  return { kind: "iso9660", ...NO_DATES, size };
}

/** Tracks by letter: d(ata), a(udio), 100 sectors each. */
function toc(kinds: string, end = kinds.length * 100 * SECTOR): Toc {
  const tracks = Array.from(kinds, (kind, index) => ({
    number: index + 1,
    isData: kind === "d",
    start: index * 100 * SECTOR,
  }));
  return { tracks, end };
}

// Name, end of the file system, what the drive says, where data end, where run-out begins.
const ENDS: [string, number | null, number, number | null, number][] = [
  ["no file system", null, SIZE, null, SIZE],
  ["a file system as large as the disc", SIZE, SIZE, SIZE, SIZE],
  ["two sectors of run-out", SIZE - 2 * SECTOR, SIZE, SIZE - 2 * SECTOR, SIZE - 2 * SECTOR],
  ["padding and run-out", SIZE - MAX_RUN_OUT, SIZE, SIZE - MAX_RUN_OUT, SIZE - MAX_RUN_OUT],
  ["too much for run-out", SIZE - MAX_RUN_OUT - SECTOR, SIZE, SIZE - MAX_RUN_OUT - SECTOR, SIZE],
  ["an end inside a sector", SIZE - 3 * SECTOR + 1, SIZE, SIZE - 2 * SECTOR, SIZE - 2 * SECTOR],
  ["a file system that is cut", SIZE + SECTOR, SIZE, SIZE, SIZE],
];

for (const [name, end, size, fileSystemEnd, runOutStart] of ENDS) {
  Deno.test(`where the data of a disc end: ${name}`, () => {
    const layout = discLayout(size, SECTOR, volume(end), undefined);
    assertEquals([layout.fileSystemEnd, layout.runOutStart], [fileSystemEnd, runOutStart]);
  });
}

Deno.test("what is no disc is data to its end", () => {
  assertEquals(plainLayout(SIZE), {
    size: SIZE,
    fileSystemEnd: null,
    runOutStart: SIZE,
    remarks: [],
  });
});

const REMARKS: [string, number | null, Toc | undefined, string[]][] = [
  ["all sizes agree", SIZE, toc("d", SIZE), []],
  ["nobody else says anything", null, undefined, []],
  ["the file system is smaller", SIZE - 2 * SECTOR, toc("d", SIZE), [
    "the sizes of the disc differ, in bytes: the drive 2048000, the file system 2043904, " +
    "the table of contents 2048000",
  ]],
  ["one track is audio", SIZE, toc("da", SIZE), [
    "track 2 of the disc is audio: reading there gives errors, only data tracks can be had",
  ]],
  ["some tracks are audio", SIZE, toc("daadaaa", SIZE), [
    "tracks 2-3, 5-7 of the disc are audio: reading there gives errors, only data tracks can be had",
  ]],
];

for (const [name, end, contents, expected] of REMARKS) {
  Deno.test(`what a person should know of a disc: ${name}`, () => {
    assertEquals(discLayout(SIZE, SECTOR, volume(end), contents).remarks, expected);
  });
}

Deno.test("a disc with nothing but sound is refused with a sentence, one with data is not", () => {
  for (const contents of [undefined, toc("d"), toc("ad"), toc("da")]) {
    refuseAudioDisc("/dev/sr0", contents);
  }
  const error = assertThrows(() => refuseAudioDisc("/dev/sr0", toc("aaa")), MediumRefused);
  assertEquals(error.message, 'the disc in "/dev/sr0" has 3 audio tracks and no data');
  assertEquals(error.hints.length, 1);
});
