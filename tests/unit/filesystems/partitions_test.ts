// Partition tables as sfdisk writes them, on disks with sectors of 512 and 4096 bytes, whole and damaged.

import { assert, assertEquals } from "@std/assert";
import { PartReader } from "../../../src/filesystems/part_reader.ts";
import { MAX_PARTITIONS, readPartitions } from "../../../src/filesystems/partitions.ts";
import { inFolder } from "../../harness/temporary_folder.ts";
import { writePartitionTable } from "../../harness/partition_image.ts";
import { hasTools } from "../../harness/requires.ts";

const MIB = 2 ** 20;
const SIZE = 64 * MIB;

type Bytes = Uint8Array<ArrayBuffer>;

function found(bytes: Uint8Array, sectorSize = 512, unreadable: readonly number[] = []) {
  const reader = new PartReader((offset, length) => {
    if (unreadable.some((at) => offset <= at && at < offset + length)) return undefined;
    return bytes.subarray(offset, offset + length);
  }, bytes.length);
  const table = readPartitions(reader, sectorSize);
  if (table === undefined) return undefined;
  const { kind, partitions, remark } = table;
  return { kind, remark, partitions: partitions.map((p) => [p.number, p.start, p.size, p.name]) };
}

async function made(script: string): Promise<Bytes> {
  let bytes: Bytes = new Uint8Array();
  await inFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/disk`, new Uint8Array(SIZE));
    await writePartitionTable(`${folder}/disk`, script);
    bytes = Deno.readFileSync(`${folder}/disk`);
  });
  return bytes;
}

const GPT = `label: gpt
start=2048, size=8192, name="first"
start=20480, size=4096, name="\u00fcber"
`;
const GPT_FOUND = [[1, MIB, 4 * MIB, "first"], [2, 10 * MIB, 2 * MIB, "\u00fcber"]];

Deno.test({
  name: "primary, extended and logical partitions of an MBR are found",
  ignore: !hasTools("sfdisk"),
  async fn() {
    const bytes = await made(
      "label: dos\nstart=2048, size=2048\nstart=8192, size=65536, type=f\n" +
        "start=10240, size=2048\nstart=16384, size=4096\nstart=24576, size=2048\n",
    );
    assertEquals(found(bytes), {
      kind: "mbr",
      remark: null,
      partitions: [
        [1, MIB, MIB, null],
        [5, 5 * MIB, MIB, null],
        [6, 8 * MIB, 2 * MIB, null],
        [7, 12 * MIB, MIB, null],
      ],
    });
    // A table of the chain that cannot be read hides those behind it and no others.
    const second = found(bytes, 512, [16384 * 512 - 2048 * 512])!.partitions;
    assert(second.length >= 2 && second.length < 4, String(second));
    // A chain that leads back to its start ends.
    const looped = bytes.slice();
    const view = new DataView(looped.buffer);
    view.setUint8(8192 * 512 + 446 + 16 + 4, 5);
    view.setUint32(8192 * 512 + 446 + 16 + 8, 0, true);
    assertEquals(found(looped)!.partitions.length, 2);
  },
});

Deno.test({
  name: "a GPT is found by its primary table, by its backup, and without its MBR",
  ignore: !hasTools("sfdisk"),
  async fn() {
    const bytes = await made(GPT);
    const good = { kind: "gpt" as const, remark: null, partitions: GPT_FOUND };
    assertEquals(found(bytes), good);
    assertEquals(found(bytes, 4096), good, "an image of a disk with other sectors");
    assertEquals(found(bytes, 512, [0]), good);
    const backup = { ...good, remark: "the partition table is the backup copy" };
    assertEquals(found(bytes, 512, [512]), backup);
    assertEquals(found(bytes, 512, [0, 512]), backup);
    assertEquals(found(bytes, 512, [1024]), backup, "entries cannot be read");
    const damaged = bytes.slice();
    damaged[1024 + 40]! ^= 1;
    assertEquals(found(damaged), backup);
    // Neither is right: better than nothing.
    damaged.fill(0, damaged.length - 512);
    const doubtful = found(damaged)!;
    assertEquals(doubtful.remark, "the checksum of the partition table is wrong");
    assertEquals(doubtful.partitions.length, 2);
  },
});

Deno.test({
  name: "a hybrid MBR gives way to its GPT, a protective one without a GPT lists nothing",
  ignore: !hasTools("sfdisk"),
  async fn() {
    const bytes = await made(GPT);
    const view = new DataView(bytes.buffer);
    bytes[446 + 16 + 4] = 0x83;
    view.setUint32(446 + 16 + 8, 2048, true);
    view.setUint32(446 + 16 + 12, 8192, true);
    assertEquals(found(bytes)!.partitions, GPT_FOUND);
    const alone = bytes.slice().fill(0, 446 + 16, 510).fill(0, 512);
    assertEquals(found(alone), undefined);
    // One that was written later than the GPT.
    const later = bytes.slice().fill(0, 446, 462);
    assertEquals(found(later), {
      kind: "mbr",
      remark: null,
      partitions: [[2, MIB, 4 * MIB, null]],
    });
  },
});

Deno.test("an MBR that counts in sectors of 4096 bytes is known by its file system", () => {
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  bytes[446 + 4] = 0x83;
  view.setUint32(446 + 8, 256, true);
  view.setUint32(446 + 12, 1024, true);
  view.setUint16(510, 0xaa55, true);
  assertEquals(found(bytes, 4096)!.partitions, [[1, MIB, 4 * MIB, null]]);
  assertEquals(found(bytes, 512)!.partitions, [[1, MIB / 8, MIB / 2, null]]);
  view.setUint16(MIB + 1080, 0xef53, true);
  assertEquals(found(bytes, 512)!.partitions, [[1, MIB, 4 * MIB, null]]);
});

Deno.test("entries outside the disk are cut or left out, and there are never too many", () => {
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint16(510, 0xaa55, true);
  const entries = [[1, SIZE / 512], [SIZE / 512, 1], [0xffffffff, 0xffffffff], [5, 0]];
  for (const [index, [start, count]] of entries.entries()) {
    bytes[446 + index * 16 + 4] = 7;
    view.setUint32(446 + index * 16 + 8, start!, true);
    view.setUint32(446 + index * 16 + 12, count!, true);
  }
  assertEquals(found(bytes)!.partitions, [[1, 512, SIZE - 512, null]]);
  // Each sector is an extended partition's table that leads to the next one.
  const chain = new Uint8Array(MIB);
  for (let sector = 0; sector < chain.length / 512; sector++) {
    const at = sector * 512;
    const table = new DataView(chain.buffer, at);
    table.setUint8(446 + 4, 0x83);
    table.setUint32(446 + 8, 1, true);
    table.setUint32(446 + 12, 1, true);
    table.setUint8(462 + 4, 5);
    table.setUint32(462 + 8, sector === 0 ? 1 : sector, true);
    table.setUint16(510, 0xaa55, true);
  }
  const many = found(chain)!.partitions.length;
  assert(many > 200 && many <= MAX_PARTITIONS, String(many));
});
