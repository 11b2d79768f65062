// What a mount, a check or a repair writes to, by the first bytes of each kind of file system.
import { assert, assertEquals } from "@std/assert";
import {
  ntfsTableStart,
  rangeAround,
  type WrittenRange,
  writtenRanges,
} from "../../../src/identity/written_ranges.ts";
import { make, MIB } from "../../harness/made_media.ts";

const KIB = 1024;

/** The first 64 KiB of something: numbers by offset (u8, u16, u32 or u64 by their place in the list) and texts. */
function head(
  { u8 = {}, u16 = {}, u32 = {}, u64 = {}, big = {}, text = {} }:
    & Partial<
      Record<"u8" | "u16" | "u32" | "u64" | "big", Record<number, number>>
    >
    & { text?: Record<number, string> },
): Uint8Array {
  const bytes = new Uint8Array(64 * KIB);
  const view = new DataView(bytes.buffer);
  const each = (table: Record<number, number>, set: (at: number, value: number) => void) =>
    Object.entries(table).forEach(([at, value]) => set(Number(at), value));
  each(u8, (at, value) => view.setUint8(at, value));
  each(u16, (at, value) => view.setUint16(at, value, true));
  each(u32, (at, value) => view.setUint32(at, value, true));
  each(u64, (at, value) => view.setBigUint64(at, BigInt(value), true));
  each(big, (at, value) => view.setUint32(at, value, false));
  for (const [at, value] of Object.entries(text)) {
    bytes.set(Array.from(value, (character) => character.charCodeAt(0)), Number(at));
  }
  return bytes;
}

const said = (ranges: readonly WrittenRange[]) =>
  ranges.map(({ start, end, what }) => `${start}-${end} ${what}`);

const XFS = head({
  text: { 0: "XFSB" },
  big: { 4: 4096, 84: 1000, 88: 3, 96: 64, 52: 1024 + 16 },
  u8: { 102: 2, 124: 10 },
});

const TABLE: readonly [name: string, head: Uint8Array, expected: string[]][] = [
  ["nothing", head({}), []],
  ["an MBR", make({ mbr: { id: 7 }, seed: "blank" }).subarray(0, 64 * KIB), [
    "0-446 boot code",
    `512-${MIB} boot area`,
  ]],
  [
    "FAT32: the root directory is in the first cluster",
    make({ fat: { id: 7 }, seed: "blank" }).subarray(MIB, MIB + 64 * KIB),
    ["0-16384 boot area", "16384-81920 FAT", "81920-86016 root directory"],
  ],
  [
    "FAT16: the root directory has a place of its own",
    head({
      text: { 54: "FAT16   " },
      u8: { 13: 4, 16: 2, 510: 0x55, 511: 0xaa },
      u16: { 11: 512, 14: 1, 17: 512, 22: 8 },
    }),
    ["0-512 boot area", "512-8704 FAT", "8704-25088 root directory"],
  ],
  [
    "exFAT",
    head({
      text: { 3: "EXFAT   " },
      u32: { 0x58: 256, 0x5c: 1000, 0x60: 6 },
      u8: { 0x6c: 9, 0x6d: 3, 510: 0x55, 511: 0xaa },
    }),
    [
      "0-131072 boot area and FAT",
      "131072-131197 allocation bitmap",
      "147456-151552 root directory",
    ],
  ],
  [
    "NTFS",
    head({ text: { 3: "NTFS    " }, u16: { 11: 512 }, u8: { 13: 8 }, u64: { 0x30: 4, 0x38: 100 } }),
    [
      "0-8192 boot area",
      `16384-${16384 + 64 * KIB} file table`,
      `409600-${409600 + 4 * KIB} copy of the file table`,
    ],
  ],
  [
    "NTFS with clusters of 2 MiB, which are written as a power of two",
    head({
      text: { 3: "NTFS    " },
      u16: { 11: 512 },
      u8: { 13: 256 - 12 },
      u64: { 0x30: 1, 0x38: 2 },
    }),
    [
      "0-8192 boot area",
      `${2 * MIB}-${2 * MIB + 64 * KIB} file table`,
      `${4 * MIB}-${4 * MIB + 4 * KIB} copy of the file table`,
    ],
  ],
  ["XFS: each group begins with a superblock, and the log lies in one", XFS, [
    "0-2048 superblock",
    "4096000-4098048 superblock",
    "8192000-8194048 superblock",
    "4161536-4423680 journal",
  ]],
  ["LUKS", head({ text: { 0: "LUKS\xba\xbe" } }), [`0-${4 * MIB} LUKS header`]],
  ["LVM", head({ text: { 512: "LABELONE", 536: "LVM2 001" } }), [`0-${MIB} LVM metadata`]],
  [
    "a RAID member of version 1.2: all in front of its data",
    head({ u32: { 4096: 0xa92b4efc }, u64: { [4096 + 128]: 2048 } }),
    [`4096-${MIB} RAID superblock`],
  ],
  [
    "a RAID member whose data offset is nonsense",
    head({ u32: { 4096: 0xa92b4efc }, u64: { [4096 + 128]: 2 ** 50 } }),
    ["4096-8192 RAID superblock"],
  ],
];

