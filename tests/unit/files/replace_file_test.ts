import { assertEquals, assertThrows } from "@std/assert";
import { replaceFile } from "../../../src/files/replace_file.ts";
import { SystemError } from "../../../src/sys/system_error.ts";
import { TestFolder } from "../../harness/test_folder.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a file is replaced whole, and nothing else is left", () => {
  using folder = new TestFolder();
  const path = folder.file("file");
  for (const text of ["first", "second", ""]) {
    replaceFile(path, bytes(text), 0o644);
    assertEquals(Deno.readTextFileSync(path), text);
  }
  assertEquals(folder.listing(), ["file 0"]);
});

Deno.test("a link at the temporary name is not followed, and what cannot be replaced stays", () => {
  using folder = new TestFolder();
  const path = folder.file("file");
  Deno.writeTextFileSync(folder.file("precious"), "precious");
  Deno.symlinkSync(folder.file("precious"), `${path}.tmp`);
  replaceFile(path, bytes("new"), 0o644);
  assertEquals(Deno.readTextFileSync(folder.file("precious")), "precious");
  Deno.mkdirSync(folder.file("folder"));
  assertThrows(() => replaceFile(folder.file("folder"), bytes("new"), 0o644), SystemError);
  assertThrows(() => replaceFile(folder.file("no/where"), bytes("new"), 0o644), SystemError);
  assertEquals(folder.listing().map((line) => line.split(" ")[0]), ["file", "folder", "precious"]);
});
