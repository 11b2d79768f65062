import { assertEquals, assertThrows } from "@std/assert";
import { mapfileTotals } from "../../harness/mapfile_totals.ts";
import { type Mapfile, MapfileError, parseMapfile } from "../../../src/map/mapfile.ts";
import { statusChar } from "../../../src/map/statuses.ts";

/** Blocks as `start+length status`, so that a table stays readable. */
function blocksOf({ positions, statuses, size }: Mapfile): string {
  return Array.from(positions, (start, index) => {
    const end = positions[index + 1] ?? size;
    return `${start}+${end - start}${statusChar(statuses[index])}`;
  }).join(" ");
}

/** Block lines behind a good status line. */
function parseBlocks(lines: string): Mapfile {
  return parseMapfile(`0 ?\n${lines}`, "x.map");
}

Deno.test("status lines that ddrescue takes", () => {
  for (
    const [line, position, phase, pass] of [
      ["0x00120000     ?               1", 0x120000, "?", 1],
      ["0 * 2", 0, "*", 2],
      ["0 % 3", 0, "%", 3],
      ["10 / 1", 10, "/", 1],
      ["010 - 1", 8, "-", 1],
      ["0 F 1", 0, "F", 1],
      ["0 G 1", 0, "G", 1],
      ["0 + 1", 0, "+", 1],
      ["0 +", 0, "+", 1],
      ["0+", 0, "+", 1],
      ["0 +4", 0, "+", 4],
      ["0 + 08", 0, "+", 8],
      ["0 + x", 0, "+", 1],
      ["0 + 7x", 0, "+", 7],
      ["0 + 2 and so on", 0, "+", 2],
      ["0 + # note", 0, "+", 1],
      ["  \t 5\v?\f2\r", 5, "?", 2],
      ["-0 ?", 0, "?", 1],
      ["+9 ?", 9, "?", 1],
      ["0 ? 2147483647", 0, "?", 2 ** 31 - 1],
      ["0 ? 4294967298", 0, "?", 2],
      ["0x8000000000000000 ?", Number.MAX_SAFE_INTEGER, "?", 1],
    ] as const
  ) {
    const mapfile = parseMapfile(line, "x.map");
    assertEquals([mapfile.position, mapfile.phase, mapfile.pass], [position, phase, pass], line);
    assertEquals(Object.is(mapfile.position, -0), false);
  }
});

Deno.test("status lines that ddrescue refuses", () => {
  for (
    const line of [
      "0",
      "?",
      "? 0",
      "0 #",
      "0 x",
      "0 100+",
      "-1 ?",
      "x ?",
      "0 ? 0",
      "0 ? 00",
      "0 ? -1",
      "0 ? 0x2",
      "0 ? 2147483648",
      "0 ? 99999999999999999999",
      "0 ? -99999999999999999999",
      "\0",
      " \0",
      "0\0?",
      "\u00a00 ?",
      "\ufeff0 ?",
      "0, ?",
    ]
  ) {
    const error = assertThrows(
      () => parseMapfile(`# c\n\n${line}\n0 5 +\n`, "x.map"),
      MapfileError,
      "",
    );
    assertEquals([(error as MapfileError).path, (error as MapfileError).line], ["x.map", 3], line);
  }
});

Deno.test("block lines that ddrescue takes", () => {
  for (
    const [lines, blocks] of [
      ["", ""],
      ["0x00000000  0x00117000  +\n0x00117000  0x00000200  -\n", "0+1142784+ 1142784+512-"],
      ["0 1 ?\n1 1 *\n2 1 /\n3 1 -\n4 1 +", "0+1? 1+1* 2+1/ 3+1- 4+1+"],
      ["010 0100 +", "8+64+"],
      ["0X1f 0XfF +", "31+255+"],
      ["0 5+", "0+5+"],
      ["0+5+", "0+5+"],
      ["0x+5+", "0+5+"],
      ["0x 5 +", "0+5+"],
      ["0 0x5-", "0+5-"],
      ["\t0\v5\f+\r\n", "0+5+"],
      ["+0 +5 +", "0+5+"],
      ["-0 5 +", "0+5+"],
      ["0 5 +junk\n5 5 - # note", "0+5+ 5+5-"],
      ["0 5 ++", "0+5+"],
      ["0 5 +\0x", "0+5+"],
      ["0 5 -\n\n \t\n# c\n  # c\n5 5 +", "0+5- 5+5+"],
      ["0 5 -\n5 5 -\n10 5 +", "0+10- 10+5+"],
      ["0 0 +", ""],
      ["0 0 +\n0 0 -\n0 5 ?", "0+5?"],
      ["0 0x +", ""],
      ["16 5 +\n21 5 -", "16+5+ 21+5-"],
    ] as const
  ) {
    assertEquals(blocksOf(parseBlocks(lines)), blocks, lines);
  }
});

