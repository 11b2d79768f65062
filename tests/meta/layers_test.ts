// The rules of src/ that can be read off its text: imports go downwards only, pure folders are pure, FFI
// stays in src/sys, and files are named after what they hold.
import { assertEquals } from "@std/assert";
import { importsOf, type SourceFile, sourceFiles, withoutComments } from "./source_files.ts";

const ROOT = new URL("../../", import.meta.url);

/** The layer of each folder of src/. A folder may import those of lower layers. */
const LAYERS: Readonly<Record<string, number>> = {
  base: 0,
  sys: 1,
  map: 1,
  nbd: 1,
  fuse: 1,
  shared: 1,
  filesystems: 1,
  host: 2,
  files: 3,
  device: 4,
  identity: 5,
  session: 6,
  reader: 6,
  opening: 7,
  workers: 8,
  server: 9,
  ui: 10,
  cli: 11,
};

/** Imports within a layer that are allowed: from a folder to a folder, or to one file of it. */
const NEIGHBOURS: ReadonlySet<string> = new Set([
  "shared -> sys",
  "nbd -> map/statuses.ts",
  "fuse -> map/statuses.ts",
]);

/** Folders that know nothing of Deno and import no package. */
const PURE: ReadonlySet<string> = new Set(["base", "map", "nbd", "fuse", "filesystems"]);

const EMPTY_NAMES: ReadonlySet<string> = new Set(["utils", "helpers", "types", "misc", "mod"]);

/** What breaks the rules, a sentence each. */
function violations(file: SourceFile): string[] {
  const code = withoutComments(file.text);
  const [folder, ...rest] = file.path.split("/");
  if (folder === undefined || rest.length === 0 || LAYERS[folder] === undefined) {
    return [`${file.path}: is in none of the folders of the design`];
  }
  const found: string[] = [];
  const name = rest.at(-1)!;
  if (!/^[a-z0-9]+(_[a-z0-9]+)*\.ts$/.test(name)) found.push("is not named in snake_case.ts");
  if (EMPTY_NAMES.has(name.replace(/\.ts$/, ""))) found.push("has a name that says nothing");
  if (PURE.has(folder) && /\bDeno\b/.test(code)) found.push("is in a pure folder and uses Deno");
  if (folder !== "sys" && /\bDeno\s*\.\s*(dlopen|Unsafe\w*)/.test(code)) {
    found.push("uses FFI outside src/sys");
  }
  for (const specifier of importsOf(code)) {
    const problem = importProblem(file.path, folder, specifier);
    if (problem !== undefined) found.push(`imports ${specifier}: ${problem}`);
  }
  return found.map((problem) => `${file.path}: ${problem}`);
}

function importProblem(path: string, folder: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) {
    return PURE.has(folder) ? "a package, in a pure folder" : undefined;
  }
  const base = "file:///src/";
  const target = new URL(specifier, base + path).href;
  // The version is written once, in deno.json.
  if (folder === "cli" && target === "file:///deno.json") return undefined;
  if (!target.startsWith(base)) return "outside src";
  const targetPath = target.slice(base.length);
  const targetFolder = targetPath.split("/")[0]!;
  if (targetFolder === folder) return undefined;
  const layer = LAYERS[targetFolder];
  if (layer === undefined) return "no folder of the design";
  if (layer < LAYERS[folder]!) return undefined;
  const allowed = [targetFolder, targetPath].some((to) => NEIGHBOURS.has(`${folder} -> ${to}`));
  return allowed ? undefined : "not downwards";
}

Deno.test("the files of src follow the design's rules", () => {
  const files = sourceFiles();
  assertEquals(files.some((file) => file.path === "sys/libc.ts"), true);
  assertEquals(files.flatMap(violations), []);
});

Deno.test("main.ts imports nothing but the command line, and is short", () => {
  const text = Deno.readTextFileSync(new URL("main.ts", ROOT));
  assertEquals(importsOf(withoutComments(text)), ["./src/cli/run.ts"]);
  assertEquals(text.split("\n").length < 30, true);
});

Deno.test("each import that does not go downwards is found, however it is written", () => {
  const bad: [path: string, text: string][] = [
    ["base/a.ts", 'import { x } from "../sys/fd.ts";'],
    ["base/a.ts", 'import { parse } from "@std/cli/parse-args";'],
    ["sys/a.ts", 'import { x } from "../map/statuses.ts";'],
    ["map/a.ts", 'import { x } from "../sys/fd.ts";'],
    ["nbd/a.ts", 'import {\n  type X,\n  y,\n} from "../map/file_map.ts";'],
    ["fuse/a.ts", 'import { x } from "../nbd/constants.ts";'],
    ["shared/a.ts", 'import { x } from "../map/file_map.ts";'],
    ["device/a.ts", 'export { x } from "../identity/volume.ts";'],
    ["reader/a.ts", 'export * from "../session/read_ahead.ts";'],
    ["reader/a.ts", 'import type { X } from "../workers/reader.ts";'],
    ["server/a.ts", 'const x = await import("../ui/terminal.ts");'],
    ["server/a.ts", 'import "../cli/run.ts";'],
    ["opening/a.ts", 'new Worker(new URL("../workers/a.ts", import.meta.url));'],
    ["cli/a.ts", 'import { x } from "../harness/requires.ts";'],
    ["ui/a.ts", 'import config from "../../deno.json" with { type: "json" };'],
    ["cli/a.ts", "import { x } from '../other/x.ts';"],
    ["cli/a.ts", 'const u = "a//b"; import { x } from "../other/x.ts";'],
  ];
  for (const [path, text] of bad) assertEquals(violations({ path, text }).length, 1, text);
});

Deno.test("Deno in a pure folder, FFI outside src/sys and bad names are found", () => {
  const bad: [path: string, text: string][] = [
    ["base/a.ts", "const os = Deno.build.os;"],
    ["nbd/a.ts", "export function f(x: Deno.Conn) {}"],
    ["device/a.ts", 'Deno.dlopen("libc.so.6", {});'],
    ["shared/a.ts", "Deno\n  .UnsafePointer.of(bytes);"],
    ["cli/utils.ts", ""],
    ["cli/camelCase.ts", ""],
    ["cli/notes.md", ""],
    ["other/a.ts", ""],
    ["a.ts", ""],
  ];
  for (const [path, text] of bad) assertEquals(violations({ path, text }).length, 1, path + text);
});

Deno.test("what the rules allow is not found", () => {
  const good: [path: string, text: string][] = [
    ["base/a.ts", 'import { x } from "./errors.ts"; // not Deno.dlopen'],
    ["map/a.ts", '/* Deno */ import { x } from "../base/assert.ts";'],
    ["nbd/a.ts", 'import { x } from "../map/statuses.ts";'],
    ["shared/a.ts", 'import { x } from "../sys/eventfd.ts";'],
    ["opening/a.ts", 'import { WriteIntents } from "../reader/write_intents.ts";'],
    ["sys/a.ts", 'const x = Deno.dlopen("libc.so.6", {});'],
    ["device/deep/a.ts", 'import { x } from "../../sys/fd.ts";'],
    ["cli/a.ts", 'import { parseArgs } from "@std/cli/parse-args"; import { x } from "./b.ts";'],
    ["server/a.ts", 'new Worker(new URL("../workers/a.ts", import.meta.url));'],
    ["cli/a.ts", 'import config from "../../deno.json" with { type: "json" };'],
    ["cli/a.ts", '// import { x } from "../other/x.ts";'],
  ];
  assertEquals(good.flatMap(([path, text]) => violations({ path, text })), []);
});
