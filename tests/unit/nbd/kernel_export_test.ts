import { assertEquals } from "@std/assert";
import { kernelBlocks, kernelTimeoutSeconds } from "../../../src/nbd/kernel_export.ts";

Deno.test("the kernel's blocks are sectors, as far as the size allows", () => {
  const table: [size: number, sectorSize: number, blockSize: number, blocks: number][] = [
    [1 << 20, 512, 512, 2048],
    [1 << 20, 2048, 2048, 512],
    [1 << 20, 4096, 4096, 256],
    [1 << 20, 65_536, 4096, 256],
    // A last sector that is a short one, or none at all.
    [(1 << 20) + 1024, 4096, 1024, 1025],
    [(1 << 20) + 512, 2048, 512, 2049],
    [(1 << 20) + 100, 2048, 512, 2048],
    [100, 512, 512, 0],
    // Audio discs.
    [2352 * 10, 2352, 512, 45],
    [2 ** 50, 4096, 4096, 2 ** 38],
  ];
  for (const [size, sectorSize, blockSize, blocks] of table) {
    assertEquals(kernelBlocks(size, sectorSize), { blockSize, blocks }, `${size} ${sectorSize}`);
  }
});

Deno.test("the kernel is more patient than a session, and never for ever", () => {
  assertEquals([1, 1500, 60_000, 0].map(kernelTimeoutSeconds), [31, 32, 90, 1_000_000]);
});
