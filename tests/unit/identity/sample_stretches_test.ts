import { assert, assertEquals } from "@std/assert";
import {
  isSampleEqual,
  isTelling,
  sampleStretches,
} from "../../../src/identity/sample_stretches.ts";
import { FileMap } from "../../../src/map/file_map.ts";
import { BAD_SECTOR, FINISHED } from "../../../src/map/statuses.ts";
import { closeFd, openFile, truncateFd } from "../../../src/sys/fd.ts";
import { O_RDWR } from "../../../src/sys/open_flags.ts";
import { noise, TestFolder } from "../../harness/test_folder.ts";

const MIB = 2 ** 20;
const SIZE = 16 * MIB + 100;
const OPTIONS = { count: 8, sectorSize: 512 };

function samplesOf(
  content: Uint8Array<ArrayBuffer>,
  mark: (map: FileMap, image: number) => void,
  options: Partial<Parameters<typeof sampleStretches>[2]> = {},
) {
  using folder = new TestFolder();
  Deno.writeFileSync(folder.file("image"), content);
  const image = openFile(folder.file("image"), O_RDWR);
  try {
    const map = FileMap.create(content.length, { maxTransitions: 100_000 });
    mark(map, image);
    return sampleStretches(map, image, { ...OPTIONS, ...options });
  } finally {
    closeFd(image);
  }
}

Deno.test("samples are spread over all that is finished, and hold the image's bytes", () => {
  const content = noise(SIZE, 1);
  const samples = samplesOf(content, (map) => map.set(0, SIZE, FINISHED));
  assertEquals(samples.length, 8);
  samples.forEach(({ offset, bytes, isTelling }, index) => {
    assertEquals(bytes, content.slice(offset, offset + 65_536));
    assert(isTelling);
    // One in each eighth of the device.
    assertEquals(Math.floor(offset / (SIZE / 8)), index);
  });
});

Deno.test("samples lie in finished runs, on sectors, and apart from each other", () => {
  const content = noise(SIZE, 2);
  const finished: [number, number][] = [
    [1024, 1536], // a single sector
    [3 * MIB + 512, 3 * MIB + 9 * 1024],
    [4 * MIB + 100, 4 * MIB + 200], // less than a sector
    [5 * MIB, 7 * MIB],
    [SIZE - 300, SIZE],
  ];
  const samples = samplesOf(content, (map) => {
    map.set(8 * MIB, 9 * MIB, BAD_SECTOR);
    for (const [start, end] of finished) map.set(start, end, FINISHED);
  });
  assertEquals(samples.length, 8);
  let end = 0;
  for (const { offset, bytes } of samples) {
    assert(offset >= end, "they overlap");
    end = offset + bytes.length;
    assert(finished.some(([start, stop]) => start <= offset && end <= stop), `${offset}`);
    assertEquals(offset % 512, 0);
    assert(end % 512 === 0 || end === SIZE, `${end}`);
  }
});

Deno.test("on larger sectors no sample begins or ends inside one", () => {
  const samples = samplesOf(noise(SIZE, 3), (map) => {
    for (let at = 512; at < SIZE - 8192; at += 16_384) map.set(at, at + 8192, FINISHED);
  }, { sectorSize: 4096 });
  assertEquals(samples.length, 8);
  for (const { offset, bytes } of samples) {
    assertEquals([offset % 4096, bytes.length % 4096], [0, 0]);
  }
});

Deno.test("content that tells is found, however little there is", () => {
  const content = new Uint8Array(SIZE);
  content.set(noise(256 * 1024, 4), 9 * MIB);
  const samples = samplesOf(content, (map) => map.set(0, SIZE, FINISHED));
  const telling = samples.filter(({ isTelling }) => isTelling);
  assert(telling.length >= 3, `${telling.length} of them`);
  assertEquals(samples.length, 8, "the others fill up");
});

Deno.test("where much tells, some blank places are looked at as well", () => {
  const content = noise(SIZE, 4).fill(0, SIZE / 2);
  const samples = samplesOf(content, (map) => map.set(0, SIZE, FINISHED));
  const kinds = samples.map(({ isTelling }) => isTelling);
  assertEquals(kinds, [true, true, true, true, true, true, false, false]);
});

Deno.test("nothing finished, no samples; what is excepted is left out", () => {
  assertEquals(samplesOf(noise(SIZE, 5), () => {}), []);
  const whole = (map: FileMap) => map.set(0, SIZE, FINISHED);
  const except = [{ start: 0, end: 8 * MIB }];
  for (const { offset } of samplesOf(noise(SIZE, 5), whole, { except })) assert(offset >= 8 * MIB);
  assertEquals(samplesOf(noise(4096, 5), (map) => map.set(0, 4096, FINISHED)).length, 1);
});

Deno.test("an image that was cut short gives what it has", () => {
  const samples = samplesOf(noise(SIZE, 6), (map, image) => {
    map.set(0, SIZE, FINISHED);
    truncateFd(image, MIB);
  });
  assert(samples.length > 0);
  for (const { offset, bytes } of samples) assert(offset + bytes.length <= MIB);
});

Deno.test("many short runs are passed over once for each round of looks", () => {
  let looks = 0;
  const samples = samplesOf(noise(SIZE, 7), (map) => {
    for (let at = 0; at + 1024 < SIZE; at += 1024) map.set(at, at + 512, FINISHED);
    const find = map.find.bind(map);
    map.find = (start, limit, mask) => {
      looks++;
      return find(start, limit, mask);
    };
  });
  assertEquals(samples.length, 8);
  assert(looks <= 2 * (SIZE / 1024 + 1), `${looks} looks`);
});

Deno.test("equal bytes, and a few words among them, do not tell media apart", () => {
  assertEquals(isTelling(new Uint8Array(65_536)), false);
  assertEquals(isTelling(new Uint8Array(65_536).fill(0xff)), false);
  const bootSector = new Uint8Array(65_536);
  bootSector.set(noise(400, 8));
  assertEquals(isTelling(bootSector), false);
  assertEquals(isTelling(noise(512, 9)), true);
});

Deno.test("a sample is equal to the same bytes only", () => {
  const bytes = noise(4096, 10);
  const sample = { offset: 0, bytes, isTelling: true };
  assertEquals(isSampleEqual(sample, bytes.slice()), true);
  assertEquals(isSampleEqual(sample, bytes.slice(0, 4095)), false);
  assertEquals(isSampleEqual(sample, undefined), false);
  assertEquals(
    isSampleEqual(sample, bytes.map((byte, at) => at === 4000 ? byte ^ 1 : byte)),
    false,
  );
});
