// Everybody who speaks of exit codes against the one table.

import { assert, assertEquals } from "@std/assert";
import * as codes from "../../src/base/exit_codes.ts";
import { commandHelp, overview } from "../../src/cli/help.ts";
import { manualPage } from "../../src/cli/manual_page.ts";
import type { ServerEvent } from "../../src/server/events.ts";
import { eventRecord } from "../../src/ui/event_record.ts";
import { LivePage } from "../../src/ui/page/live_page.ts";

const ROWS = codes.EXIT_CODES.map(([numbers, meaning]) => [numbers.join(", "), meaning] as const);
const ALL = codes.EXIT_CODES.flatMap(([numbers]) => numbers);

function done(exitCode: number): ServerEvent {
  return { event: "done", exitCode };
}

Deno.test("the table has every code once", () => {
  const constants = Object.entries(codes).filter(([name]) =>
    name.startsWith("EXIT_") && name !== "EXIT_CODES"
  ).map(([, code]) => code as number);
  assertEquals([...ALL].sort((a, b) => a - b), constants.sort((a, b) => a - b));
  assertEquals(new Set(ALL).size, ALL.length);
});

Deno.test("the help screens list the table", () => {
  const text = overview().join(" ");
  for (const [numbers, meaning] of ROWS) assert(text.includes(`${numbers} ${meaning}`), numbers);
  for (const command of ["serve", "mount"] as const) {
    const lines = commandHelp(command);
    const listed = lines.slice(lines.indexOf("Exit codes:") + 1, lines.indexOf("Examples:") - 1);
    const rows = listed.join("\n").replaceAll(/\n {3,}/g, " ").split("\n");
    assertEquals(rows.map((line) => line.trim().split(/ {2,}/)), ROWS.map((row) => [...row]));
  }
});

Deno.test("the manual lists the table", () => {
  const [, section = ""] = manualPage().join("\n").split(".SH EXIT STATUS\n");
  const lines = section.split("\n.SH ")[0]!.replaceAll("\\-", "-").split("\n");
  const listed = [];
  for (let i = 0; i < lines.length; i += 3) {
    listed.push([lines[i + 1]!.replace(/^\\fB(.*)\\fR$/, "$1"), lines[i + 2]!.replace(/\.$/, "")]);
  }
  assertEquals(listed, ROWS.map((row) => [...row]));
});

Deno.test("README lists the table", () => {
  const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
  const [, section] = readme.split("\n## Exit codes\n");
  assert(section !== undefined, "README has no section on exit codes");
  const listed = [...section.split("\n## ")[0]!.matchAll(/^\| ([\d, ]+?) +\| (.*?) *\|$/gm)]
    .map(([, numbers, meaning]) => [numbers, meaning!.replaceAll("`", "")]);
  assertEquals(listed, ROWS.map((row) => [...row]));
});

Deno.test("the last JSON object of a run has code and meaning", () => {
  for (const exitCode of ALL) {
    const meaning = codes.exitMeaning(exitCode);
    assertEquals(eventRecord(done(exitCode)), { event: "done", exitCode, meaning });
  }
});

Deno.test("the page says code and meaning", async () => {
  for (const code of ALL) {
    await using page = await LivePage.open({ host: "127.0.0.1", port: 0, name: "", details: "" });
    const text = fetch(`${page.url}events`).then((response) => response.text());
    // The stream is open once its first events have been sent for.
    await fetch(`${page.url}map`).then((response) => response.body?.cancel());
    page.observe(done(code));
    await page[Symbol.asyncDispose]();
    const sentence = `exit code ${code}: ${codes.exitMeaning(code)}`;
    assert((await text).includes(sentence), sentence);
  }
});
