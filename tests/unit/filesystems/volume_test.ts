import { assert, assertEquals } from "@std/assert";
import { type ReadBytes, readVolume } from "../../../src/filesystems/volume.ts";
import { hasTools } from "../../harness/requires.ts";
import { writePartitionTable } from "../../harness/partition_image.ts";
import { inFolder, makeHole } from "../../harness/temporary_folder.ts";

const DISC_SECTORS = 2048;

Deno.test({
  name: "an ISO 9660 disc gives its label, its dates and the size of the file system",
  ignore: !hasTools("genisoimage"),
  fn: async () => {
    await inFolder((folder) => {
      const disc = makeDisc(folder, "-V", "TEST_DISC");
      const volume = readVolume(readerOf(disc), DISC_SECTORS)!;
      assertEquals(volume.kind, "iso9660");
      assertEquals(volume.label, "TEST_DISC");
      assertEquals(Date.parse(volume.created!), dateAt(disc, 813));
      assertEquals(Date.parse(volume.modified!), dateAt(disc, 830));
      assertEquals(volume.id, null);
      assert(volume.size! > 40_000 && volume.size! <= disc.length, String(volume.size));
    });
  },
});

Deno.test({
  name: "a disc whose start is unreadable is still known by its descriptor alone",
  ignore: !hasTools("genisoimage"),
  fn: async () => {
    await inFolder((folder) => {
      const disc = makeDisc(folder, "-V", "TEST_DISC");
      // Sector 0 is bad, and so is sector 20: only small reads around them succeed.
      const read = withBadSectors(readerOf(disc), [0, 20]);
      assertEquals(readVolume(read, DISC_SECTORS)?.label, "TEST_DISC");
    });
  },
});

Deno.test({
  name: "a UDF file system gives its label, its date and its number",
  ignore: !hasTools("genisoimage"),
  fn: async () => {
    await inFolder((folder) => {
      const disc = makeDisc(folder, "-udf", "-V", "Größe €");
      const both = readVolume(readerOf(disc), DISC_SECTORS)!;
      assertEquals(both.kind, "iso9660", "of two descriptions the first is taken");
      disc.fill(0x41, 16 * DISC_SECTORS, 16 * DISC_SECTORS + 6); // no longer ISO 9660
      const volume = readVolume(readerOf(disc), DISC_SECTORS)!;
      assertEquals(volume.kind, "udf");
      assertEquals(volume.label?.slice(0, 2), "Gr");
      assert(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d/.test(volume.created!), volume.created);
      assert(volume.id !== null && volume.id.length > 8, volume.id);
      assertEquals(readVolume(readerOf(disc), 512), volume, "also seen through other sectors");
      const noAnchor = withBadSectors(readerOf(disc), [256]);
      assertEquals(readVolume(noAnchor, DISC_SECTORS), null);
    });
  },
});

for (
  const [label, id, kind, expected] of [
    ["dos", "0xdeadbeef", "mbr", "deadbeef"],
    ["gpt", "01234567-89AB-CDEF-0123-456789ABCDEF", "gpt", "01234567-89ab-cdef-0123-456789abcdef"],
  ]
) {
  Deno.test({
    name: `a ${label} partition table is known by its number`,
    ignore: !hasTools("sfdisk"),
    fn: async () => {
      await inFolder(async (folder) => {
        const path = makeHole(folder, "disk.img", 8 << 20);
        await writePartitionTable(path, `label: ${label}\nlabel-id: ${id}\n,,\n`);
        const disk = Deno.readFileSync(path);
        const volume = readVolume(readerOf(disk), 512);
        assertEquals(volume, {
          kind: kind as "mbr",
          label: null,
          created: null,
          modified: null,
          id: expected!,
          size: null,
        });
        assertEquals(readVolume(readerOf(disk), 4096), volume, "also seen through other sectors");
      });
    },
  });
}

