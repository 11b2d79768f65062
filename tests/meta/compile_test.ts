// The compile task against the sources: a worker that it leaves out would be missing in the program only.

import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };

const SOURCES = new URL("../../src/", import.meta.url);

/** All files below a folder of src/, by their paths in it. */
function sourceFiles(folder = ""): string[] {
  return Array.from(Deno.readDirSync(new URL(folder, SOURCES))).flatMap(({ name, isDirectory }) =>
    isDirectory ? sourceFiles(`${folder}${name}/`) : [folder + name]
  );
}

/** What is started as a thread: `new URL("../workers/reader.ts", import.meta.url)`. */
function workersOf(path: string): string[] {
  const text = Deno.readTextFileSync(new URL(path, SOURCES));
  return [...text.matchAll(/new URL\(\s*"([^"]+\.ts)",\s*import\.meta\.url/g)]
    .map(([, module]) => new URL(module, new URL(path, "file:///src/")).pathname.slice(1));
}

Deno.test("the compiled program includes every worker, and no other module", () => {
  const included = [...config.tasks.compile.command.matchAll(/--include (src\/\S+)/g)]
    .map(([, path]) => path);
  const started = new Set(sourceFiles().flatMap(workersOf));
  assertEquals(included.sort(), [...started].sort());
});

Deno.test("the compiled program keeps no code cache: it would lie where others can write", () => {
  assert(config.tasks.compile.command.includes(" --no-code-cache "));
});
