// A mounted file under limits of descriptors and of threads: it shows the device and goes again, or the program
// refuses to start with one sentence, and nothing is left mounted.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { ControlGroup, hasControlGroups } from "../harness/control_group.ts";
import { Program } from "../harness/program.ts";
import { hasTools, isRoot } from "../harness/requires.ts";
import { isMounted } from "../harness/shown_file.ts";
import { exists, TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

const SIZE = 1 << 20;
const WAYS = {
  "mount": ["mount", "device", "shown", "image"],
  "serve --mount": ["serve", "device", "image", "--mount=shown"],
};
/** The refusals: what is too little is named. */
const TOO_LITTLE = /^blkcache: error: .*(limit of file descriptors is \d+ too low|too few threads)/;

/** @returns whether the file was shown; else the program has refused to start. */
async function isShown(args: readonly string[], by: readonly string[]): Promise<boolean> {
  using folder = new TestFolder();
  const dir = folder.path;
  folder.noise("device", SIZE);
  const all = [...args, `--socket=${dir}/s`];
  await using program = Program.start(all, { dir, by: [...by] });
  const isReady = await Promise.race([
    program.ready().then(() => true, () => false),
    program.ended().then(() => false),
  ]);
  if (isReady) {
    await tool("cmp", ["device", "shown"], { cwd: dir });
    program.signal("SIGINT");
  }
  const { code, stderr } = await program.ended();
  assert(!isMounted(folder.file("shown")), stderr);
  assert(!exists(folder.file("shown")), "the file that was made is still there");
  if (isReady) {
    assertEquals(code, 0, stderr);
    return true;
  }
  assertEquals(code, 1, stderr);
  const [sentence, ...hints] = stderr.trimEnd().split("\n").filter((line) =>
    !line.startsWith("blkcache: new image") && !line.startsWith("blkcache: warning")
  );
  assertMatch(sentence!, TOO_LITTLE);
  assert(hints.length === 1 && hints[0]!.startsWith("blkcache: hint: "), stderr);
  return false;
}

for (const [way, args] of Object.entries(WAYS)) {
  Deno.test({
    name: `${way} with few descriptors: the file is shown, or one sentence refuses`,
    ignore: !isRoot() || !hasTools("prlimit"),
    fn: async () => {
      const shown: boolean[] = [];
      for (const limit of [40, 56, 68, 70, 72, 76, 84, 128]) {
        shown.push(await isShown(args, ["prlimit", `--nofile=${limit}:${limit}`]));
      }
      assertEquals([shown[0], shown.at(-1)], [false, true]);
      assertEquals(shown, shown.toSorted(), "less was enough where more was not");
    },
  });

  Deno.test({
    name: `${way} in a control group with few threads: the file is shown, or one sentence refuses`,
    ignore: !isRoot() || !hasControlGroups("pids"),
    fn: async () => {
      const shown: boolean[] = [];
      for (const limit of [8, 10, 12, 13, 14, 16, 24, 40]) {
        // The runtime of the sources must have enough to start with.
        if (limit < 12 && !Deno.env.has("BLKCACHE")) continue;
        using group = ControlGroup.create("pids", limit);
        shown.push(await isShown(args, group.by));
      }
      assertEquals(shown.at(-1), true);
      if (Deno.env.has("BLKCACHE")) assertEquals(shown[0], false);
    },
  });
}
