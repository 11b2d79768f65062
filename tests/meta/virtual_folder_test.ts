// What the compile task changes in the runtime: the name of one variable, and nothing else.

import { assertEquals, assertThrows } from "@std/assert";
import { fixVirtualFolder } from "../../.github/scripts/fix_virtual_folder.ts";

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

Deno.test("the temporary directory loses its name where Rust has it, and nowhere else", () => {
  const program = bytes(
    'open\0SQLITE_TMPDIR\0\xff\xfeTMPDIR\0Deno.env.get("TMPDIR")mounted?TMPDIR/proc',
  );
  fixVirtualFolder(program);
  const fixed = bytes(
    'open\0SQLITE_TMPDIR\0\xff\xfeTMPDIR\0Deno.env.get("TMPDIR")mounted?TMP\0IR/proc',
  );
  // A name of C that follows other bytes than a zero still ends with one.
  assertEquals(program, fixed);
});

Deno.test("a runtime that has the name twice, or not at all, is refused", () => {
  for (const text of ["", "xTMPDIRx yTMPDIRy", "xTMP\0IRx"]) {
    assertThrows(() => fixVirtualFolder(bytes(text)), Error, "TMPDIR is there");
  }
});
