// Which folders of src/ each thread loads, by following the imports of its entry point. A session that could load
// the reader's folder could touch the device; a thread that loads little starts quickly.
import { assertEquals } from "@std/assert";
import { loadedBy, type SourceFile, sourceFiles, withoutComments } from "./source_files.ts";

/** What every thread may load: it waits for nothing but memory and the kernel. */
const EVERYWHERE = ["base", "sys"];

/** What each thread loads besides: whole folders, or single files of one. */
const THREADS: Readonly<Record<string, readonly string[]>> = {
  "workers/session.ts": ["map", "nbd", "shared", "session", "files", "host/path_stat.ts"],
  "workers/kernel_session.ts": ["map", "nbd", "shared", "session", "files", "host/path_stat.ts"],
  "workers/fuse.ts": ["map", "fuse", "shared", "session"],
  "workers/reader.ts": [
    ...["map", "shared", "filesystems", "host", "files", "device", "identity", "reader", "opening"],
    "session/overlay_parts.ts", // for what an overlay is known by
  ],
  "workers/look.ts": ["map", "filesystems", "host", "files", "device", "identity", "opening"],
  "workers/watcher.ts": ["shared", "host", "files/open_error.ts", "device"],
  "workers/attach.ts": ["host"],
};

/** The paths that a file loads, itself included. */
function closure(entry: string, files: ReadonlyMap<string, string>): Set<string> {
  const loaded = new Set<string>();
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (loaded.has(path)) continue;
    loaded.add(path);
    const base = `file:///${path}`;
    for (const specifier of loadedBy(withoutComments(files.get(path)!))) {
      if (specifier.startsWith(".")) waiting.push(new URL(specifier, base).href.slice(8));
    }
  }
  return loaded;
}

/** What of the loaded paths the table does not allow. */
function strangers(loaded: Iterable<string>, allowed: readonly string[]): string[] {
  return [...loaded].filter((path) => {
    const folder = path.split("/")[0]!;
    return folder !== "workers" && ![folder, path].some((each) => allowed.includes(each));
  });
}

function byPath(files: readonly SourceFile[]): Map<string, string> {
  return new Map(files.map(({ path, text }) => [path, text]));
}

for (const [entry, folders] of Object.entries(THREADS)) {
  Deno.test(`${entry} loads nothing of another thread's`, () => {
    const loaded = closure(entry, byPath(sourceFiles()));
    assertEquals(strangers(loaded, [...EVERYWHERE, ...folders]), []);
    const unused = folders.filter((each) =>
      ![...loaded].some((path) => path === each || path.startsWith(`${each}/`))
    );
    assertEquals(unused, [], "the table allows what is not loaded");
  });
}

Deno.test("each entry point of a thread is in the table", () => {
  const starts = sourceFiles().flatMap(({ path, text }) =>
    [...withoutComments(text).matchAll(/new\s+URL\(\s*["']([^"']+\.ts)["']/g)]
      .map((match) => new URL(match[1]!, `file:///${path}`).href.slice(8))
  );
  assertEquals([...new Set(starts)].sort(), Object.keys(THREADS).sort());
});

Deno.test("a loaded file of another thread is found, a type is not loaded", () => {
  const files = new Map([
    ["workers/a.ts", 'import type { X } from "../reader/x.ts";\nimport { y } from "../map/y.ts";'],
    ["map/y.ts", 'import { type T, z } from "../reader/z.ts";\nexport { type U } from "./u.ts";'],
    ["reader/z.ts", ""],
  ]);
  const loaded = closure("workers/a.ts", files);
  assertEquals([...loaded], ["workers/a.ts", "map/y.ts", "reader/z.ts"]);
  assertEquals(strangers(loaded, ["map"]), ["reader/z.ts"]);
  assertEquals(strangers(loaded, ["map", "reader/z.ts"]), []);
});