Deno.test("block lines that ddrescue refuses", () => {
  for (
    const line of [
      "5",
      "5 5",
      "5 +",
      "5 5 %",
      "5 5 F",
      "5 5 G",
      "5 5 #",
      "5 5 x",
      "5 8s +",
      "5 08 +",
      "5 0b1 +",
      "5 -5 +",
      "-5 5 +",
      "5 0x-5 +",
      "5 ++5 +",
      "5 + 5 +",
      "5, 5 +",
      "5 5 \u00a0+",
      "5#c",
      "\0",
      "5 5 \0",
      "5 0 +",
      "4 5 +",
      "6 5 +",
      "0 5 +",
      "5 99999999999999999999 -\n9007199254740991 1 -",
    ]
  ) {
    const error = assertThrows(() => parseBlocks(`0 5 -\n${line}\n`), MapfileError);
    assertEquals((error as MapfileError).line, line.includes("\n") ? 4 : 3, line);
  }
});

Deno.test("a file without data is a blank map", () => {
  for (const text of ["", "\n", "\n\r\n \t\n", "# nothing", "# nothing\n"]) {
    const { positions, size, position, phase, pass } = parseMapfile(text, "x.map");
    assertEquals([positions.length, size, position, phase, pass], [0, 0, 0, "?", 1], text);
  }
});

Deno.test("numbers that a number cannot hold are judged exactly and cut off", () => {
  const most = Number.MAX_SAFE_INTEGER;
  for (
    const [lines, totalFinished] of [
      ["0 0x7FFFFFFFFFFFFFFF +", most],
      ["0 99999999999999999999999 +", most],
      ["1 0x7FFFFFFFFFFFFFFF +", most - 1],
      ["0x1FFFFFFFFFFFFE 1 +", 1],
      ["0x1FFFFFFFFFFFFE 2 +", 1],
      ["0x1FFFFFFFFFFFFF 2 +", 0],
      ["0x20000000000001 5 +\n0x20000000000006 5 -", 0],
      ["0 9007199254740993 -\n9007199254740993 5 +", 0],
    ] as const
  ) assertEquals(mapfileTotals(parseBlocks(lines))[4], totalFinished, lines);
  for (
    const lines of [
      "0x20000000000001 5 +\n0x20000000000007 5 -",
      "0 9007199254740993 -\n9007199254740992 5 +",
      "0 9007199254740993 -\n9007199254740991 5 +",
    ]
  ) assertThrows(() => parseBlocks(lines), MapfileError, "line 3");
});

Deno.test("an error is one sentence with the file and the line", () => {
  for (
    const [text, message] of [
      ["# c\nhello", `line 2: expected the status line: position, phase and pass`],
      ["0 x", `line 1: the current status must be one of ? * % / - F G +`],
      ["0 ? 0", `line 1: the current pass must be 1 or more`],
      ["0 ?\n\n0 8s +", `line 3: the status of a block must be one of ? * / - +`],
      [
        "0x0 0x1000 +\n0x1000 0x10 -",
        "line 1: there is no status line (position, phase and pass) before the first block",
      ],
      ["0 ?\n0 +", `line 2: expected a block: position, size and status`],
      [
        "0 ?\n0 5 +\n6 5 +",
        "line 3: the blocks do not touch: each must begin where the one before it ends",
      ],
      ["0 ?\n5 0 +", `line 2: only a block at position 0 may have the size 0`],
    ]
  ) {
    const error = assertThrows(() => parseMapfile(text, "my\x1b[2J.map"), MapfileError);
    assertEquals((error as Error).message, `cannot use the mapfile "my[2J.map", ${message}`);
  }
});

