// The benchmarks of failing hardware run to their end, and blkcache does in them what BENCHMARKS.md says.

import { assert, assertEquals } from "@std/assert";
import { hasTools, isRoot } from "../harness/requires.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const ignore = !isRoot() || !hasTools("nbdkit", "nbdfuse", "losetup", "qemu-nbd", "ddrescue");
const BENCHMARKS = new URL("../bench/", import.meta.url).pathname;

/** The soak waits for a server that rests; the others end sooner. */
const PATIENCE_MS = 240_000;

/** Runs a benchmark. @returns the cells of blkcache's rows. */
async function rowsOf(benchmark: string, ...options: string[]): Promise<string[][]> {
  using folder = new TestFolder();
  const args = ["run", "-A", "--no-check", BENCHMARKS + benchmark, "--quick", "--markdown"];
  const output = await tool(Deno.execPath(), [...args, `--dir=${folder.path}`, ...options], {
    patienceMs: PATIENCE_MS,
  });
  assertEquals(folder.listing(), []);
  return output.split("\n").filter((line) => line.startsWith("| blkcache "))
    .map((line) => line.split("|").map((cell) => cell.trim()).slice(2, -1));
}

Deno.test({
  name: "bad_sector.ts: all good bytes for at most 4 failing reads, and for none again",
  ignore,
  async fn() {
    const [[one, connection, sectors, before, forOne, forMore, forSectors]] = await rowsOf(
      "bad_sector.ts",
    );
    assertEquals([one, connection, sectors], ["65,024", "kept", "65,024"]);
    assertEquals([before, forMore, forSectors], ["0", "0", "0"]);
    assert(Number(forOne) >= 1 && Number(forOne) <= 4, forOne);
  },
});

Deno.test({
  name: "head_of_line.ts: hits are answered while misses wait",
  ignore,
  async fn() {
    const rows = await rowsOf("head_of_line.ts", "--only=blkcache");
    assertEquals(rows.map(([connection]) => connection), ["same", "another"]);
    for (const [, ...cells] of rows) {
      assertEquals(cells.length, 4);
      // A miss takes half a second.
      for (const cell of cells) assert(/^(\d+(\.\d+)? ms( \/ |$)){3}$/.test(cell), cell);
    }
  },
});

Deno.test({
  name: "fair.ts: a small read is answered beside a client that has 64 large ones in flight",
  ignore,
  async fn() {
    const [[alone, beside]] = await rowsOf("fair.ts", "--only=blkcache");
    for (const cell of [alone, beside]) assert(/^[\d.]+ m?s \/ [\d.]+ m?s$/.test(cell), cell);
  },
});

Deno.test({
  name: "soak.ts: what bad clients have taken is given back, and the good one was served",
  ignore: ignore || !hasTools("nbdcopy"),
  async fn() {
    const [[reads, times, late]] = await rowsOf("soak.ts", "--only=blkcache");
    assert(Number(reads) > 0, reads);
    assert(/^([\d.]+ ms( \/ |$)){3}$/.test(times!), times);
    assertEquals(late, "0");
  },
});
