import { assert, assertEquals } from "@std/assert";
import { knownStretches } from "../../../src/cache/known_stretches.ts";
import { STRETCH_BYTES, stretchOf } from "../../../src/file/identity.ts";
import { FileMap } from "../../../src/map/file_map.ts";
import { BAD_SECTOR, FINISHED } from "../../../src/map/statuses.ts";
import { closeFd, openFile } from "../../../src/sys/fd.ts";
import { O_RDONLY } from "../../../src/sys/open_flags.ts";
import { noise, TestFolder } from "../../harness/test_folder.ts";

const SIZE = 16 * 2 ** 20 + 100;

function stretchesOf(content: Uint8Array<ArrayBuffer>, mark: (map: FileMap) => void) {
  using folder = new TestFolder();
  Deno.writeFileSync(folder.file("image"), content);
  const image = openFile(folder.file("image"), O_RDONLY);
  try {
    const map = FileMap.create(content.length, { maxTransitions: 100_000 });
    mark(map);
    return knownStretches(image, map);
  } finally {
    closeFd(image);
  }
}

Deno.test("a few pieces of what is finished, spread over the device", () => {
  const content = noise(SIZE, 1);
  const stretches = stretchesOf(content, (map) => map.set(0, SIZE, FINISHED));
  assertEquals(stretches.length, 4);
  for (const stretch of stretches) {
    const bytes = content.slice(stretch.offset, stretch.offset + stretch.length);
    assertEquals(stretch, stretchOf(bytes, stretch.offset));
  }
  assertEquals(new Set(stretches.map(({ offset }) => offset)).size, 4);
});

Deno.test("nothing that is not finished is used, and pieces lie in one run", () => {
  const content = noise(SIZE, 2);
  const finished: [number, number][] = [
    [100, STRETCH_BYTES], // too short for a whole piece
    [3 * STRETCH_BYTES, 4 * STRETCH_BYTES],
    [2 ** 20 + 1, 2 ** 20 + 3 * STRETCH_BYTES],
    [SIZE - 5000, SIZE],
  ];
  const stretches = stretchesOf(content, (map) => {
    map.set(2 ** 21, 2 ** 22, BAD_SECTOR);
    for (const [start, end] of finished) map.set(start, end, FINISHED);
  });
  assert(stretches.length >= 2);
  for (const { offset, length } of stretches) {
    assert(finished.some(([start, end]) => start <= offset && offset + length <= end), `${offset}`);
  }
});

Deno.test("blank pieces prove nothing: others are looked for", () => {
  const content = new Uint8Array(SIZE);
  content.set(noise(3 * STRETCH_BYTES, 3), 5 * STRETCH_BYTES);
  const offsets = stretchesOf(content, (map) => map.set(0, SIZE, FINISHED)).map((s) => s.offset);
  assertEquals(offsets.sort((a, b) => a - b), [5, 6, 7].map((piece) => piece * STRETCH_BYTES));
});

Deno.test("nothing finished, nothing known; many short runs are looked at a few times only", () => {
  assertEquals(stretchesOf(new Uint8Array(0), () => {}), []);
  assertEquals(stretchesOf(noise(100, 1), (map) => map.set(0, 100, FINISHED)), []);
  let looks = 0;
  const runs = Math.floor(SIZE / 1024);
  const stretches = stretchesOf(noise(SIZE, 4), (map) => {
    for (let run = 0; run < runs; run++) map.set(run * 1024, run * 1024 + 512, FINISHED);
    const find = map.find.bind(map);
    map.find = (start, limit, mask) => {
      looks++;
      return find(start, limit, mask);
    };
  });
  assertEquals(stretches, []);
  assert(looks > 0 && looks <= 2 * runs, `${looks} looks at ${runs} runs`);
});
