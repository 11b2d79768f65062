import { assertEquals } from "@std/assert";
import { mapTailOf, withoutTail, withTail } from "../../../src/map/map_tail.ts";
import { FileMap } from "../../../src/map/file_map.ts";
import { parseMapfile } from "../../../src/map/mapfile.ts";
import { FINISHED, type Status } from "../../../src/map/statuses.ts";

const mapfile = (...blocks: string[]) => parseMapfile(`0 ? 1\n${blocks.join("\n")}\n`, "a.map");

/** Blocks as "start-end status". */
function blocksOf(
  { positions, statuses, size }: {
    positions: ArrayLike<number>;
    statuses: ArrayLike<number>;
    size: number;
  },
): string[] {
  return Array.from(
    positions,
    (start, index) => `${start}-${positions[index + 1] ?? size} ${"?*/-+"[statuses[index]!]}`,
  );
}

Deno.test("what a mapfile knows of bytes behind the device's end is kept, and the rest is not", () => {
  const table: [blocks: string[], size: number, tail: string[] | undefined, kept: string[]][] = [
    [["0 1024 +"], 1024, undefined, ["0-1024 +"]],
    [["0 1024 +"], 4096, undefined, ["0-1024 +"]],
    [["0 1024 +", "1024 1024 -"], 1024, ["1024-2048 -"], ["0-1024 +"]],
    [["0 2048 +"], 512, ["512-2048 +"], ["0-512 +"]],
    [["0 512 *", "512 1024 +", "1536 512 /"], 1024, ["1024-1536 +", "1536-2048 /"], [
      "0-512 *",
      "512-1024 +",
    ]],
    // Nothing worth keeping.
    [["0 512 +", "512 1024 ?"], 512, undefined, ["0-512 +"]],
    [["0 512 +", "512 512 ?", "1024 512 -"], 512, ["512-1024 ?", "1024-1536 -"], ["0-512 +"]],
    // All of it lies behind the end.
    [["4096 512 +"], 1024, ["1024-4096 ?", "4096-4608 +"], []],
  ];
  for (const [blocks, size, tail, kept] of table) {
    const file = mapfile(...blocks);
    const found = mapTailOf(file, size);
    assertEquals(found && blocksOf(found), tail, blocks.join());
    assertEquals(blocksOf(withoutTail(file, size)), kept, blocks.join());
  }
});

Deno.test("device and tail are saved as one map, whose neighbours differ", () => {
  const table: [device: [number, number, Status][], tail: string, expected: string[]][] = [
    [[[0, 1024, FINISHED]], "+", ["0-2048 +"]],
    [[[0, 1024, FINISHED]], "-", ["0-1024 +", "1024-2048 -"]],
    [[[0, 512, FINISHED]], "+", ["0-512 +", "512-1024 ?", "1024-2048 +"]],
    [[], "/", ["0-1024 ?", "1024-2048 /"]],
  ];
  for (const [device, status, expected] of table) {
    const map = FileMap.create(1024);
    for (const run of device) map.set(...run);
    const tail = mapTailOf(mapfile("0 1024 +", `1024 1024 ${status}`), 1024);
    assertEquals(blocksOf(withTail(map.snapshot(), tail)), expected);
  }
});

Deno.test("a map counts as finished only when its tail is, and without a tail it stays as it is", () => {
  const map = FileMap.create(1024);
  map.set(0, 1024, FINISHED);
  map.phase = "+";
  for (const [status, phase] of [["+", "+"], ["-", "?"]] as const) {
    const tail = mapTailOf(mapfile("0 1024 +", `1024 1024 ${status}`), 1024);
    assertEquals(withTail(map.snapshot(), tail).phase, phase);
  }
  const snapshot = map.snapshot();
  assertEquals(withTail(snapshot, undefined), snapshot);
});
