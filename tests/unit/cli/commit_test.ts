// The commit of a checkout, in the forms that git leaves it in.

import { assertEquals } from "@std/assert";
import { checkedOutCommit } from "../../../src/cli/commit.ts";
import { TestFolder } from "../../harness/test_folder.ts";

const HASH = "0123456789abcdef0123456789abcdef01234567";
const OTHER = "f".repeat(40);

/** Files of a checkout, below its folder; ROOT in a text stands for the folder. */
const CHECKOUTS: readonly [what: string, files: Record<string, string>, found?: string][] = [
  ["a branch", {
    ".git/HEAD": "ref: refs/heads/main\n",
    ".git/refs/heads/main": `${HASH}\n`,
    ".git/packed-refs": `${OTHER} refs/heads/main\n`,
  }, HASH],
  ["a branch with a slash", {
    ".git/HEAD": "ref: refs/heads/a/b\n",
    ".git/refs/heads/a/b": `${HASH}\n`,
  }, HASH],
  ["a packed branch", {
    ".git/HEAD": "ref: refs/heads/main\n",
    ".git/packed-refs":
      `# pack-refs with: peeled fully-peeled sorted\n${OTHER} refs/heads/other-refs/heads/main\n` +
      `${OTHER} refs/remotes/origin/main\n${HASH} refs/heads/main\n`,
  }, HASH],
  ["a tag, as a runner checks it out", { ".git/HEAD": `${HASH}\n` }, HASH],
  ["a worktree", {
    ".git": "gitdir: ROOT/main/.git/worktrees/here\n",
    "main/.git/worktrees/here/HEAD": "ref: refs/heads/main\n",
    "main/.git/worktrees/here/commondir": "../..\n",
    "main/.git/refs/heads/main": `${HASH}\n`,
  }, HASH],
  ["a branch without a commit", { ".git/HEAD": "ref: refs/heads/main\n" }],
  ["a repository of another kind", { ".git/HEAD": "ref: refs/heads/.invalid\n" }],
  ["something else", { ".git/HEAD": "hello\n" }],
  ["no checkout", {}],
];

for (const [what, files, found] of CHECKOUTS) {
  Deno.test(`${what}: ${found ? "its commit is found" : "there is no commit"}`, () => {
    using folder = new TestFolder();
    for (const [path, text] of Object.entries(files)) {
      const file = folder.file(path);
      Deno.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
      Deno.writeTextFileSync(file, text.replaceAll("ROOT", folder.path));
    }
    assertEquals(checkedOutCommit(new URL(`file://${folder.path}/`)), found);
  });
}
