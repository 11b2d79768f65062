import { assertEquals, assertThrows } from "@std/assert";
import { formatSetting, MapfileComments } from "../../../src/map/mapfile_comments.ts";

function sort(text: string): MapfileComments {
  const comments = new MapfileComments();
  for (const line of text.split("\n")) comments.add(line);
  return comments;
}

Deno.test("a heading is not kept, whoever made it", () => {
  for (
    const heading of [
      "# Mapfile. Created by GNU ddrescue version 1.27\n# Command line: ddrescue a b c\n" +
      "# Start time:   2026-01-02 03:04:05\n# Current time: 2026-01-02 03:04:05\n" +
      "# Copying non-tried blocks... Pass 1 (forwards)\n" +
      "# current_pos  current_status  current_pass\n#      pos        size  status",
      "# Mapfile. Created by GNU ddrescuelog version 1.27\n# Command line: ddrescuelog -A m\n" +
      "# Start time:   2026-01-02 03:04:05\n# current_pos  current_status  current_pass\n" +
      "#      pos        size  status",
      "# Rescue Logfile. Created by GNU ddrescue version 1.17\n# Command line: ddrescue a b c\n" +
      "# current_pos  current_status\n#      pos        size  status",
      "# current_pos   current_status  current_pass\n#  pos  size  status",
    ]
  ) assertEquals(sort(heading).comments, [], heading);
});

Deno.test("all other comments are kept in order", () => {
  assertEquals(
    sort("# my note\n#\n## two\n#no blank   \n# Finished\n#\tpos 5\n# Current time is up").comments,
    ["# my note", "#", "## two", "#no blank", "# Finished", "#\tpos 5", "# Current time is up"],
  );
});

Deno.test("a note behind blkcache's own heading is no activity of ddrescue's", () => {
  const heading = "# Mapfile. Created by blkcache 0.1.0\n# Current time: 2026-01-02 03:04:05\n";
  assertEquals(sort(`${heading}# mine`).comments, ["# mine"]);
});

Deno.test("settings are understood", () => {
  for (
    const [line, key, value] of [
      ["## blkcache: a=b", "a", "b"],
      ["##  blkcache:  a = b ", "a", "b"],
      ["## blkcache: sector_size=2048", "sector_size", "2048"],
      ["## blkcache: a.b-c=1", "a.b-c", "1"],
      ["## blkcache: a=b=c", "a", "b=c"],
      ["## blkcache: label=THE DISC", "label", "THE DISC"],
      ["## blkcache: a=", "a", ""],
      ['## blkcache: a=""', "a", ""],
      ['## blkcache: a=" b\\n"', "a", " b\n"],
      ['## blkcache: a="broken', "a", '"broken'],
      ['## blkcache: a="b" c', "a", '"b" c'],
    ]
  ) {
    const { comments, settings } = sort(line);
    assertEquals([...settings], [[key, value]], line);
    assertEquals(comments, []);
  }
});

Deno.test("what only looks like a setting is a comment", () => {
  for (
    const line of ["## blkcache: a", "## blkcache: =b", "## blkcache: a b=c", "# blkcache: a=b"]
  ) {
    assertEquals(sort(line).comments, [line]);
    assertEquals(sort(line).settings.size, 0);
  }
});

Deno.test("a later setting replaces an earlier one", () => {
  assertEquals([...sort("## blkcache: a=1\n## blkcache: a=2").settings], [["a", "2"]]);
});

Deno.test("any value of a setting survives", () => {
  for (
    const value of [
      "",
      " ",
      "plain",
      "two words",
      " led",
      "trailed ",
      '"quoted"',
      "a\nb\r\tc",
      "\\",
      "#",
      "=",
      "Grüße 日本 💿",
      "\u2028\u2029\x85",
      "\0\x7f",
      "\ud800",
    ]
  ) {
    const line = formatSetting("key", value);
    assertEquals(/[\r\n]/.test(line), false);
    assertEquals([...sort(line).settings], [["key", value]], line);
  }
});

Deno.test("plain values are written without quotes", () => {
  assertEquals(formatSetting("sector_size", "2048"), "## blkcache: sector_size=2048");
  assertEquals(formatSetting("label", "THE DISC"), "## blkcache: label=THE DISC");
  assertEquals(formatSetting("label", " x"), '## blkcache: label=" x"');
});

Deno.test("a setting's name must be a word", () => {
  for (const key of ["", "a b", "a=b", "a\n"]) {
    assertThrows(() => formatSetting(key, "1"), RangeError);
  }
});
