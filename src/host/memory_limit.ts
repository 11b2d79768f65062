// How much memory the program may use: the machine's available memory, or less where its control group says so.
// Main thread, at the start; reads some small files of the kernel's.
import { closeFd, openFile, pread } from "../sys/fd.ts";
import { O_RDONLY } from "../sys/open_flags.ts";
import { SystemError } from "../sys/system_error.ts";

const GROUPS = "/sys/fs/cgroup";
/** More than any of these files has. */
const FILE_BYTES = 65_536;

/** The text of a file, or undefined when it cannot be read. */
export type ReadText = (path: string) => string | undefined;

/** Bytes; Infinity when nothing is known. */
export function memoryLimit(readText: ReadText = readKernelFile): number {
  const available = /^MemAvailable:\s*(\d+) kB$/m.exec(readText("/proc/meminfo") ?? "")?.[1];
  const limits = [...groupFiles(readText("/proc/self/cgroup") ?? "")].map((path) =>
    // "max" where there is no limit; without one version 1 has a number near 2^63.
    parseInt(readText(path) ?? "", 10)
  );
  const known = [Number(available ?? NaN) * 1024, ...limits].filter(Number.isFinite);
  return Math.min(Infinity, ...known);
}

/** The limits of the process's groups and of those that they are in; a container may not show all of them. */
function* groupFiles(groups: string): Generator<string> {
  for (const line of groups.split("\n")) {
    const [, controllers = "", path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    const isOld = controllers.split(",").includes("memory");
    if (controllers !== "" && !isOld) continue;
    const root = isOld ? `${GROUPS}/memory` : GROUPS;
    const file = isOld ? "memory.limit_in_bytes" : "memory.max";
    const names = path.split("/").filter((name) => name !== "");
    for (let depth = names.length; depth >= 0; depth--) {
      yield [root, ...names.slice(0, depth), file].join("/");
    }
  }
}

export function readKernelFile(path: string): string | undefined {
  let fd: number;
  try {
    fd = openFile(path, O_RDONLY);
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
  try {
    const bytes = new Uint8Array(FILE_BYTES);
    return new TextDecoder().decode(bytes.subarray(0, pread(fd, bytes, 0)));
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  } finally {
    closeFd(fd);
  }
}
