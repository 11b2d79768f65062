import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { commandHelp, optionText, optionUsage, overview } from "../../../src/cli/help.ts";
import type { Option } from "../../../src/cli/options.ts";

Deno.test("the overview names every command that is there", () => {
  const text = overview().join("\n");
  for (const { name } of COMMANDS) {
    assertEquals(text.includes(`blkcache ${name}`), true, name);
  }
});

Deno.test("the help of a command has usage, text, options and an example", () => {
  const lines = commandHelp("map");
  assertEquals(lines[0], "Usage: blkcache map [OPTION...] MAPFILE [RANGE]");
  assert(lines.includes("  -V, --version             show the version"));
  assert(lines.includes("  blkcache map disk.img.map"));
});

const ROW: Option = {
  name: "some",
  kind: "flag",
  help: "do it",
  commands: ["serve"],
  group: "device",
};

Deno.test("options are shown as they are typed", () => {
  assertEquals(optionUsage(ROW), "--some");
  assertEquals(optionUsage({ ...ROW, alias: "s" }), "-s, --some");
  assertEquals(optionUsage({ ...ROW, kind: "switch" }), "--[no-]some");
  assertEquals(optionUsage({ ...ROW, kind: "path", placeholder: "P" }), "--some P");
});

Deno.test("defaults are part of the text", () => {
  assertEquals(optionText(ROW), "do it");
  assertEquals(optionText({ ...ROW, default: "1M" }), "do it (default: 1M)");
  assertEquals(optionText({ ...ROW, default: "" }), 'do it (default: "")');
});
