// The threads of a running program that have an engine of their own.

/** Threads of a process that run workers: sessions and the reader. */
export function workers(pid: number): number {
  const threads = Array.from(Deno.readDirSync(`/proc/${pid}/task`), ({ name }) => name);
  return threads.filter((thread) => nameOf(pid, thread).startsWith("worker-")).length;
}

/** The name of a thread, empty when it has ended since it was listed: ENOENT, or ESRCH from an opened file. */
function nameOf(pid: number, thread: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/task/${thread}/comm`).trim();
  } catch {
    return "";
  }
}
