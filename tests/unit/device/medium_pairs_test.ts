// An image of one medium and a device with another one, or with the same, as bytes: what openCache makes of them, what
// it reads for that, and what image and map hold afterwards.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type OpenCache, openCache } from "../../../src/opening/open_cache.ts";
import { UserError } from "../../../src/base/errors.ts";
import { File } from "../../../src/device/file.ts";
import { readSidecar } from "../../../src/opening/sidecar.ts";
import { formatMapfile } from "../../../src/map/mapfile.ts";
import { mapfileOf } from "../../../src/map/mapfile_conversion.ts";
import { withTail } from "../../../src/map/map_tail.ts";
import { closeFd } from "../../../src/sys/fd.ts";
import { EIO } from "../../../src/sys/errno.ts";
import { TestFolder } from "../../harness/test_folder.ts";
import { leave, type Left, type Made, make, MIB } from "../../harness/made_media.ts";

const KIB = 1024;
const SIZE = 16 * MIB;

/** What came of opening. */
interface Outcome {
  cache: Pick<OpenCache, "map" | "identity" | "tail" | "failures"> | undefined;
  /** The refusal, or what was said. */
  text: string;
  hints: string;
  reads: [offset: number, length: number][];
  failed: number;
  image: Uint8Array<ArrayBuffer>;
}

