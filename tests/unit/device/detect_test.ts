import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { detect } from "../../../src/device/detect.ts";
import { Device } from "../../../src/device/device.ts";
import { File } from "../../../src/device/file.ts";
import { LoopDevice } from "../../harness/loop_device.ts";
import { hasTools, isRoot } from "../../harness/requires.ts";
import { inFolder, makeFile } from "../../harness/temporary_folder.ts";

Deno.test("a regular file, also behind a link, is a File", async () => {
  await inFolder((folder) => {
    const path = makeFile(folder, "a.img", 10);
    Deno.symlinkSync(path, `${folder}/link`);
    assertEquals(detect(path), File);
    assertEquals(detect(`${folder}/link`), File);
  });
});

Deno.test({
  name: "a block device that is not removable, also behind a link, is a Device",
  ignore: !isRoot() || !hasTools("losetup"),
  fn: async () => {
    await inFolder((folder) => {
      using loop = LoopDevice.attach(makeFile(folder, "a.img", 65_536));
      Deno.symlinkSync(loop.path, `${folder}/link`);
      assertEquals(detect(loop.path), Device);
      assertEquals(detect(`${folder}/link`), Device);
    });
  },
});

Deno.test("what can never be a source is refused with a sentence and a hint", async () => {
  await inFolder((folder) => {
    const socket = Deno.listen({ transport: "unix", path: `${folder}/socket` });
    const file = makeFile(folder, "a.img", 10);
    Deno.symlinkSync(`${folder}/loop`, `${folder}/loop`);
    const cases: [string, RegExp][] = [
      [folder, /is a directory/],
      ["/dev/null", /is a character device/],
      [`${folder}/socket`, /is neither a block device nor a regular file/],
      [`${folder}/no`, /^cannot open .*No such file or directory \(ENOENT\)$/],
      [`${file}/below`, /^cannot open .*Not a directory \(ENOTDIR\)$/],
      [`${folder}/loop`, /^cannot open .*\(ELOOP\)$/],
      ["", /^cannot open "": No such file or directory/],
    ];
    try {
      for (const [path, message] of cases) {
        const error = assertThrows(() => detect(path), UserError);
        assert(message.test(error.message), error.message);
        assert(!error.message.includes("\n"));
      }
    } finally {
      socket.close();
    }
  });
});

Deno.test("a hint says which device a directory is mounted from", () => {
  const error = assertThrows(() => detect("/"), UserError);
  assert(error.hints[0]!.includes("findmnt"), error.hints[0]);
});