Deno.test("text and bytes are the same to the parser", () => {
  const text = "# Grüße\n0 ?\n0 5 +\n";
  assertEquals(
    parseMapfile(new TextEncoder().encode(text), "x.map"),
    parseMapfile(text, "x.map"),
  );
});

Deno.test("totals count each byte once, and nothing before the first block", () => {
  assertEquals(mapfileTotals(parseBlocks("16 4 ?\n20 8 +\n28 1 -\n29 2 +\n31 3 /\n34 5 *")), [
    4,
    5,
    3,
    1,
    10,
  ]);
});

function parseLoose(lines: string): Mapfile {
  return parseMapfile(`0 ?\n${lines}`, "x.map", { isLoose: true });
}

Deno.test("loose blocks: what ddrescue takes with --loose-domain", () => {
  for (
    const [lines, blocks] of [
      ["", ""],
      ["0 5 +\n10 5 +", "0+5+ 5+5? 10+5+"],
      ["10 5 +\n0 5 +", "0+5+ 5+5? 10+5+"],
      ["8 8 -\n0 8 +", "0+8+ 8+8-"],
      ["0 8 +\n4 8 +", "0+12+"],
      ["4 8 +\n0 8 +", "0+12+"],
      ["0 8 +\n0 8 +", "0+8+"],
      ["0 64 +\n8 8 +\n70 2 /", "0+64+ 64+6? 70+2/"],
      ["16 5 +\n21 5 -", "16+5+ 21+5-"],
      ["20 5 +\n0 5 ?\n10 5 ?", "0+20? 20+5+"],
      ["0 0 +\n3 2 -", "3+2-"],
      // Behind every device.
      ["0x7FFFFFFFFFFFFFF0 15 +\n5 5 +", "5+5+"],
    ] as const
  ) assertEquals(blocksOf(parseLoose(lines)), blocks, lines);
});

Deno.test("loose blocks: what ddrescue refuses all the same", () => {
  for (
    const [lines, line] of [
      ["0 8 +\n4 8 -", 3],
      ["4 8 -\n0 8 +", 3],
      ["0 8 +\n4 8 ?", 3],
      ["0 8 +\n20 8 +\n16 32 /", 4],
      ["5 0 +\n6 1 +", 2],
      ["0 5 +\n6 -5 +", 3],
    ] as const
  ) {
    const error = assertThrows(() => parseLoose(lines), MapfileError);
    assertEquals((error as MapfileError).line, line, lines);
  }
  const error = assertThrows(() => parseMapfile("0 5 +\n10 5 +\n", "x", { isLoose: true }));
  assertEquals((error as Error).message.includes("no status line"), true);
});

Deno.test("loose or not, blocks in order are the same", () => {
  for (const lines of ["0 5 +\n5 3 -\n8 9 ?", "16 4 *\n20 1 /", "0 0 +\n0 3 -"]) {
    assertEquals(parseLoose(lines), parseBlocks(lines), lines);
  }
});

Deno.test("ends that a number cannot hold are told exactly", () => {
  const table: [string, { size: bigint; finished: bigint } | undefined][] = [
    ["0 0x1FFFFFFFFFFFFF +", undefined],
    ["0 0x20000000000000 +", { size: 2n ** 53n, finished: 2n ** 53n }],
    ["0 512 +\n512 0x7FFFFFFFFFFFFDFF ?", { size: 2n ** 63n - 1n, finished: 512n }],
    ["0 0x7FFFFFFFFFFFFFFF +", { size: 2n ** 63n - 1n, finished: 2n ** 63n - 1n }],
    [
      "0 0x20000000000001 +\n0x20000000000001 3 -",
      { size: 2n ** 53n + 4n, finished: 2n ** 53n + 1n },
    ],
  ];
  for (const [lines, exactEnds] of table) {
    assertEquals(parseBlocks(lines).exactEnds, exactEnds, lines);
    assertEquals(parseLoose(lines).exactEnds, exactEnds, lines);
  }
});