/** Opens the image of `known` for a device with `now` on it. */
function open(
  known: Made,
  now: Made,
  { left, force = false, bad = () => false, sectorSize = 512, prepare = () => {} }: {
    left?: Left;
    force?: boolean;
    bad?: (offset: number, length: number) => boolean;
    sectorSize?: number;
    prepare?: (folder: TestFolder, image: string) => void;
  } = {},
): Outcome {
  using folder = new TestFolder();
  const imagePath = leave(folder, "x.img", make(known), left);
  prepare(folder, imagePath);
  const content = make(now);
  Deno.writeFileSync(folder.file("device"), content);
  using device = File.open(folder.file("device"));
  const reads: [number, number][] = [];
  const said: string[] = [];
  let failed = 0;
  let cache: OpenCache | undefined;
  let hints = "";
  try {
    cache = openCache({
      device,
      read: (offset, length) => {
        reads.push([offset, length]);
        if (!bad(offset, length)) return content.slice(offset, offset + length);
        failed++;
        return -EIO;
      },
      size: content.length,
      sectorSize,
      name: "device",
      folder: folder.path,
      imagePath,
      mapPath: undefined,
      force,
      isOverlaid: false,
      checkPlace: () => {},
      warn: (message) => said.push(message),
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    said.push(error.message);
    hints = error.hints.join("\n");
  }
  if (cache !== undefined) closeFd(cache.imageFd);
  const bytes = Deno.readFileSync(imagePath);
  return { cache, text: said.join("\n"), hints, reads, failed, image: bytes };
}

const CARD: Made = { seed: "blank", mbr: { id: 0 }, fat: { id: 0x11111111 } };
const photos = (seed: number) => ({ files: [{ at: 8 * MIB, length: 2 * MIB, seed }] });
const EXT: Made = { ext: { uuid: 5 } };
const DISC: Made = { iso: { label: "DISC", date: "2001" } };
const HALF: Left = { finished: [[0, 8 * MIB]] };

const PAIRS: readonly [
  what: string,
  known: Made,
  now: Made,
  left: Left,
  opens: boolean,
  says: RegExp,
][] = [
  ["the same stick", { seed: 3 }, { seed: 3 }, HALF, true, /^$/],
  [
    "the same, by a map of ddrescue's",
    { seed: 3 },
    { seed: 3 },
    { ...HALF, sidecar: false },
    true,
    /^$/,
  ],
  ["another stick", { seed: 3 }, { seed: 4 }, HALF, false, /is of another device/],
  [
    "another stick, by a map of ddrescue's",
    { seed: 3 },
    { seed: 4 },
    { ...HALF, sidecar: false },
    false,
    /is of another device/,
  ],
  [
    "twin cards with other photos",
    { ...CARD, ...photos(1) },
    { ...CARD, ...photos(2) },
    {},
    false,
    /is of another device: .*differ.* nothing that tells/,
  ],
  [
    "twin cards of which the factory's numbers differ, no photo read",
    { ...CARD, ...photos(1) },
    { ...CARD, fat: { id: 0x22222222 }, ...photos(2) },
    HALF,
    false,
    /is of another device: its FAT id at 1048576 is 22222222, not 11111111/,
  ],
  [
    "twin cards of which all numbers agree, no photo read",
    { ...CARD, ...photos(1) },
    { ...CARD, ...photos(2) },
    HALF,
    false,
    /cannot tell .* too little/,
  ],
  ["the same card, no photo read", CARD, CARD, HALF, false, /cannot tell .* too little/],
  [
    "the same card with its photos",
    { ...CARD, ...photos(1) },
    { ...CARD, ...photos(1) },
    {},
    true,
    /^$/,
  ],
  [
    "a card with one more photo, for which its FAT was written to",
    { ...CARD, ...photos(1) },
    {
      ...CARD,
      files: [
        ...photos(1).files,
        { at: MIB + 32 * 512, length: 512, seed: 9 },
        { at: 10 * MIB, length: 2 * MIB, seed: 9 },
      ],
    },
    {},
    false,
    /cannot tell /,
  ],
  ["a blank medium and another", { seed: "blank" }, { seed: "blank" }, {}, false, /cannot tell/],
  [
    "a blank medium, and one with data behind",
    { seed: "blank" },
    { seed: "blank", ...photos(1) },
    HALF,
    false,
    /cannot tell/,
  ],
  [
    "a mounted partition",
    EXT,
    { ext: { uuid: 5, mounts: 1 } },
    HALF,
    false,
    /cannot tell .* its first 64 KiB changed since \(superblock\)/,
  ],
  [
    "a re-labelled partition",
    EXT,
    { ext: { uuid: 5, label: "new" } },
    HALF,
    false,
    /cannot tell .*superblock.*ext id/,
  ],
  [
    "a partition that was formatted anew",
    EXT,
    { ext: { uuid: 6 }, seed: 2 },
    HALF,
    false,
    /is of another device: its ext id/,
  ],
  ["a disc and itself", DISC, DISC, HALF, true, /^$/],
  [
    "discs that differ in one file",
    DISC,
    {
      ...DISC,
      files: [{ at: 2 * MIB, length: 5 * MIB, seed: 8 }],
    },
    HALF,
    false,
    /is of another device: .* nobody writes to a disc/,
  ],
  [
    "discs of another date",
    DISC,
    { iso: { label: "DISC", date: "2002" } },
    HALF,
    false,
    /is of another device: .*volume date/,
  ],
  [
    "a disc with an appended session",
    DISC,
    { size: 20 * MIB, iso: { label: "DISC", date: "2001" } },
    HALF,
    false,
    /has 16777216 bytes, 4194304 fewer than the device/,
  ],
  [
    "the halves of a mirror",
    { raid: { member: 1 } },
    { raid: { member: 2 } },
    HALF,
    false,
    /is of another device: its RAID member number/,
  ],
  [
    "all that was read was compared",
    { seed: 3 },
    { seed: 3 },
    { finished: [[0, 64 * KIB]] },
    true,
    /^$/,
  ],
  [
    "all of it, of twins",
    { ...CARD, ...photos(1) },
    { ...CARD, ...photos(2) },
    { finished: [[0, 64 * KIB]] },
    true,
    /^$/,
  ],
  [
    "a head alone, and much that is blank",
    { seed: "blank", ext: { uuid: 5 } },
    { seed: "blank", ext: { uuid: 5 } },
    HALF,
    false,
    /cannot tell .* too little/,
  ],
];

for (const [what, known, now, left, opens, says] of PAIRS) {
  Deno.test(`${what}: ${opens ? "goes on" : "is refused, and nothing changes"}`, () => {
    const { cache, text, hints, reads, image } = open(known, now, { left });
    assertEquals(cache !== undefined, opens, text);
    assertMatch(text, says);
    assert(reads.length <= 8, `${reads.length} reads`);
    const before = new Uint8Array(make(known).length);
    for (const [start, end] of left.finished ?? [[0, before.length]]) {
      before.set(make(known).subarray(start, end), start);
    }
    assertEquals(image.subarray(0, before.length), before);
    if (!opens) assertMatch(hints, /blkcache serve /);
  });
}

/** Whether two ranges touch. */
const touches = (start: number, end: number) => (offset: number, length: number) =>
  offset < end && start < offset + length;

Deno.test("--force goes on where nobody can tell, and the same is not asked again", () => {
  const mounted: Made = { ext: { uuid: 5, mounts: 1 } };
  assertEquals(open(EXT, mounted, { left: HALF }).cache, undefined);
  const { cache, text, image } = open(EXT, mounted, { left: HALF, force: true });
  assertMatch(text, /going on with the image ".*" because of --force/);
  assertEquals(image.subarray(0, 65_536), make(EXT).subarray(0, 65_536), "what was saved stays");
  const { accepted } = cache!.identity;
  assertEquals(accepted.stretches.map(({ offset }) => offset), [0]);
  const left = { ...HALF, identity: { accepted } };
  const again = open(EXT, mounted, { left });
  assertEquals([again.cache !== undefined, again.text], [true, ""]);
  const mountedAgain = open(EXT, { ext: { uuid: 5, mounts: 2 } }, { left });
  assertMatch(mountedAgain.text, /cannot tell .*superblock/);
});

Deno.test("--force never goes on with another medium", () => {
  for (const [what, known, now, left, opens, says] of PAIRS) {
    if (opens || !`${says}`.includes("is of another device")) continue;
    assertEquals(open(known, now, { left, force: true }).cache, undefined, what);
  }
});

Deno.test("behind an adapter that shows more, --force extends the image and the map", () => {
  const known: Made = { seed: 3, size: SIZE };
  const now: Made = { seed: 3, size: SIZE + MIB };
  const refused = open(known, now, { left: HALF });
  assertMatch(refused.text, /"[^"]*x.img" has 16777216 bytes, 1048576 fewer than the device/);
  assertMatch(refused.hints, /--force .*keeps all/);
  const { cache, image } = open(known, now, { left: HALF, force: true });
  assertEquals([cache!.map.size, image.length], [SIZE + MIB, SIZE + MIB]);
  assertEquals(cache!.map.isFinished(0, 8 * MIB), true);
  assertEquals(cache!.identity.accepted.sizes, [SIZE]);
});

Deno.test("behind one that shows less, it keeps the image's end and what the map knows of it", () => {
  const known: Made = { seed: 3 };
  const now: Made = { seed: 3, size: SIZE - MIB };
  const left: Left = {
    finished: [[0, 8 * MIB], [SIZE - MIB / 2, SIZE]],
    bad: [[SIZE - MIB - 512, SIZE - MIB + 512]],
  };
  for (const sidecar of [true, false]) {
    assertMatch(
      open(known, now, { left: { ...left, sidecar } }).text,
      /1048576 more than the device/,
    );
    const { cache, image } = open(known, now, { left: { ...left, sidecar }, force: true });
    assertEquals([cache!.map.size, image.length], [SIZE - MIB, SIZE]);
    assertEquals(image.subarray(SIZE - MIB / 2), make(known).subarray(SIZE - MIB / 2));
    const saved = mapfileOf(withTail(cache!.map.snapshot(), cache!.tail));
    const text = formatMapfile(saved, {
      version: "1",
      commandLine: "",
      startTime: new Date(),
      currentTime: new Date(),
    });
    const blocks = text.split("\n").filter((line) => /^0x\w+ +0x\w+ +\S$/.test(line))
      .map((line) => line.split(/ +/));
    assertEquals(
      blocks.map(([start, size, status]) => [Number(start), Number(size), status]),
      [
        [0, 8 * MIB, "+"],
        [8 * MIB, 7 * MIB - 512, "?"],
        [15 * MIB - 512, 1024, "-"],
        [15 * MIB + 512, MIB / 2 - 512, "?"],
        [SIZE - MIB / 2, MIB / 2, "+"],
      ],
    );
  }
});

Deno.test("a few sectors more or less, and other sectors, go on with a sentence", () => {
  const now: Made = { seed: 3, size: SIZE - 7 * 512 };
  const smaller = open({ seed: 3 }, now, { left: HALF });
  assertEquals(smaller.cache?.map.size, SIZE - 7 * 512);
  assertMatch(smaller.text, /has 16777216 bytes, 3584 more than the device/);
  const sectors = open({ seed: 3 }, { seed: 3 }, {
    left: { finished: [[512, 8 * MIB + 512]], bad: [[0, 512]] },
    sectorSize: 4096,
  });
  assertMatch(sectors.text, /4096 bytes now, and had 512/);
  assertEquals(sectors.cache?.map.isFinished(512, 8 * MIB + 512), true);
  for (const [offset, length] of sectors.reads) {
    assert(offset >= 4096 && offset % 4096 === 0 && length % 4096 === 0, `${offset} ${length}`);
  }
});

Deno.test("nothing that the map calls bad is read, and its head is known from the image", () => {
  const left: Left = { finished: [[512, 8 * MIB]], bad: [[0, 512]] };
  for (const sidecar of [true, false]) {
    const { cache, failed, reads, text } = open(DISC, DISC, {
      left: { ...left, sidecar },
      bad: touches(0, 512),
    });
    assertEquals([failed, text], [0, ""]);
    assertEquals(cache?.identity.volume?.label, "DISC");
    assert(reads.length > 0 && reads.length <= 8, `${reads.length} reads`);
  }
});

Deno.test("a sick disk is asked again until one read fails, and keeps what the image has of it", () => {
  const { failed, cache, text } = open({ seed: 3 }, { seed: 3 }, {
    left: HALF,
    bad: touches(0, 4 * MIB),
  });
  assertEquals(failed, 1);
  assertEquals(cache, undefined);
  assertMatch(text, /1 place cannot be read|cannot be read/);
  const oneBad = open({ seed: 3 }, { seed: 3 }, { left: HALF, bad: touches(7 * MIB, 8 * MIB) });
  assertEquals(oneBad.failed, 1);
  assertEquals(oneBad.cache?.map.isFinished(0, 8 * MIB), true);
});

Deno.test("a first run reads the head, and what fails of it is known to map and reader", () => {
  using folder = new TestFolder();
  const content = make({ seed: 3 });
  Deno.writeFileSync(folder.file("device"), content);
  using device = File.open(folder.file("device"));
  let failed = 0;
  const cache = openCache({
    device,
    read: () => (failed++, -EIO),
    size: SIZE,
    sectorSize: 512,
    name: "device",
    folder: folder.path,
    imagePath: folder.file("new.img"),
    mapPath: undefined,
    force: false,
    isOverlaid: false,
    checkPlace: () => {},
    warn: () => {},
  });
  closeFd(cache.imageFd);
  assertEquals(failed, 1);
  // Nothing was read since: it may be the device that does not answer.
  assertEquals([...cache.map.ranges(0, MIB)].map(({ end, status }) => [end, status]), [[MIB, 0]]);
  assertEquals(cache.failures, [{ start: 0, end: 64 * KIB, errno: EIO, isProved: false }]);
});

Deno.test("serial numbers: another one is asked about, and never written down without consent", () => {
  // A regular file tells none; the sidecar's stays.
  const left: Left = { ...HALF, identity: { model: "M", serial: "W1", usbSerial: "U1" } };
  const { cache } = open({ seed: 3 }, { seed: 3 }, { left });
  assertEquals([cache?.identity.serial, cache?.identity.usbSerial], ["W1", "U1"]);
});

Deno.test("the number of an image stays as long as it is known to be of this medium", () => {
  const imageId = "0123456789abcdef";
  const idOf = (left: Left) =>
    open({ seed: 3 }, { seed: 3 }, { left: { ...left, identity: { imageId } } }).cache?.identity
      .imageId;
  assertEquals(idOf(HALF), imageId);
  const other = idOf({ finished: [[0, 64 * KIB]] });
  assert(
    other !== imageId && /^[0-9a-f]{16}$/.test(other!),
    "all was compared, but nothing is proved",
  );
});

Deno.test("an empty image with another one's sidecar is asked about", () => {
  const { text } = open({ seed: 3, size: SIZE }, { seed: 4, size: SIZE - MIB }, {
    left: HALF,
    prepare(_folder, image) {
      Deno.writeFileSync(image, new Uint8Array());
      Deno.removeSync(`${image}.map`);
      assert(readSidecar(`${image}.json`) !== undefined);
    },
  });
  assertMatch(text, /has 16777216 bytes, 1048576 more than the device/);
});
