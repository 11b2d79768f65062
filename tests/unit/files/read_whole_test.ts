import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { parseIfThere, readMapfile, readNamedMapfile } from "../../../src/opening/read_mapfile.ts";
import { readSidecar } from "../../../src/opening/sidecar.ts";
import { unfinishedRegions } from "../../../src/reader/write_intents.ts";
import { MapfileError, MOST_MAPFILE_BYTES } from "../../../src/map/mapfile.ts";
import { TestFolder } from "../../harness/test_folder.ts";

const READERS: [name: string, read: (path: string) => unknown][] = [
  ["mapfile", (path) => readMapfile(path, () => {})],
  [".bak", (path) => readMapfile(path.slice(0, -".bak".length), () => {})],
  ["overlay's map", parseIfThere],
  ["named mapfile", readNamedMapfile],
  ["sidecar", readSidecar],
  ["record of writes", (path) => unfinishedRegions(path, 1 << 30)],
];

/** The text, hints and causes of the error with which `read` refuses a file. */
function refusal(read: (path: string) => unknown, path: string): string {
  const error = assertThrows(() => read(path), Error);
  assert(error instanceof UserError || error instanceof MapfileError, String(error.stack));
  let text = "";
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) text += cause.stack;
  return text + error.hints.join(" ");
}

for (const [name, read] of READERS) {
  Deno.test(`${name}: whatever is not a regular file is refused at once`, () => {
    using folder = new TestFolder();
    const path = folder.file("file.bak");
    const put: [kind: string, () => void][] = [
      ["pipe", () => new Deno.Command("mkfifo", { args: [path] }).outputSync()],
      ["device", () => Deno.symlinkSync("/dev/zero", path)],
      ["directory", () => Deno.mkdirSync(path)],
    ];
    for (const [kind, make] of put) {
      make();
      assert(refusal(read, path).includes(path), kind);
      Deno.removeSync(path, { recursive: true });
    }
  });

  Deno.test(`${name}: a file that is too large is refused with its limit, and not read`, () => {
    using folder = new TestFolder();
    const path = folder.file("file.bak");
    Deno.writeTextFileSync(path, "");
    Deno.truncateSync(path, MOST_MAPFILE_BYTES + 1);
    const text = refusal(read, path);
    assert(text.includes(path) && text.includes("has more than"), text);
  });

  Deno.test(`${name}: no byte of a file that is something else is shown`, () => {
    using folder = new TestFolder();
    const path = folder.file("file.bak");
    for (const secret of ["SECRET:x:0:0", '{"SECRET": 1}', "0 SECRET", '{"identity": "SECRET"}']) {
      Deno.writeTextFileSync(path, secret);
      try {
        read(path);
      } catch {
        assert(!refusal(read, path).includes("SECRET"), secret);
      }
    }
  });
}

Deno.test("a long file that does not begin as a mapfile is not read to its end", () => {
  using folder = new TestFolder();
  const path = folder.file("map");
  Deno.writeTextFileSync(path, "");
  Deno.truncateSync(path, 2 ** 31);
  const before = Deno.memoryUsage().external;
  assertThrows(() => readNamedMapfile(path), MapfileError);
  assert(Deno.memoryUsage().external - before < 1 << 20);
});

Deno.test("a mapfile that is longer than a look is read whole", () => {
  using folder = new TestFolder();
  const path = folder.file("map");
  const blocks = Array.from({ length: 10_000 }, (_, i) => `${i * 512} 512 ${"+-"[i % 2]}\n`);
  Deno.writeTextFileSync(path, "0 + 1\n" + blocks.join(""));
  assertEquals(parseIfThere(path)?.positions.length, 10_000);
});
