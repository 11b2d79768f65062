// The mapfile codec against GNU ddrescue itself: the same verdict and the same totals for each file below,
// and neither program misreads what the other has written.

import { assertEquals } from "@std/assert";
import { mapfileTotals } from "../harness/mapfile_totals.ts";
import { formatMapfile, type Mapfile, MapfileError, parseMapfile } from "../../src/map/mapfile.ts";
import { hasTools } from "../harness/requires.ts";
import { mutatedMapfile } from "../model/map_mutations.ts";
import { chooseSeed, Random } from "../model/map_random.ts";

const SEED = chooseSeed();
const ignore = !hasTools("ddrescue", "ddrescuelog");
const HEADING = {
  version: "0.0.0",
  commandLine: "blkcache serve /dev/sr0",
  startTime: new Date(),
  currentTime: new Date(),
};

/** Files as strings of bytes. Totals stay below 1,000,000: above, ddrescuelog rounds them. */
const FILES: readonly string[] = [
  // No data.
  "",
  "\n",
  "# only a comment\n",
  " \t\v\f\r\n",
  "0 +",
  "0x0 ? 1\n",
  // The status line.
  "0 ?\n0 100 +\n",
  "0 *\n0 100 *\n",
  "0 / 1\n0 100 /\n",
  "0 - 3\n0 100 -\n",
  "0 F 1\n0 100 +\n",
  "0 G 1\n0 100 ?\n",
  "0 # 1\n0 100 +\n",
  "0 x 1\n0 100 +\n",
  "0\n0 100 +\n",
  "? 0\n0 100 +\n",
  "0 100 +\n100 5 -\n",
  "-1 ? 1\n0 100 +\n",
  "-0 ? 1\n0 100 +\n",
  "0+1\n0 100 +\n",
  "0 ? 0\n0 100 +\n",
  "0 ? -1\n0 100 +\n",
  "0 ? +2\n0 100 +\n",
  "0 ? 08\n0 100 +\n",
  "0 ? 0x2\n0 100 +\n",
  "0 ? x\n0 100 +\n",
  "0 ? 2147483647\n0 100 +\n",
  "0 ? 2147483648\n0 100 +\n",
  "0 ? 4294967297\n0 100 +\n",
  "0 ? 99999999999999999999\n0 100 +\n",
  "0 ? -99999999999999999999\n0 100 +\n",
  "0x8000000000000000 ? 1\n0 100 +\n",
  "0 ? 1 and more\n0 100 +\n",
  "0 ? # note\n0 100 +\n",
  "\xef\xbb\xbf0 ?\n0 100 +\n",
  // Numbers.
  "0 ?\n0x10 0x100 +\n",
  "0 ?\n0X1f 0XfF -\n",
  "0 ?\n010 0100 *\n",
  "0 ?\n08 0100 *\n",
  "0 ?\n0 09 *\n",
  "0 ?\n0 8s +\n",
  "0 ?\n0 8k +\n",
  "0 ?\n0 1.5 +\n",
  "0 ?\n0 1e3 +\n",
  "0 ?\n0 0b101 +\n",
  "0 ?\n+0 +5 +\n",
  "0 ?\n-0 5 +\n",
  "0 ?\n-5 5 +\n",
  "0 ?\n0 -5 +\n",
  "0 ?\n0 -0 +\n",
  "0 ?\n0 ++5 +\n",
  "0 ?\n0x 5 +\n",
  "0 ?\n0x+5+\n",
  "0 ?\n0x-5 +\n",
  "0 ?\n0x5+\n",
  "0 ?\n0+5+\n",
  "0 ?\n0-5+\n",
  "0 ?\n0 5+\n5 7-\n",
  "0 ?\n0 0x5/\n",
  // Block statuses.
  "0 ?\n0 1 ?\n1 2 *\n3 4 /\n7 8 -\n15 16 +\n",
  "0 ?\n0 5 %\n",
  "0 ?\n0 5 F\n",
  "0 ?\n0 5 G\n",
  "0 ?\n0 5 #\n",
  "0 ?\n0 5 x\n",
  "0 ?\n0 5\n",
  "0 ?\n0 +\n",
  "0 ?\n5\n",
  "0 ?\n0, 5 +\n",
  "0 ?\n0 + 5 +\n",
  // Blocks ascend and touch.
  "0 ?\n0 5 +\n5 5 -\n10 5 +\n",
  "0 ?\n0 5 -\n5 5 -\n",
  "0 ?\n0 5 +\n4 5 -\n",
  "0 ?\n0 5 +\n6 5 -\n",
  "0 ?\n0 5 +\n0 5 -\n",
  "0 ?\n5 5 +\n0 5 +\n",
  "0 ?\n16 5 +\n21 5 -\n",
  "0 ?\n0 0 +\n",
  "0 ?\n0 0 +\n0 5 +\n",
  "0 ?\n0 0 +\n16 5 +\n",
  "0 ?\n0 5 +\n5 0 -\n",
  "0 ?\n16 0 -\n",
  // Lines.
  "# c\n0 ?\n  # c\n\n0 5 +\n\t\n# c\n5 5 -\n# c",
  "0 ?\r\n0 5 +\r\n5 5 -\r\n",
  "0 ?\r0 5 +\r",
  "  0 ?\n\t0\v5\f+",
  "0 ?\n0 5 +junk\n5 5 - more junk # note\n",
  "0 ?\n0 5 #+\n",
  "0 ?\n0#c\n",
  "0 ?\n0 5 ++\n",
  "0 ?\n\0\n0 5 +\n",
  "\0\n0 ?\n0 5 +\n",
  "0 ?\n0 5 +\0\n5 5 -\n",
  "0 ?\n0 5 \0+\n",
  "0 ?\n0 5 \xa0+\n",
  "0 ?\n0 5 +\x1a",
  "0 ?\n\x1a",
];

