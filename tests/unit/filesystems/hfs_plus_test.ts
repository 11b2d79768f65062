// HFS+ as xorriso makes it, full. No program on Linux without the kernel's module changes one, so the test frees blocks.

import { assert, assertEquals } from "@std/assert";
import { diskUse } from "../../../src/filesystems/disk_use.ts";
import { hasTools } from "../../harness/requires.ts";
import { inFolder } from "../../harness/temporary_folder.ts";
import { tool } from "../../harness/tool.ts";

const HEADER = 1024;

/** The file system alone, which xorriso puts into the third partition of a disc. */
async function made(): Promise<Uint8Array<ArrayBuffer>> {
  let bytes = new Uint8Array();
  await inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/files`);
    Deno.writeFileSync(`${folder}/files/one`, new Uint8Array(70_000).fill(1));
    const disc = `${folder}/disc`;
    await tool("xorriso", [
      ...["-as", "mkisofs", "-hfsplus", "-quiet", "-V", "AGED", "-o", disc, `${folder}/files`],
    ]);
    const all = Deno.readFileSync(disc);
    const view = new DataView(all.buffer);
    const start = view.getUint32(1536 + 8) * 512;
    bytes = all.slice(start, start + view.getUint32(1536 + 12) * 512);
  });
  return bytes;
}

function lookAt(bytes: Uint8Array) {
  return diskUse((offset, length) => bytes.slice(offset, offset + length), bytes.length, 512);
}

Deno.test({
  name: "HFS+ is used as its allocation file says, and its special files come first",
  ignore: !hasTools("xorriso"),
  async fn() {
    const bytes = await made();
    const view = new DataView(bytes.buffer);
    const block = view.getUint32(HEADER + 40);
    const full = lookAt(bytes).parts[0]!;
    assertEquals([full.kind, full.label, full.inUse], ["HFS+", "AGED", bytes.length]);
    // The bit of block 3 is the fourth from the top.
    const bitmap = view.getUint32(HEADER + 112 + 16) * block;
    const blocks = view.getUint32(HEADER + 44);
    const last = blocks - 10;
    bytes[bitmap + (last >> 3)]! &= ~(0x80 >> (last & 7));
    const { structures, data } = lookAt(bytes);
    for (const list of [structures, data]) {
      const [start, end] = [last * block, (last + 1) * block];
      assert([...list].every((range) => range.end <= start || range.start >= end));
    }
    assertEquals(structures.bytes + data.bytes, bytes.length - block);
    const catalog = view.getUint32(HEADER + 272 + 16) * block;
    assert(structures.covers(catalog, catalog + block));
    assert(structures.covers(bitmap, bitmap + block));
  },
});

Deno.test({
  name: "a lost header of HFS+ is replaced by its copy, a mounted one counts as used as a whole",
  ignore: !hasTools("xorriso"),
  async fn() {
    const bytes = await made();
    const view = new DataView(bytes.buffer);
    view.setUint32(HEADER + 4, view.getUint32(HEADER + 4) & ~0x100);
    const mounted = lookAt(bytes).parts[0]!;
    assertEquals([mounted.used, mounted.remark], [bytes.length, "it was not unmounted"]);
    bytes.fill(0, HEADER, HEADER + 512);
    assertEquals(lookAt(bytes).parts[0]!.label, "AGED");
    bytes.fill(0, bytes.length - HEADER);
    assertEquals(lookAt(bytes).parts[0]!.kind, null);
  },
});
