import { assertEquals } from "@std/assert";
import { cutLine, lineWidth, painted } from "../../../src/ui/styled_text.ts";
import { textTable, wrapText } from "../../../src/ui/text_layout.ts";

Deno.test("a table is aligned", () => {
  const rows = [["name", "size", "model"], ["sr0", "700 MiB", "a long model name"], ["a", "1 B"]];
  assertEquals(textTable(rows, ["left", "right", "left"]), [
    "name     size  model",
    "sr0   700 MiB  a long model name",
    "a         1 B",
  ]);
});

Deno.test("wide and combining characters take the columns that a terminal gives them", () => {
  const rows = [["名前", "x"], ["sr0", "x"], ["e\u0301", "x"]];
  assertEquals(textTable(rows, ["left", "left"]), ["名前  x", "sr0   x", "e\u0301     x"]);
  assertEquals(lineWidth("名前e\u0301"), 5);
  // Half of a wide character is none, and neither is half of a surrogate pair.
  assertEquals(painted(cutLine("名前", 3), false), "名");
  assertEquals(painted(cutLine("a\u{1f4bf}b", 3), false), "a\u{1f4bf}");
  assertEquals(painted(cutLine("a\u{1f4bf}b", 2), false), "a");
});

const PARAGRAPHS: readonly [string, number, string[]][] = [
  ["", 5, [""]],
  ["one two three", 7, ["one two", "three"]],
  ["one two three", 13, ["one two three"]],
  ["unbreakable x", 4, ["unbreakable", "x"]],
  ["名前 名前", 8, ["名前", "名前"]],
];

for (const [text, width, lines] of PARAGRAPHS) {
  Deno.test(`"${text}" on ${width} columns`, () => assertEquals(wrapText(text, width), lines));
}
