// The manual page against the tables and the program that formats it.

import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../../src/cli/commands.ts";
import { EXIT_CODES } from "../../src/base/exit_codes.ts";
import { optionUsage } from "../../src/cli/help.ts";
import { manualPage } from "../../src/cli/manual_page.ts";
import { optionsOf } from "../../src/cli/options.ts";
import { hasTools } from "../harness/requires.ts";
import { tool, tryTool } from "../harness/tool.ts";

const PAGE = `${manualPage().join("\n")}\n`;

Deno.test("the manual has every command with each of its options, and every exit code", () => {
  const sections = PAGE.split(".SS ");
  for (const { name, about } of COMMANDS) {
    const section = sections.find((text) => text.startsWith(`${name}\n`)) ?? "";
    for (const option of optionsOf(name)) {
      const usage = optionUsage(option).replaceAll("-", "\\-");
      assert(section.includes(`\\fB${usage}\\fR\n`), `${name} ${usage}`);
    }
    assert(section.includes(about[0]!.replaceAll("-", "\\-")), name);
  }
  for (const [codes, meaning] of EXIT_CODES) {
    const text = `\\fB${codes.join(", ")}\\fR\n${meaning.replaceAll("-", "\\-")}.`;
    assert(PAGE.includes(text), text);
  }
});

Deno.test({
  name: "groff finds nothing wrong with the manual and shows what was written",
  ignore: !hasTools("groff"),
  async fn() {
    const args = ["-man", "-ww", "-Tascii", "-P-cbou"];
    const { code, stderr } = await tryTool("groff", [...args, "-z"], { stdin: PAGE });
    assertEquals([code, stderr], [0, ""]);
    const text = await tool("groff", args, { stdin: PAGE });
    assert(text.includes("blkcache serve [OPTION...] DEVICE [IMAGE]"), text);
    assert(text.includes("--[no-]direct"), text);
  },
});
