// README's table of options against the one that the program is made from.

import { assert, assertEquals } from "@std/assert";
import { type Option, optionsOf } from "../../src/cli/options.ts";

const README = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
/** Every command has these two; README need not say so. */
const EVERYWHERE = ["help", "version"];

/** The options as README writes them: a switch in both its spellings. */
function written(option: Option): string[] {
  const { name, placeholder, kind } = option;
  if (kind === "switch") return [`--${name}`, `--no-${name}`];
  return [placeholder === undefined ? `--${name}` : `--${name} ${placeholder}`];
}

/** Code in the first column of the table below a heading, and the second column. */
function rowsBelow(heading: string): [options: string[], meaning: string][] {
  const [, section] = README.split(`\n## ${heading}\n`);
  assert(section !== undefined, `README has no "${heading}"`);
  return [...section.split("\n## ")[0].matchAll(/^\| (`--.*?`) +\| (.*?) *\|$/gm)].map((
    [, options, meaning],
  ) => [[...options.matchAll(/`(--[^`]+)`/g)].map(([, option]) => option), meaning]);
}

Deno.test("README's table has every option of serve, and no other", () => {
  const listed = rowsBelow("Options of `serve`").flatMap(([options]) => options);
  const expected = optionsOf("serve").filter(({ name }) => !EVERYWHERE.includes(name))
    .flatMap(written);
  assertEquals([...listed].sort(), [...expected].sort());
});

Deno.test("README's defaults are the program's", () => {
  for (const option of optionsOf("serve")) {
    if (option.default === undefined || option.default === "" || option.kind === "level") continue;
    const [usage] = written(option);
    const meaning = rowsBelow("Options of `serve`").find(([options]) => options.includes(usage))
      ?.[1];
    const said = /\bdefault(?: is)? (\S+?)[;,.]?(?: |$)/.exec(meaning ?? "")?.[1];
    assertEquals(said, option.default, `${usage}: ${meaning}`);
  }
});
