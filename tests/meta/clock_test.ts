// No test asserts how long something takes: on a busy machine that fails without a fault.
import { assertEquals } from "@std/assert";

const TESTS = new URL("../", import.meta.url).pathname;

/** Files that read the clock, and why that asserts nothing. */
const READERS: Readonly<Record<string, string>> = {
  "faults/kill_test.ts": "how long it works before it is killed",
  "harness/sick_server.ts": "a modelled disk, in real time",
  "harness/tool.ts": "how long it waits for what never comes",
  "interop/fuse_file_test.ts": "a time stamp, between one before and one after it",
  "model/map_stress_test.ts": "how long threads work on one map",
  "mutation/faults.ts": "a line of the sources",
  "mutation/main.ts": "how long all of it has taken, to print it",
  "unit/reader/later_clock.ts": "a played clock",
  "unit/reader/reader_rests_test.ts": "a played clock",
  "unit/sys/poll_test.ts": "a played clock",
};

function* files(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(TESTS + folder)) {
    const path = `${folder}${name}`;
    if (isDirectory) yield* files(`${path}/`);
    else if (name.endsWith(".ts")) yield path;
  }
}

Deno.test("tests do not read the clock, but for those that assert nothing by it", () => {
  const readers = [...files("")].filter((path) =>
    !path.startsWith("bench/") && path !== "meta/clock_test.ts" &&
    /\b(performance|Date)\.now\b/.test(Deno.readTextFileSync(TESTS + path))
  );
  assertEquals(readers.sort(), Object.keys(READERS), "wait for an event, or play the time");
});
