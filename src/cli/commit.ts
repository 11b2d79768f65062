// Which commit the program is of. No git is run: the program may run nothing, and need not.

const ROOT = new URL("../../", import.meta.url);
/** Written before compiling, and part of the compiled program. Empty: unknown. */
const EMBEDDED = "dist/commit";

/** The full hash; undefined when it is not known. */
export function commit(): string | undefined {
  if (!Deno.build.standalone) return checkedOutCommit(ROOT);
  return hash(textOf(new URL(EMBEDDED, ROOT)));
}

/** The commit that is checked out in the folder `root`, which ends with a slash. */
export function checkedOutCommit(root: URL): string | undefined {
  const git = gitFolder(root);
  const head = textOf(new URL("HEAD", git));
  const [, ref] = /^ref: (refs\/\S+)$/.exec(head ?? "") ?? [];
  if (ref === undefined) return hash(head);
  // A worktree has a HEAD of its own, and shares the branches.
  const shared = folder(textOf(new URL("commondir", git)) ?? ".", git);
  const packed = textOf(new URL("packed-refs", shared)) ?? "";
  const line = packed.split("\n").find((line) => line.endsWith(` ${ref}`));
  return hash(textOf(new URL(ref, shared))) ?? hash(line?.split(" ")[0]);
}

/** A worktree has a file in the folder's place. */
function gitFolder(root: URL): URL {
  const [, elsewhere] = /^gitdir: (.+)$/.exec(textOf(new URL(".git", root)) ?? "") ?? [];
  return folder(elsewhere ?? ".git", root);
}

function folder(path: string, base: URL): URL {
  return new URL(`${encodeURI(path)}/`, base);
}

function hash(text: string | undefined): string | undefined {
  return text !== undefined && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text) ? text : undefined;
}

/** Undefined when it cannot be read, for any reason: nothing depends on it. */
function textOf(file: URL): string | undefined {
  try {
    return Deno.readTextFileSync(file).trim();
  } catch {
    return undefined;
  }
}
