// The table in SECURITY.md against the tree: each limit is a constant of that value, each test is there.

import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** Rows of the table, cell by cell. */
function rows(): string[][] {
  const text = Deno.readTextFileSync(new URL(".github/SECURITY.md", ROOT));
  return text.split("\n").filter((line) => /^\|/.test(line)).slice(2)
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

/** The module of src that exports a constant, or keeps it for itself. */
function definitions(name: string, folder = new URL("src/", ROOT)): string[] {
  return Array.from(Deno.readDirSync(folder)).flatMap((entry) => {
    const place = new URL(entry.isDirectory ? `${entry.name}/` : entry.name, folder);
    if (entry.isDirectory) return definitions(name, place);
    const pattern = new RegExp(`^(?:export )?const ${name}\\b`, "m");
    return pattern.test(Deno.readTextFileSync(place)) ? [place.href] : [];
  });
}

Deno.test("each limit that SECURITY.md names is one constant of that value", async () => {
  const limits = rows().flatMap(([, , limit]) => [...limit!.matchAll(/`(\w+)` = (\d+)/g)]);
  assert(limits.length > 5);
  for (const [, name, value] of limits) {
    const places = definitions(name!);
    assertEquals(places.length, 1, `${name} is defined in [${places}]`);
    const module = await import(places[0]!);
    assertEquals(module[name!], Number(value), name);
  }
});

Deno.test("each row of SECURITY.md names a test that is there", () => {
  for (const row of rows()) {
    assertEquals(row.length, 4, row.join(" | "));
    const tests = [...row[3]!.matchAll(/`([^`]+)`/g)].map(([, path]) => path!);
    assert(tests.length > 0, row[0]);
    for (const path of tests) assert(Deno.statSync(new URL(path, ROOT)).isFile, path);
  }
});
