// The program that has started this process, and whether it is still there. Main thread; reads files of the kernel's
// that never block. Source: proc_pid_stat(5), credentials(7), systemd.exec(5).
import { readKernelFile, type ReadText } from "./memory_limit.ts";

/** Where a process comes from. */
export interface Parentage {
  readonly pid: number;
  readonly parent: number;
  /** Number of its session: its own, when it leads one. */
  readonly session: number;
}

/** The program that has started this one. */
export type Starter =
  /** It is there; the process number changes when it ends. */
  | { readonly is: "there"; readonly parent: number }
  /** It has ended before we could look. */
  | { readonly is: "gone" }
  /** It starts services, and is there as long as the system, or the user's session. */
  | { readonly is: "a service manager" };

/** The process that adopts orphans: the first one, or systemd of a user. */
const FIRST_PROCESS = 1;
const MANAGER = "systemd";

/** @returns undefined without a /proc. */
export function ownParentage(readText: ReadText = readKernelFile): Parentage | undefined {
  return parseParentage(readText("/proc/self/stat") ?? "");
}

/** Parses a `stat` file of a process. */
export function parseParentage(text: string): Parentage | undefined {
  // The name, in parentheses, may contain anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [pid, parent, session] = [parseInt(text, 10), Number(fields[1]), Number(fields[3])];
  return [pid, parent, session].every(Number.isInteger) ? { pid, parent, session } : undefined;
}

/**
 * Tells a service manager that has started us from one that has adopted us: systemd makes each service the leader of
 * a session of its own (setsid(2)), a program that starts a server for itself leaves it in its own session.
 */
export function starterOf(
  { pid, parent, session }: Parentage,
  readText: ReadText = readKernelFile,
): Starter {
  const name = readText(`/proc/${parent}/comm`)?.trimEnd();
  if (parent !== FIRST_PROCESS && name !== MANAGER) return { is: "there", parent };
  return session === pid ? { is: "a service manager" } : { is: "gone" };
}
