// The rescue as another machine sees it: `nbdinfo --map=x-blkcache:state` against the mapfile.

import { assert, assertEquals } from "@std/assert";
import { parseMapfile } from "../../src/map/mapfile.ts";
import { FINISHED, statusChar } from "../../src/map/statuses.ts";
import { STATE_ZERO } from "../../src/nbd/meta_contexts.ts";
import { hasTools } from "../harness/requires.ts";
import { Served } from "../harness/served.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const SIZE = 8 * 1024 ** 2;
/** Every status, neighbours of each kind, one sector and many; the last quarter of the image is a hole. */
const MAP = "0x200000 * 1\n0 0x100000 +\n0x100000 0x200 -\n0x100200 0x1E00 /\n0x102000 0x200 -\n" +
  "0x102200 0xFDE00 +\n0x200000 0x10000 *\n0x210000 0x1F0000 ?\n0x400000 0x200 +\n" +
  "0x400200 0x1FFE00 ?\n0x600000 0x200000 +\n";

interface Extent {
  readonly offset: number;
  readonly length: number;
  readonly flags: number;
}

/** Lines such as `   1048576       512    3`. */
function parseExtents(text: string): Extent[] {
  return text.trimEnd().split("\n").map((line) => {
    const [offset, length, flags] = line.trim().split(/\s+/).map(Number);
    return { offset: offset!, length: length!, flags: flags! };
  });
}

/** A line an area, as in a mapfile; equal neighbours are one. */
function areas(
  extents: Iterable<readonly [offset: number, length: number, status: number]>,
): string[] {
  const merged: [number, number, number][] = [];
  for (const [offset, length, status] of extents) {
    const last = merged.at(-1);
    if (last?.[2] === status) last[1] += length;
    else merged.push([offset, length, status]);
  }
  return merged.map(([offset, length, status]) => `${offset} ${length} ${statusChar(status)}`);
}

Deno.test({
  name: "nbdinfo --map=x-blkcache:state says what the mapfile says",
  ignore: !hasTools("nbdinfo"),
  async fn() {
    using folder = new TestFolder();
    const device = folder.noise("device", SIZE);
    const bytes = Deno.readFileSync(device).fill(0, SIZE * 3 / 4);
    Deno.writeFileSync(device, bytes);
    {
      using image = Deno.createSync(folder.file("image"));
      image.writeSync(bytes.subarray(0, SIZE * 3 / 4));
      image.truncateSync(SIZE);
    }
    Deno.writeTextFileSync(folder.file("image.map"), MAP);
    await using served = await Served.start(device, { dir: folder.path });
    const extents = parseExtents(await tool("nbdinfo", ["--map=x-blkcache:state", served.uri]));
    await served.stop();

    const { positions, statuses, size } = parseMapfile(Deno.readFileSync(served.map), served.map);
    const blocks = Array.from(
      positions,
      (start, block) => [start, (positions[block + 1] ?? size) - start, statuses[block]!] as const,
    );
    const told = extents.map(({ offset, length, flags }) =>
      [offset, length, flags & ~STATE_ZERO] as const
    );
    assertEquals(areas(told), areas(blocks));
    // What reads as zeros is said of finished extents alone, and of the hole.
    const zeros = extents.filter(({ flags }) => (flags & STATE_ZERO) !== 0);
    assert(zeros.every(({ flags }) => (flags & ~STATE_ZERO) === FINISHED));
    assertEquals(zeros.map(({ offset, length }) => [offset, length]), [[SIZE * 3 / 4, SIZE / 4]]);
  },
});
