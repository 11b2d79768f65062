// What is used of disks that are damaged, in use, encrypted or not known: a sentence, and never less than the files.

import { assert, assertEquals } from "@std/assert";
import { type DiskUse, diskUse, useSentence } from "../../../src/filesystems/disk_use.ts";
import { ReadBudget } from "../../../src/filesystems/part_reader.ts";
import { hasTools } from "../../harness/requires.ts";
import { inFolder } from "../../harness/temporary_folder.ts";
import { tool } from "../../harness/tool.ts";

const MIB = 2 ** 20;
type Bytes = Uint8Array<ArrayBuffer>;

/** @param bad places that cannot be read. */
function lookAt(bytes: Bytes, bad: readonly number[] = [], budget?: ReadBudget): DiskUse {
  const read = (offset: number, length: number) =>
    bad.some((at) => offset <= at && at < offset + length)
      ? undefined
      : bytes.slice(offset, offset + length);
  return diskUse(read, bytes.length, 512, budget);
}

async function made(size: number, ...command: string[]): Promise<Bytes> {
  let bytes: Bytes = new Uint8Array();
  await inFolder(async (folder) => {
    const path = `${folder}/image`;
    Deno.writeFileSync(path, new Uint8Array(size));
    const [name, ...args] = command;
    await tool(name!, [...args, path]);
    bytes = Deno.readFileSync(path);
  });
  return bytes;
}

const ext = (...options: string[]) =>
  made(64 * MIB, "mkfs.ext4", "-q", "-F", "-b", "1024", "-L", "home", ...options);

Deno.test({
  name: "ext: a bitmap that cannot be read counts as used, its group alone",
  ignore: !hasTools("mkfs.ext4"),
  async fn() {
    const bytes = await ext("-O", "^flex_bg,^metadata_csum,^uninit_bg");
    const whole = lookAt(bytes).parts[0]!;
    const group = 8192 * 1024;
    const bitmap = new DataView(bytes.buffer).getUint32(2048 + 64 * 6, true) * 1024;
    const { parts, data, structures } = lookAt(bytes, [bitmap]);
    assert(parts[0]!.used > whole.used + group / 2 && parts[0]!.used < whole.used + group);
    assert(parts[0]!.remark!.includes("8 MiB cannot be looked up in its bitmaps"));
    assertEquals(data.bytes + structures.bytes, parts[0]!.used);
  },
});

Deno.test({
  name: "ext: a copy takes the place of a superblock that is lost or cannot be read",
  ignore: !hasTools("mkfs.ext4"),
  async fn() {
    const bytes = await ext();
    const good = lookAt(bytes);
    assertEquals(good.parts[0]!.label, "home");
    const check = ({ parts, structures, data }: DiskUse) => {
      assertEquals(parts[0]!.remark, "only a copy of its superblock is left");
      assertEquals(parts[0]!.inUse, good.parts[0]!.inUse);
      assertEquals([[...structures], [...data]], [[...good.structures], [...good.data]]);
    };
    check(lookAt(bytes, [1024]));
    bytes.fill(0, 1024, 2048);
    check(lookAt(bytes));
  },
});

Deno.test({
  name: "a file system that was not unmounted counts as used as a whole, what it calls used first",
  ignore: !hasTools("mkfs.ext4"),
  async fn() {
    const bytes = await ext();
    const clean = lookAt(bytes);
    bytes[1024 + 0x60]! |= 4;
    const { parts, structures, data, doubtful } = lookAt(bytes);
    assertEquals([parts[0]!.used, parts[0]!.inUse], [bytes.length, clean.parts[0]!.used]);
    assertEquals([...data], [...clean.data]);
    assertEquals(structures.bytes + data.bytes + doubtful.bytes, bytes.length);
    const sentence = useSentence(parts[0]!);
    assert(sentence.includes("used as a whole ("), sentence);
  },
});

Deno.test({
  name: "ext: numbers that make no sense are refused, and all of it counts as used",
  ignore: !hasTools("mkfs.ext4"),
  async fn() {
    const good = await ext();
    for (const [at, value] of [[0x4, 2 ** 31], [0x18, 40], [0x20, 1], [0x20, 2 ** 30], [0x28, 0]]) {
      const bytes = good.slice();
      const view = new DataView(bytes.buffer);
      // The copies, too, or they take its place.
      for (const copy of [1024, 8193 * 1024]) view.setUint32(copy + at!, value!, true);
      const [part] = lookAt(bytes).parts;
      assertEquals([part!.used, part!.inUse], [bytes.length, null], `${value} at ${at}`);
      assertEquals(part!.remark, "its superblock makes no sense, and there is no good copy");
    }
  },
});

Deno.test({
  name: "NTFS: the copy of the boot sector, and of the file table, are enough",
  ignore: !hasTools("mkfs.ntfs"),
  async fn() {
    const bytes = await made(16 * MIB, "mkfs.ntfs", "-q", "-F", "-f", "-L", "Windows");
    const good = lookAt(bytes);
    assertEquals([good.parts[0]!.label, good.parts[0]!.remark], ["Windows", null]);
    assertEquals(lookAt(bytes, [0]).parts, good.parts);
    const view = new DataView(bytes.buffer);
    const mft = Number(view.getBigUint64(0x30, true)) * 4096;
    assertEquals(lookAt(bytes, [mft]).parts[0]!.used, good.parts[0]!.used);
  },
});

const NAMED: readonly (readonly [kind: string, at: number, magic: string, remark: string])[] = [
  ["LUKS", 0, "LUKS\xba\xbe", "it is encrypted"],
  ["BitLocker", 3, "-FVE-FS-", "it is encrypted"],
  ["LVM", 512, "LABELONE\0\0\0\0\0\0\0\0\0\0\0\0\x20\0\0\0LVM2 001", "it holds logical volumes"],
  ["RAID member", 4096, "\xfc\x4e\x2b\xa9", "its file system may span several disks"],
  ["swap", 4086, "SWAPSPACE2", "it is memory of a system"],
  ["squashfs", 0, "hsqs", "all of it is in use"],
];

for (const [kind, at, magic, remark] of NAMED) {
  Deno.test(`${kind} is named and counts as used as a whole`, () => {
    const bytes = new Uint8Array(MIB);
    bytes.set([...magic].map((letter) => letter.charCodeAt(0)), at);
    const { parts, data } = lookAt(bytes);
    assertEquals(parts.map((part) => [part.kind, part.used, part.remark]), [[kind, MIB, remark]]);
    assertEquals([...data], [{ start: 0, end: MIB }]);
  });
}

Deno.test("an empty device has no parts; one that cannot be read counts as used", () => {
  assertEquals(lookAt(new Uint8Array()).parts, []);
  const places = Array.from({ length: 256 }, (_, index) => index * 4096);
  const { parts } = lookAt(new Uint8Array(MIB), places);
  assertEquals(
    useSentence(parts[0]!),
    "unknown 1 MiB, used as a whole: what is on it is not known",
  );
});