/** Numbers at the limits, where the largest stands for all beyond. blkcache cuts such blocks off at 2^53. */
const LARGE_FILES: readonly string[] = [
  "0 ?\n0x20000000000001 5 +\n0x20000000000006 5 -\n",
  "0 ?\n0x20000000000001 5 +\n0x20000000000007 5 -\n",
  "0 ?\n0 9007199254740993 -\n9007199254740993 5 +\n",
  "0 ?\n0 9007199254740993 -\n9007199254740992 5 +\n",
  "0 ?\n0 0x7FFFFFFFFFFFFFFF +\n0x7FFFFFFFFFFFFFFF 5 -\n",
  "0 ?\n0 99999999999999999999 +\n",
  "0 ?\n0x7FFFFFFFFFFFFFFF 0 +\n",
];

const NAMES = ["non-tried", "non-trimmed", "non-scraped", "bad-sector", "rescued"];

function run(tool: string, ...args: string[]): { code: number; stdout: string } {
  const { code, stdout } = new Deno.Command(tool, { args, env: { LC_ALL: "C" } }).outputSync();
  return { code, stdout: new TextDecoder("latin1").decode(stdout) };
}

/** Bytes of each status by `ddrescuelog -t`, which says nothing of an empty map. */
function totalsOf(report: string): number[] {
  if (report.trim() === "") return NAMES.map(() => 0);
  return NAMES.map((name) => {
    const [, bytes] = new RegExp(`^ *${name}: +(\\d+) B,`, "m").exec(report) ?? [];
    return Number(bytes);
  });
}

function parseOrUndefined(bytes: Uint8Array): Mapfile | undefined {
  try {
    return parseMapfile(bytes, "x.map");
  } catch (error) {
    if (error instanceof MapfileError) return undefined;
    throw error;
  }
}

