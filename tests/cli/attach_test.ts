// `serve --attach` where there is nothing to attach to. What the kernel makes of it: tests/vm/attach_test.ts.

import { assert, assertEquals } from "@std/assert";
import { runProgram } from "../harness/program.ts";
import { TestFolder } from "../harness/test_folder.ts";

const REFUSED = [
  [
    "other.bin",
    /^"other\.bin" is no device of the kernel's NBD client$/,
    "name one such as /dev/nbd0",
  ],
  [
    "/dev/null",
    /^"\/dev\/null" is no device of the kernel's NBD client$/,
    "name one such as /dev/nbd0",
  ],
  [
    "/dev/nbd4711",
    /^there is no "\/dev\/nbd4711"(: the kernel has not loaded its NBD client)?$/,
    /^(modprobe nbd|ls \/dev\/nbd\* shows what there is)$/,
  ],
] as const;

for (const [path, error, hint] of REFUSED) {
  Deno.test(`--attach ${path} is refused before anything is made`, async () => {
    using folder = new TestFolder();
    folder.noise("dev.bin", 4096);
    folder.noise("other.bin", 4096);
    const words = ["serve", "dev.bin", "image", "--socket", "s", "--attach", path];
    const { code, stdout, stderr } = await runProgram(words, { dir: folder.path });
    assertEquals([code, stdout], [1, ""]);
    const [first = "", second = ""] = stderr.split("\n");
    assert(error.test(first.replace("blkcache: error: ", "")), stderr);
    assert(second.replace("blkcache: hint: ", "").match(hint), stderr);
    assertEquals(folder.listing(), ["dev.bin 4096", "other.bin 4096"]);
  });
}
