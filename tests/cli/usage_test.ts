// The program as a user meets it first: help, version, and command lines that are wrong.

import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { checkedOutCommit } from "../../src/cli/commit.ts";
import { runProgram } from "../harness/program.ts";

Deno.test("--help explains on stdout and ends well", async () => {
  const { code, stdout, stderr } = await runProgram(["--help"]);
  assertEquals([code, stderr], [0, ""]);
  assert(stdout.includes("blkcache serve DEVICE [IMAGE]"), stdout);
});

Deno.test("help serve lists the options", async () => {
  const { code, stdout, stderr } = await runProgram(["help", "serve"]);
  assertEquals([code, stderr], [0, ""]);
  assert(stdout.includes("--listen [HOST:]PORT"), stdout);
});

Deno.test("--version is one line with all that a bug report needs", async () => {
  const { code, stdout } = await runProgram(["--version"]);
  assertEquals(code, 0);
  const [, version, commit, target] =
    /^blkcache (\S+) \(commit (\S+), deno \d+\.\d+\.\d+, (\S+)\)\n$/.exec(stdout) ?? [];
  assertEquals([version, target], [config.version, Deno.build.target]);
  const root = new URL("../../", import.meta.url);
  // The compile task leaves there what it has embedded; the checkout may have moved on.
  const expected = Deno.env.get("BLKCACHE")
    ? Deno.readTextFileSync(new URL("dist/commit", root))
    : checkedOutCommit(root);
  assertEquals(commit, expected?.slice(0, 12) || "unknown");
});

const WRONG: readonly [args: string[], stderr: string][] = [
  [[], "no command is given"],
  [["serve"], "serve needs a DEVICE"],
  [["serve", "/dev/sr0", "--sokcet", "x"], "unknown option --sokcet"],
  [
    ["serve", "/dev/sr0", "a.img", "--offline"],
    `with --offline there is no device: "a.img" is one operand too many`,
  ],
  [["serve", "/dev/sr0", "a.img", "--rate", "1M"], "--rate does nothing without --fill"],
];

for (const [args, message] of WRONG) {
  Deno.test(`blkcache ${args.join(" ")} is refused and creates nothing`, async () => {
    const { code, stdout, stderr, files } = await runProgram(args);
    assertEquals([code, stdout, files], [2, "", []]);
    const [error, ...hints] = stderr.trimEnd().split("\n");
    assertEquals(error, `blkcache: error: ${message}`);
    assert(hints.length > 0);
    for (const hint of hints) assert(hint.startsWith("blkcache: hint: "), hint);
  });
}
