// The repository stands alone: a clone with nothing beside it has all that building and testing it takes.

import { assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);
/** What building and testing makes, and git's own. */
const MADE = [".git", "dist", "node_modules", "coverage"];
/** Where an optional help is looked for, for machines that cannot reach Deno's own downloads. */
const OPTIONAL = [".ci/run: ../shared/tools/offline-compile-env"];

function* files(folder = ""): Generator<string> {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(new URL(`./${folder}`, ROOT))) {
    if (folder === "" && MADE.includes(name)) continue;
    if (isDirectory) yield* files(`${folder}${name}/`);
    else if (isFile) yield folder + name;
  }
}

Deno.test("no file names a path outside of the repository", () => {
  const outside: string[] = [];
  for (const path of files()) {
    const depth = path.split("/").length - 1;
    const text = Deno.readTextFileSync(new URL(`./${path}`, ROOT));
    for (const [named, up] of text.matchAll(/(?<![\w./${}-])((?:\.\.\/)+)[\w.-][\w./-]*/g)) {
      // A script that changes to the root, as .ci/run does, names paths from there.
      const from = path.startsWith(".ci/") ? 0 : depth;
      if (up.length / "../".length > from) outside.push(`${path}: ${named}`);
    }
    for (const [named] of text.matchAll(/(?<![\w.~-])\/(?:work|home|root)\/[\w./-]+/g)) {
      outside.push(`${path}: ${named}`);
    }
  }
  assertEquals(outside, OPTIONAL);
});
