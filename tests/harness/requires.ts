// Says whether a test can run here, and why not. Where `CI` is set nothing is skipped: a missing tool or
// right makes the test run and fail.

const skipped = new Set<string>();

/** True when every tool is on PATH, or when CI is set (so that a missing one fails the test). */
export function hasTools(...tools: string[]): boolean {
  return tools.every((tool) => available(tool, () => isOnPath(tool)));
}

/** True when the tests run as root (loop devices, mounts), or when CI is set. */
export function isRoot(): boolean {
  return available("root", () => Deno.uid() === 0);
}

/** True when groups that limit this can be made, as `check` finds out, or when CI is set. */
export function isControlGroupThere(controller: string, check: () => boolean): boolean {
  return available(`the ${controller} controller of control groups`, check);
}

function available(what: string, check: () => boolean): boolean {
  if (Deno.env.get("CI") || check()) return true;
  if (!skipped.has(what)) {
    skipped.add(what);
    console.warn(`skipping tests that need ${what}`);
  }
  return false;
}

function isOnPath(tool: string): boolean {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => {
    try {
      return Deno.statSync(`${folder}/${tool}`).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
        return false;
      }
      throw error;
    }
  });
}
