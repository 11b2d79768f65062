import { assert, assertEquals } from "@std/assert";
import { modeOfCopies } from "../../../src/files/private_mode.ts";
import { withPath } from "../../../src/host/path_stat.ts";
import { isRoot } from "../../harness/requires.ts";
import { TestFolder } from "../../harness/test_folder.ts";

Deno.test("copies of a file are as private as the file", () => {
  using folder = new TestFolder();
  const path = folder.noise("source", 1);
  const table = [[0o644, 0o644], [0o600, 0o600], [0o640, 0o640], [0o755, 0o644], [0o444, 0o644]];
  for (const [mode, wanted] of table) {
    Deno.chmodSync(path, mode!);
    assertEquals(withPath(path, modeOfCopies), wanted, mode!.toString(8));
  }
});

Deno.test({
  name: "copies of a device that not everybody may read are their owner's alone",
  ignore: !isRoot(),
  fn() {
    using folder = new TestFolder();
    const path = folder.file("device");
    const { success } = new Deno.Command("mknod", { args: [path, "b", "7", "200"] }).outputSync();
    assert(success);
    const table = [[0o660, 0o600], [0o640, 0o600], [0o600, 0o600], [0o644, 0o644], [0o666, 0o666]];
    for (const [mode, wanted] of table) {
      Deno.chmodSync(path, mode!);
      assertEquals(withPath(path, modeOfCopies), wanted, mode!.toString(8));
    }
  },
});