function withFolder(test: (folder: string) => void): () => void {
  return () => {
    const folder = Deno.makeTempDirSync();
    try {
      test(folder);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
}

Deno.test({
  name: `the verdict and the totals of ${
    FILES.length + LARGE_FILES.length
  } files are ddrescuelog's`,
  ignore,
  fn: withFolder((folder) => {
    const path = `${folder}/theirs.map`;
    for (const text of [...FILES, ...LARGE_FILES]) {
      const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
      const what = JSON.stringify(text);
      Deno.writeFileSync(path, bytes);
      const { code, stdout } = run("ddrescuelog", "-t", path);
      const mapfile = parseOrUndefined(bytes);
      assertEquals(mapfile === undefined ? 2 : 0, code, what);
      if (mapfile !== undefined && !LARGE_FILES.includes(text)) {
        assertEquals(mapfileTotals(mapfile), totalsOf(stdout), what);
      }
    }
  }),
});

Deno.test({
  name: "the verdict on broken files is ddrescuelog's",
  ignore,
  fn: withFolder((folder) => {
    const random = new Random(SEED);
    const path = `${folder}/broken.map`;
    for (let round = 0; round < 300; round++) {
      const bytes = mutatedMapfile(random);
      Deno.writeFileSync(path, bytes);
      const { code } = run("ddrescuelog", "-t", path);
      const verdict = parseOrUndefined(bytes) === undefined ? 2 : 0;
      assertEquals(verdict, code, JSON.stringify(String.fromCharCode(...bytes)));
    }
  }),
});

Deno.test({
  name: "what blkcache writes of these files says the same to ddrescuelog",
  ignore,
  fn: withFolder((folder) => {
    const theirs = `${folder}/theirs.map`;
    const ours = `${folder}/ours.map`;
    for (const text of FILES) {
      const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
      const mapfile = parseOrUndefined(bytes);
      if (mapfile === undefined) continue;
      Deno.writeFileSync(theirs, bytes);
      Deno.writeTextFileSync(ours, formatMapfile(mapfile, HEADING));
      assertEquals(run("ddrescuelog", "-p", theirs, ours).code, 0, JSON.stringify(text));
      const [, again] = run("ddrescuelog", "-t", ours).stdout.split("mapfile extent:");
      const [, before] = run("ddrescuelog", "-t", theirs).stdout.split("mapfile extent:");
      assertEquals(again, before, JSON.stringify(text));
    }
  }),
});

/** A device of 1 MiB with bad sectors here and there. */
const DEVICE_SIZE = 2 ** 20;
const GOOD_AND_BAD = "0 ?\n0 0x8000 +\n0x8000 0x200 -\n0x8200 0x40000 +\n0x48200 0x3000 -\n" +
  "0x4B200 0x70E00 +\n0xBC000 0x400 -\n0xBC400 0x43C00 +\n";

Deno.test({
  name: "a mapfile of ddrescue's comes back line for line, at each stage of a rescue",
  ignore,
  fn: withFolder((folder) => {
    const [device, image, map, test] = ["device", "image", "map", "test"].map((n) =>
      `${folder}/${n}`
    );
    Deno.writeFileSync(device, new Uint8Array(DEVICE_SIZE).fill(7));
    Deno.writeTextFileSync(test, GOOD_AND_BAD);
    for (const stage of [["-n", "-N"], ["-n"], [], ["-r1"]]) {
      const { code } = run("ddrescue", "-q", "-c8", "-H", test, ...stage, device, image, map);
      assertEquals(code, 0, `ddrescue ${stage}`);
      const theirs = Deno.readTextFileSync(map);
      const ours = formatMapfile(parseMapfile(theirs, map), HEADING);
      const [theirStatus, ...theirBlocks] = dataLines(theirs);
      const [ourStatus, ...ourBlocks] = dataLines(ours);
      assertEquals(ourBlocks, theirBlocks);
      // ddrescue calls it finished when it was told to leave the rest; blkcache says what is left.
      assertEquals(ourStatus.replace(/[*/-]/, "+"), theirStatus);
    }
  }),
});

Deno.test({
  name: "ddrescue goes on with a mapfile of blkcache's",
  ignore,
  fn: withFolder((folder) => {
    const [device, image, map] = ["device", "image", "map"].map((name) => `${folder}/${name}`);
    Deno.writeFileSync(device, new Uint8Array(DEVICE_SIZE).fill(7));
    Deno.writeFileSync(image, new Uint8Array(DEVICE_SIZE));
    const mapfile = parseMapfile(
      `0x8000 ? 1\n0 0x8000 +\n0x8000 0x200 -\n0x8200 0x${(DEVICE_SIZE - 0x8200).toString(16)} ?\n`,
      map,
    );
    const settings = new Map([["note", "odd\nvalue"]]);
    Deno.writeTextFileSync(
      map,
      formatMapfile({ ...mapfile, settings, comments: ["# mine"] }, HEADING),
    );
    assertEquals(run("ddrescue", "-q", device, image, map).code, 0);
    const after = parseMapfile(Deno.readFileSync(map), map);
    assertEquals(mapfileTotals(after), [0, 0, 0, 512, DEVICE_SIZE - 512]);
    // It has believed the map: what was `+` was not read again, and neither was what was `-`.
    const bytes = Deno.readFileSync(image);
    const samples = [0x7fff, 0x8000, 0x81ff, 0x8200, DEVICE_SIZE - 1].map((at) => bytes[at]);
    assertEquals(samples, [0, 0, 0, 7, 7]);
  }),
});

function dataLines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}
