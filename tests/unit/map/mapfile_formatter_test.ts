import { assertEquals, assertStringIncludes } from "@std/assert";
import { formatMapfile, type Mapfile, parseMapfile } from "../../../src/map/mapfile.ts";

const HEADING = {
  version: "1.2.3",
  commandLine: "blkcache serve /dev/sr0",
  startTime: new Date(2026, 0, 2, 3, 4, 5),
  currentTime: new Date(2026, 10, 22, 13, 14, 15),
};

function statusLineOf(mapfile: Mapfile): string {
  const text = formatMapfile(mapfile, HEADING);
  return text.split("\n").find((line) => !line.startsWith("#"))!;
}

Deno.test("a mapfile looks like ddrescue's", () => {
  const mapfile = parseMapfile(
    "# mine\n## blkcache: sector_size=2048\n0x120000 ? 2\n0 0x117000 +\n0x117000 0x200 -\n" +
      "0x117200 0x1000 /\n0x118200 0x7E00 *\n0x120000 0x123456789AB ?\n",
    "x.map",
  );
  assertEquals(
    formatMapfile(mapfile, HEADING),
    `# Mapfile. Created by blkcache 1.2.3
# Command line: blkcache serve /dev/sr0
# Start time:   2026-01-02 03:04:05
# Current time: 2026-11-22 13:14:15
# mine
## blkcache: sector_size=2048
# current_pos  current_status  current_pass
0x00120000     ?               2
#      pos        size  status
0x00000000  0x00117000  +
0x00117000  0x00000200  -
0x00117200  0x00001000  /
0x00118200  0x00007E00  *
0x00120000  0x123456789AB  ?
`,
  );
});

Deno.test("the current status is one that every ddrescue understands and that is true", () => {
  for (
    const [phase, blocks, expected] of [
      ["?", "", "?"],
      ["+", "", "?"],
      ["+", "0 5 ?", "?"],
      ["*", "0 5 *\n5 5 ?", "?"],
      ["?", "0 5 +", "+"],
      ["%", "0 5 +", "+"],
      ["+", "8 5 +", "?"],
      ["*", "0 5 *\n5 5 +", "*"],
      ["/", "0 5 *\n5 5 +", "/"],
      ["-", "0 5 -\n5 5 +", "-"],
      ["+", "0 5 -\n5 5 +", "-"],
      ["?", "0 5 -\n5 5 /", "/"],
      ["%", "0 5 -\n5 5 /\n10 5 *", "*"],
      ["F", "0 5 -\n5 5 +", "-"],
      ["G", "0 5 -\n5 5 ?", "?"],
    ]
  ) {
    const line = statusLineOf(parseMapfile(`0 ${phase}\n${blocks}`, "x.map"));
    assertEquals(line, `0x00000000     ${expected}               1`, `${phase} ${blocks}`);
  }
});

Deno.test("numbers have eight digits or as many as they need", () => {
  for (
    const [number, text] of [
      [0, "0x00000000"],
      [1, "0x00000001"],
      [0xabcdef, "0x00ABCDEF"],
      [0xffffffff, "0xFFFFFFFF"],
      [0x100000000, "0x100000000"],
      [0xfedcba987654, "0xFEDCBA987654"],
      [Number.MAX_SAFE_INTEGER, "0x1FFFFFFFFFFFFF"],
    ] as const
  ) {
    const mapfile: Mapfile = {
      size: number,
      positions: Float64Array.of(0),
      statuses: Uint8Array.of(0),
      position: number,
      phase: "?",
      pass: 1,
      comments: [],
      settings: new Map(),
    };
    const lines = formatMapfile(mapfile, HEADING).trimEnd().split("\n");
    assertEquals(lines.at(-1), `0x00000000  ${text}  ?`);
    assertEquals(lines.at(-3), `${text}     ?               1`);
  }
});

Deno.test("a comment or a command line cannot break out of its line", () => {
  const mapfile = {
    ...parseMapfile("0 ?\n0 5 +\n", "x.map"),
    comments: ["# a\n0 5 -", "no hash"],
    settings: new Map([["key", "a\n0 5 -"]]),
  };
  const text = formatMapfile(mapfile, { ...HEADING, commandLine: "blkcache\n0 ?\x1b[2J" });
  const again = parseMapfile(text, "x.map");
  assertEquals([...again.statuses], [4]);
  assertEquals(again.comments, ["# a 0 5 -", "# no hash"]);
  assertEquals(again.settings.get("key"), "a\n0 5 -");
  assertStringIncludes(text, "# Command line: blkcache0 ?[2J\n");
});
