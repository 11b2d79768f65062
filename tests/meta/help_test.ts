// The help screens against the tables and the screen they must fit.

import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../../src/cli/commands.ts";
import { commandHelp, optionUsage, overview } from "../../src/cli/help.ts";
import { GROUPS, type Option, OPTIONS, spellings } from "../../src/cli/options.ts";

const SCREEN = { columns: 80, lines: 24 };
const ROWS: readonly Option[] = OPTIONS;

Deno.test("the overview fits one screen and has an example", () => {
  // One line is for the prompt that follows.
  assert(overview().length < SCREEN.lines);
  for (const line of overview()) assert(line.length <= SCREEN.columns, line);
  assert(overview().some((line) => line.startsWith("  blkcache serve /dev/")));
});

for (const { name } of COMMANDS) {
  Deno.test(`help ${name} shows each of its options once, and no other`, () => {
    const lines = commandHelp(name);
    for (const line of lines) assert(line.length <= SCREEN.columns, line);
    for (const option of ROWS) {
      const shown = lines.filter((line) => line.trimStart().startsWith(optionUsage(option))).length;
      const expected = option.commands.includes(name) ? 1 : 0;
      assertEquals(shown, expected, `${optionUsage(option)} in help ${name}`);
    }
  });
}

Deno.test("names and aliases are unique", () => {
  const names = ROWS.flatMap((option) => [...spellings(option), option.alias ?? []].flat());
  assertEquals(names.length, new Set(names).size);
});

Deno.test("every row of the table can be shown", () => {
  for (const option of ROWS) {
    const { name, kind, placeholder, help } = option;
    assert(/^[a-z]+(-[a-z]+)*$/.test(name), name);
    assertEquals(placeholder === undefined, kind === "flag" || kind === "switch", name);
    assert(/^[^A-Z]|^[A-Z][a-z]+ /.test(help) && !help.endsWith("."), help);
    assert(option.group in GROUPS);
  }
});
