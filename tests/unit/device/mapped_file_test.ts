import { assert, assertEquals, assertThrows } from "@std/assert";
import { UserError } from "../../../src/base/errors.ts";
import { MappedFile } from "../../../src/device/mapped_file.ts";
import { inFolder, makeFile, pattern } from "../../harness/temporary_folder.ts";

Deno.test("a file is seen as it is, and as others write to it", async () => {
  await inFolder((folder) => {
    const path = makeFile(folder, "a.img", 10_000);
    using file = MappedFile.open(path);
    assertEquals(file.size, 10_000);
    assertEquals(file.bytes, pattern(0, 10_000));
    using writer = Deno.openSync(path, { write: true });
    writer.seekSync(5000, Deno.SeekMode.Start);
    writer.writeSync(Uint8Array.of(255));
    assertEquals(file.bytes[5000], 255);
  });
});

Deno.test("reads are short at the end and empty past it", async () => {
  await inFolder((folder) => {
    using file = MappedFile.open(makeFile(folder, "a.img", 100));
    const bytes = new Uint8Array(50);
    assertEquals(file.pread(bytes, 20), 50);
    assertEquals(bytes, pattern(20, 50));
    assertEquals(file.pread(bytes, 90), 10);
    assertEquals(file.pread(bytes, 100), 0);
    assertEquals(file.pread(bytes, 1000), 0);
  });
});

Deno.test("an empty file can be mapped, and closed twice", async () => {
  await inFolder((folder) => {
    const file = MappedFile.open(makeFile(folder, "a.img", 0));
    assertEquals([file.size, file.pread(new Uint8Array(5), 0)], [0, 0]);
    file.close();
    file.close();
  });
});

Deno.test("after closing there is nothing left to read", async () => {
  await inFolder((folder) => {
    const file = MappedFile.open(makeFile(folder, "a.img", 100));
    const bytes = file.bytes;
    file.close();
    file.close();
    assertEquals([bytes.length, file.bytes.length], [0, 0]);
    assertThrows(() => file.pread(new Uint8Array(5), 0), TypeError);
  });
});

Deno.test("only regular files are mapped, and a FIFO does not block", async () => {
  await inFolder((folder) => {
    assert(new Deno.Command("mkfifo", { args: [`${folder}/fifo`] }).outputSync().success);
    for (const path of [`${folder}/fifo`, folder, "/dev/null"]) {
      assertThrows(() => MappedFile.open(path), UserError, "is not a regular file");
    }
    assertThrows(() => MappedFile.open(`${folder}/no`), UserError, "ENOENT");
  });
});
