import { assertEquals } from "@std/assert";
import { printable } from "../../../src/base/printable.ts";

Deno.test("printable keeps text of any language", () => {
  for (const text of ["", "ST3500 418AS", "Grüße", "日本語", "😀", "a b"]) {
    assertEquals(printable(text), text);
  }
});

Deno.test("printable drops whatever could steer a terminal or forge a line", () => {
  const table: [string, string][] = [
    ["a\x1b[2Jb", "a[2Jb"],
    ["a\nb\r\tc\0", "abc"],
    ["\x7f\x9b31m", "31m"],
    ["a\u2028b\u2029c", "abc"],
    ["gpj\u202egpj.exe", "gpjgpj.exe"],
    ["\u2066\u2069\u200e\u200f", ""],
  ];
  for (const [text, clean] of table) assertEquals(printable(text), clean);
});
