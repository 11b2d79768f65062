// Looks at processes that others have started.

/** False once it has ended, also while its parent has not asked yet how. */
export function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    // ENOENT, or ESRCH when it has ended after the file was opened.
    return false;
  }
}
