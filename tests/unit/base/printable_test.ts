import { assertEquals } from "@std/assert";
import { printable, printableJson } from "../../../src/base/printable.ts";

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

Deno.test("printable drops every character that turns the direction of text", () => {
  for (let code = 0; code <= 0xffff; code++) {
    const character = String.fromCharCode(code);
    if (!/\p{Bidi_Control}/u.test(character)) continue;
    assertEquals(printable(`a${character}b`), "ab", code.toString(16));
  }
});

Deno.test("printable JSON gives back what went in, and steers no terminal", () => {
  const controls = "\x1b[2J\x7f\x9b31m\u061c\u200e\u202e\u2028\u2029\u2066\n";
  const value = { path: `a${controls}b`, [controls]: ["\u061c", 1, null] };
  for (const indent of [undefined, 2]) {
    const text = printableJson(value, indent);
    assertEquals(JSON.parse(text), value);
    assertEquals(printable(text).length, text.replaceAll("\n", "").length, text);
  }
});

Deno.test("a byte of a name that is not UTF-8 is shown as its number", () => {
  assertEquals(printable("caf\udce9\udc80😀"), "caf\\xe9\\x80😀");
});
