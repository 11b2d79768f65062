// The program is one file: copied alone to a machine that has nothing else of it, it serves a drive.

import { assertEquals } from "@std/assert";
import { assertSameFile, TestFolder } from "../harness/test_folder.ts";
import { CD_DRIVE, hasVirtualMachine, runGuest } from "../harness/virtual_machine.ts";
import { makeDisc } from "./disc.ts";

Deno.test({
  name: "the compiled program alone in an empty folder serves a drive, without any setting",
  ignore: !hasVirtualMachine(),
  async fn() {
    using folder = new TestFolder();
    const disc = await makeDisc(folder, "a", 1);
    const settings = { DISC: disc };
    const { code, output } = await runGuest("compiled_alone.sh", folder, CD_DRIVE, settings);
    assertEquals(code, 0, output);
    assertSameFile(folder.file("out/copy"), disc);
  },
});
