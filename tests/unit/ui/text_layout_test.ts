import { assertEquals } from "@std/assert";
import { textTable } from "../../../src/ui/text_table.ts";
import { wrapText } from "../../../src/ui/wrap_text.ts";

Deno.test("a table is aligned, and its end is cut at the width", () => {
  const rows = [["name", "size", "model"], ["sr0", "700 MiB", "a long model name"], ["a", "1 B"]];
  assertEquals(textTable(rows, ["left", "right", "left"]), [
    "name     size  model",
    "sr0   700 MiB  a long model name",
    "a         1 B",
  ]);
  assertEquals(textTable(rows, ["left", "right", "left"], 20)[1], "sr0   700 MiB  a lon");
});

const PARAGRAPHS: readonly [string, number, string[]][] = [
  ["", 5, [""]],
  ["one two three", 7, ["one two", "three"]],
  ["one two three", 13, ["one two three"]],
  ["unbreakable x", 4, ["unbreakable", "x"]],
];

for (const [text, width, lines] of PARAGRAPHS) {
  Deno.test(`"${text}" on ${width} columns`, () => assertEquals(wrapText(text, width), lines));
}
