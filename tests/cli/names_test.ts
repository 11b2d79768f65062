// Names that are not UTF-8: they work behind a link, and elsewhere they are one sentence before anything is made.

import { assert, assertEquals } from "@std/assert";
import { programCommand } from "../harness/program.ts";
import { noise, TestFolder } from "../harness/test_folder.ts";

/** Runs a script of sh in the folder: only a shell makes such names here. `"$@"` is the program. */
function shell(folder: TestFolder, script: string): { code: number; text: string } {
  const { code, stdout, stderr } = new Deno.Command("sh", {
    args: ["-c", `d=$(printf 'caf\\351'); mkdir -p "$d"; ${script}`, "sh", ...programCommand()],
    cwd: folder.path,
    env: { NO_COLOR: "1" },
  }).outputSync();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  return { code, text };
}

const FILL = "--fill --exit-when-complete --socket=$PWD/socket";

Deno.test("image and device in a folder that is not UTF-8 are reached by a link", () => {
  using folder = new TestFolder();
  Deno.writeFileSync(folder.file("source"), noise(100_000, 1));
  const script = `mv source "$d"; ln -s "$d" link; "$@" serve link/source link/image ${FILL} &&
    cmp "$d/source" "$d/image" && ls "$d"`;
  const { code, text } = shell(folder, script);
  assertEquals(code, 0, text);
  assert(text.includes("image.json\nimage.map\n"), text);
});

Deno.test("a current directory that is not UTF-8 is one sentence", () => {
  using folder = new TestFolder();
  Deno.writeFileSync(folder.file("source"), noise(100_000, 1));
  for (const command of ["serve ../source", "detect ../source", "mount ../source shown"]) {
    const { code, text } = shell(folder, `cd "$d"; "$@" ${command}`);
    // From the sources Deno itself may refuse such a directory, before the program begins.
    assert(code !== 0, text);
    if (Deno.env.get("BLKCACHE")) {
      const errors = text.split("\n").filter((line) => line.includes("error:"));
      assertEquals(errors.length, 1, text);
      assert(errors[0]!.includes("current directory"), text);
    }
  }
});

Deno.test("an argument that is not UTF-8 makes nothing", () => {
  using folder = new TestFolder();
  Deno.writeFileSync(folder.file("source"), noise(100_000, 1));
  const before = folder.listing().concat("caf\ufffd").length;
  const { code, text } = shell(folder, `"$@" serve source "$d/image" ${FILL}`);
  assert(code !== 0, text);
  assertEquals([...Deno.readDirSync(folder.path)].length, before, text);
  // The compiled program's runtime stops with a message of its own.
  if (!Deno.env.get("BLKCACHE")) assert(text.includes("is not UTF-8"), text);
});