for (const [name, bytes, expected] of TABLE) {
  Deno.test(`what is written to without a file being changed: ${name}`, () => {
    assertEquals(said(writtenRanges(bytes, 0, false)), expected);
    // The same at the place of a partition.
    const moved = writtenRanges(bytes, 3 * MIB, false);
    const starts = writtenRanges(bytes, 0, false).map(({ start }) => start + 3 * MIB);
    assertEquals(moved.map(({ start }) => start), starts);
  });
}

Deno.test("ext: the superblock with its descriptors, and copies of it in groups 1, 3, 5, 7 and 9", () => {
  const bytes = make({ size: 96 * MIB, ext: { uuid: 5 }, seed: "blank" }).subarray(0, 64 * KIB);
  const ranges = writtenRanges(bytes, 0, false);
  assertEquals(ranges[0]!.start, 0);
  assertEquals(
    ranges.slice(1).map(({ start }) => (start / KIB - 1) / 8192),
    [1, 3, 5, 7, 9],
  );
});

Deno.test("ext: the journal's extents stand in the superblock, and only those of the first level count", () => {
  const bytes = make({ ext: { uuid: 5 }, seed: "blank" }).subarray(0, 64 * KIB);
  const view = new DataView(bytes.buffer);
  const at = 1024 + 0x10c;
  view.setUint16(at, 0xf30a, true);
  view.setUint16(at + 2, 1, true);
  view.setUint16(at + 12 + 4, 256, true);
  view.setUint32(at + 12 + 8, 4000, true);
  const journal = () =>
    said(writtenRanges(bytes, 0, false).filter(({ what }) => what === "journal"));
  assertEquals(journal(), [`${4000 * KIB}-${4256 * KIB} journal`]);
  view.setUint16(at + 6, 1, true);
  assertEquals(journal(), []);
});

Deno.test("a disc that has grown may have other descriptors, one of the same size may not", () => {
  const bytes = make({ iso: { label: "A", date: "2020" }, seed: "blank" }).subarray(0, 64 * KIB);
  assertEquals(said(writtenRanges(bytes, 0, true)), ["32768-65536 volume descriptors"]);
  assertEquals(writtenRanges(bytes, 0, false), []);
});

Deno.test("a difference is explained when all of it lies in one range", () => {
  const ranges = [{ start: 0, end: 100, what: "a" }, { start: 100, end: 200, what: "b" }];
  const table: [start: number, end: number, what: string | undefined][] = [
    [0, 100, "a"],
    [99, 100, "a"],
    [99, 101, undefined],
    [150, 200, "b"],
    [150, 201, undefined],
  ];
  for (const [start, end, what] of table) assertEquals(rangeAround(ranges, start, end)?.what, what);
});

Deno.test("where the file table of an NTFS begins is known of an NTFS only", () => {
  const [, ntfs] = TABLE.find(([name]) => name === "NTFS")!;
  assertEquals([ntfsTableStart(ntfs), ntfsTableStart(head({}))], [16_384, undefined]);
});

Deno.test("whatever a head says, ranges are few and not negative", () => {
  for (const kind of ["XFSB", "LUKS\xba\xbe"]) {
    const bytes = new Uint8Array(64 * KIB).fill(0xff);
    bytes.set(Array.from(kind, (character) => character.charCodeAt(0)));
    const ranges = writtenRanges(bytes, 0, false);
    assert(ranges.length <= 70, `${ranges.length}`);
    for (const { start, end } of ranges) assert(start >= 0 && end >= start, `${start}-${end}`);
  }
  for (const at of [3, 54, 82]) {
    for (const name of ["NTFS    ", "EXFAT   ", "FAT32   ", "FAT16   "]) {
      const bytes = new Uint8Array(64 * KIB).fill(0xff);
      bytes.set(Array.from(name, (character) => character.charCodeAt(0)), at);
      bytes.set([0x55, 0xaa], 510);
      for (const { start, end } of writtenRanges(bytes, 0, false)) {
        assert(start >= 0 && end >= start, `${name}: ${start}-${end}`);
      }
    }
  }
});
