// The mapfile codec on random maps and on broken files.

import { assert, assertEquals } from "@std/assert";
import { FileMap } from "../../src/map/file_map.ts";
import { formatMapfile, type Mapfile, MapfileError, parseMapfile } from "../../src/map/mapfile.ts";
import { fileMapOf, mapfileOf } from "../../src/map/mapfile_conversion.ts";
import { STATUS_COUNT } from "../../src/map/statuses.ts";
import { mutatedMapfile } from "./map_mutations.ts";
import { chooseSeed, Random } from "./map_random.ts";

const SEED = chooseSeed();
const HEADING = {
  version: "0.0.0",
  commandLine: "blkcache serve /dev/sr0",
  startTime: new Date(),
  currentTime: new Date(),
};

/** What a save and a load must not change; the current status is put right by a save. */
function contentOf({ positions, statuses, size, position, pass, comments, settings }: Mapfile) {
  return {
    blocks: [...positions].map((start, index) => [start, statuses[index]]),
    size,
    position,
    pass,
    comments,
    settings: [...settings],
  };
}

function randomText(random: Random): string {
  return Array.from({ length: random.below(8) }, () => random.pick(`ab= "\\#\n\r\0\u2028é`)).join(
    "",
  );
}

Deno.test("any map comes back from a mapfile", () => {
  const random = new Random(SEED);
  for (let round = 0; round < 300; round++) {
    const size = 1 + random.below(random.pick([20, 5000, 2 ** 32, 2 ** 50]));
    const map = FileMap.create(size, { maxTransitions: 500 });
    for (let sets = random.below(200); sets > 0; sets--) {
      const start = random.below(size);
      map.set(start, start + 1 + random.below(size - start), random.below(STATUS_COUNT));
    }
    map.position = random.below(size + 1);
    map.pass = 1 + random.below(9);
    const comments = Array.from({ length: random.below(3) }, (_, index) => `# note ${index}`);
    const settings = new Map(
      Array.from({ length: random.below(4) }, (_, index) => [`key${index}`, randomText(random)]),
    );
    const mapfile = mapfileOf(map.snapshot(), comments, settings);
    const again = parseMapfile(formatMapfile(mapfile, HEADING), "x.map");
    assertEquals(contentOf(again), contentOf(mapfile));
    const loaded = fileMapOf(again, size, "x.map");
    assertEquals(loaded.snapshot().positions, mapfile.positions);
    assertEquals(loaded.snapshot().statuses, mapfile.statuses);
  }
});

Deno.test("a broken file is a MapfileError with one of its lines, or a map that comes back", () => {
  const random = new Random(SEED);
  let refused = 0;
  const rounds = 5000;
  for (let round = 0; round < rounds; round++) {
    const bytes = mutatedMapfile(random);
    let mapfile: Mapfile;
    try {
      mapfile = parseMapfile(bytes, "x.map");
    } catch (error) {
      if (!(error instanceof MapfileError)) throw error;
      const lines = bytes.filter((byte) => byte === 0x0a).length + 1;
      assert(error.line !== undefined && error.line >= 1 && error.line <= lines);
      refused++;
      continue;
    }
    const { positions, statuses, size } = mapfile;
    for (let index = 0; index < positions.length; index++) {
      assert(positions[index] < (positions[index + 1] ?? size), "blocks ascend");
      assert(statuses[index] !== statuses[index + 1], "equal neighbours are one block");
    }
    const again = parseMapfile(formatMapfile(mapfile, HEADING), "x.map");
    assertEquals(contentOf(again), contentOf(mapfile));
  }
  assert(refused > rounds / 10 && refused < rounds * 0.95, `${refused} of ${rounds} were refused`);
});

Deno.test("a million blocks are written and read", () => {
  const count = 1_000_000;
  const mapfile: Mapfile = {
    positions: Float64Array.from({ length: count }, (_, index) => index * 2 ** 20),
    statuses: Uint8Array.from({ length: count }, (_, index) => 1 + index % (STATUS_COUNT - 1)),
    size: count * 2 ** 20,
    position: 0,
    phase: "*",
    pass: 1,
    comments: [],
    settings: new Map(),
  };
  const text = formatMapfile(mapfile, HEADING);
  const again = parseMapfile(text, "x.map");
  assertEquals(again.positions.length, count);
  assert(again.statuses.every((status, index) => status === mapfile.statuses[index]));
});
