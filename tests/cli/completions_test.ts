// The completion scripts in the shells that they are for.

import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../../src/cli/commands.ts";
import { runProgram } from "../harness/program.ts";
import { hasTools } from "../harness/requires.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { Tmux } from "../harness/tmux.ts";
import { tool } from "../harness/tool.ts";

/** What Tab offers behind a line; FILE.map is there. */
const LINES: readonly [line: string, offered: readonly string[]][] = [
  ["blkcache ser", ["serve"]],
  ["blkcache map --dom", ["--domain"]],
  ["blkcache detect --log-level ", ["debug", "error", "info", "warning"]],
  ["blkcache completions ", ["bash", "fish", "zsh"]],
  ["blkcache map FILE", ["FILE.map"]],
  ["blkcache map --svg FILE", ["FILE.map"]],
  ["blkcache help ", COMMANDS.map(({ name }) => name).sort()],
];

/** A folder with a script for a shell and FILE.map in it. */
async function folderFor(shell: string): Promise<TestFolder> {
  const folder = new TestFolder();
  const { code, stdout, stderr } = await runProgram(["completions", shell]);
  assertEquals([code, stderr], [0, ""]);
  Deno.writeTextFileSync(folder.file("script"), stdout);
  Deno.writeTextFileSync(folder.file("FILE.map"), "");
  return folder;
}

function sortedLines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "").sort();
}

Deno.test({
  name: "bash completes commands, options and their values",
  ignore: !hasTools("bash"),
  async fn() {
    using folder = await folderFor("bash");
    const asked = 'source ./script; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _blkcache; ' +
      'printf "%s\\n" "${COMPREPLY[@]}"';
    for (const [line, offered] of LINES) {
      const words = line.split(" ");
      const answer = await tool("bash", ["-c", asked, "bash", ...words], { cwd: folder.path });
      assertEquals(sortedLines(answer), offered, line);
    }
  },
});

Deno.test({
  name: "fish completes commands, options and their values",
  ignore: !hasTools("fish"),
  async fn() {
    using folder = await folderFor("fish");
    for (const [line, offered] of LINES) {
      const asked = `source ./script; complete -C "${line}"`;
      const options = { cwd: folder.path, env: { HOME: folder.path } };
      const answer = await tool("fish", ["--no-config", "-c", asked], options);
      // An offer is followed by a tab and what it means.
      assertEquals(sortedLines(answer).map((line) => line.split("\t")[0]), offered, line);
    }
  },
});

Deno.test({
  name: "zsh completes commands, options and their values",
  ignore: !hasTools("zsh", "tmux"),
  async fn() {
    using folder = await folderFor("zsh");
    const dir = folder.path;
    await using terminal = await Tmux.open(["zsh", "-f"], { columns: 80, dir, env: { HOME: dir } });
    const shown = (what: string) =>
      terminal.linesWhen(`zsh shows ${what}`, (lines) => lines.some((line) => line.includes(what)));
    await terminal.press(
      "PS1='> '; autoload -U compinit; compinit -u -D; . ./script; echo rea''dy",
      "Enter",
    );
    await shown("ready");
    for (const [line, offered] of LINES) {
      if (offered.length > 1) continue;
      await terminal.press(line, "Tab");
      await shown(`> ${line.slice(0, line.lastIndexOf(" "))} ${offered[0]}`);
      await terminal.press("C-u");
    }
    await terminal.press("blkcache completions ", "Tab");
    const lines = await shown("bash  fish  zsh");
    assert(lines.includes("> blkcache completions"), lines.join("\n"));
  },
});

Deno.test("a shell that is not known is refused, with the one that was meant", async () => {
  const { code, stderr } = await runProgram(["completions", "fisch"]);
  assertEquals(code, 2);
  assertEquals(
    stderr,
    'blkcache: error: unknown shell "fisch"\nblkcache: hint: did you mean fish?\n',
  );
  assert((await runProgram(["completions", "x"])).stderr.endsWith("there are bash, zsh, fish\n"));
});
