// What the documents name is there: files, folders, tasks, links and headings.

import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);
const DOCUMENTS = [
  "README.md",
  "CHANGELOG.md",
  ...Array.from(Deno.readDirSync(new URL(".github/", ROOT)), ({ name }) => `.github/${name}`)
    .filter((path) => path.endsWith(".md")).sort(),
];
/** What the build makes, and what a release will have. */
const MADE = [/^dist\//];

function textOf(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(new URL(path, ROOT));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Paths that a text names: below the root, or, as ARCHITECTURE writes them, below src/. */
function pathsIn(text: string): string[] {
  const paths = text.matchAll(
    /(?<![\w./$~<{-])(?:\.(?:github|ci)|[a-z]\w*)(?:\/[\w.*-]+)*(?:\.(?:ts|sh|py|md|yml)\b|\/(?=[`) ,.]))/g,
  );
  return [...paths].map(([path]) => path).filter((path) =>
    path.includes("/") && !path.includes("*") && !MADE.some((made) => made.test(path))
  );
}

for (const document of DOCUMENTS) {
  const text = textOf(document);

  Deno.test(`${document}: every path that it names exists`, () => {
    const missing = pathsIn(text).filter((path) =>
      !isThere(path) && !isThere(`src/${path}`) && !isThere(`.github/${path}`)
    );
    assertEquals([...new Set(missing)], []);
  });

  Deno.test(`${document}: every task that it names exists`, () => {
    for (const [, task] of text.matchAll(/(?:deno(?:@\S+)?|\$D) task ([\w-]+)/g)) {
      assert(Object.hasOwn(config.tasks, task!), task);
    }
  });

  Deno.test(`${document}: every link leads somewhere`, () => {
    const folder = document.slice(0, document.lastIndexOf("/") + 1);
    const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading!.toLowerCase().replace(/[^\w -]/g, "").replaceAll(" ", "-")
    );
    for (const [, target] of text.matchAll(/\]\(([^)]+)\)/g)) {
      if (target!.startsWith("https://")) continue;
      if (target!.startsWith("#")) assert(headings.includes(target!.slice(1)), target);
      else assert(isThere(folder + target), target);
    }
  });
}

Deno.test("the documents name many files", () => {
  assert(DOCUMENTS.flatMap((document) => pathsIn(textOf(document))).length > 60);
});