Deno.test("no file system is seen where there is none", () => {
  const fatBootSector = new Uint8Array(100_000);
  fatBootSector.set([0x55, 0xaa], 510);
  fatBootSector.fill(0x33, 446, 510); // boot code where a table would be
  const emptyTable = new Uint8Array(100_000);
  emptyTable.set([0x55, 0xaa], 510);
  const cases: Record<string, Uint8Array> = {
    "a blank disk": new Uint8Array(1 << 20),
    "a tiny file": Uint8Array.of(1, 2, 3),
    "an empty file": new Uint8Array(0),
    "a boot sector without a table": fatBootSector,
    "a table without partitions": emptyTable,
    "noise": Uint8Array.from({ length: 1 << 20 }, (_, i) => (i * i + i * 7) % 253),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    assertEquals(readVolume(readerOf(bytes), 512), null, name);
  }
});

Deno.test("a medium that cannot be read at all is unknown, after few reads", () => {
  let reads = 0;
  const read = () => {
    reads++;
    return undefined;
  };
  assertEquals(readVolume(read, 2048), null);
  assert(reads <= 4, `${reads} reads`);
});

Deno.test("what a disc says cannot play with the terminal", () => {
  const disc = new Uint8Array(100_000);
  disc.set([1, ...new TextEncoder().encode("CD001")], 32_768);
  disc.set(new TextEncoder().encode("\x1b[2JEVIL\n"), 32_768 + 40);
  assertEquals(readVolume(readerOf(disc), 2048)?.label, "[2JEVIL");
});

Deno.test("dates that are not given or make no sense are left out", () => {
  const dates: [string, number, string | null][] = [
    ["0000000000000000", 0, null],
    ["2001123123595999", 0, "2001-12-31T23:59:59.99+00:00"],
    ["2001123123595999", 22, "2001-12-31T23:59:59.99+05:30"],
    ["2001123123595999", -14 & 0xff, "2001-12-31T23:59:59.99-03:30"],
    ["                ", 0, null],
    ["2001-12-31 23:59", 0, null],
  ];
  for (const [digits, zone, expected] of dates) {
    const disc = new Uint8Array(100_000);
    disc.set([1, ...new TextEncoder().encode("CD001")], 32_768);
    disc.set([...new TextEncoder().encode(digits), zone], 32_768 + 813);
    assertEquals(readVolume(readerOf(disc), 2048)?.created, expected, digits);
  }
});

function readerOf(bytes: Uint8Array): ReadBytes {
  return (offset, length) => bytes.subarray(offset, offset + length);
}

/** Fails each read that touches one of these sectors of 2048 bytes. */
function withBadSectors(read: ReadBytes, sectors: number[]): ReadBytes {
  return (offset, length) =>
    sectors.some((sector) =>
        sector * DISC_SECTORS < offset + length && (sector + 1) * DISC_SECTORS > offset
      )
      ? undefined
      : read(offset, length);
}

/** The date in the descriptor of a disc, as ECMA-119 8.4.26.1 writes it: digits, then quarters of an hour. */
function dateAt(disc: Uint8Array, offset: number): number {
  const at = 16 * DISC_SECTORS + offset;
  const digits = new TextDecoder().decode(disc.subarray(at, at + 16));
  const [year, month, ...rest] = [digits.slice(0, 4), ...digits.slice(4).match(/../g)!].map(Number);
  const [day, hour, minute, second, hundredth] = rest;
  const quarters = new Int8Array(disc.buffer, at + 16, 1)[0]!;
  const local = Date.UTC(year!, month! - 1, day, hour, minute, second, hundredth! * 10);
  return local - quarters * 15 * 60_000;
}

function makeDisc(folder: string, ...options: string[]): Uint8Array {
  Deno.mkdirSync(`${folder}/content`);
  Deno.writeTextFileSync(`${folder}/content/a.txt`, "hello");
  const args = ["-quiet", "-input-charset", "utf-8", "-o", `${folder}/a.iso`];
  const result = new Deno.Command("genisoimage", {
    args: [...args, ...options, `${folder}/content`],
  }).outputSync();
  assert(result.success, new TextDecoder().decode(result.stderr));
  return Deno.readFileSync(`${folder}/a.iso`);
}
