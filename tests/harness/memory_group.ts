// A control group that limits memory, of either version of Linux' interface, for programs that a test starts.

import { isMemoryGroupThere } from "./requires.ts";

const ROOT = "/sys/fs/cgroup";
const VERSION_1 = `${ROOT}/memory`;

/** Whether such groups can be made here, or CI is set. */
export function hasMemoryGroups(): boolean {
  return isMemoryGroupThere(() => {
    try {
      MemoryGroup.create(1 << 30)[Symbol.dispose]();
      return true;
    } catch {
      // Whatever the reason is: no root, no controller, a read-only file system.
      return false;
    }
  });
}

/** A control group that limits memory. Its programs must have ended before it is disposed of. */
export class MemoryGroup implements Disposable {
  readonly #folder: string;

  /** Words before a command that put it into the group. */
  readonly by: readonly string[];

  private constructor(folder: string) {
    this.#folder = folder;
    this.by = ["sh", "-c", `echo $$ > ${folder}/cgroup.procs; exec "$@"`, "sh"];
  }

  /** A group whose programs may use `bytes`. */
  static create(bytes: number): MemoryGroup {
    const name = `blkcache-test-${crypto.randomUUID()}`;
    if (isThere(`${VERSION_1}/cgroup.procs`)) {
      const folder = `${VERSION_1}/${name}`;
      Deno.mkdirSync(folder);
      Deno.writeTextFileSync(`${folder}/memory.limit_in_bytes`, String(bytes));
      return new MemoryGroup(folder);
    }
    if (!Deno.readTextFileSync(`${ROOT}/cgroup.subtree_control`).split(/\s/).includes("memory")) {
      enableMemory();
    }
    const folder = `${ROOT}/${name}`;
    Deno.mkdirSync(folder);
    Deno.writeTextFileSync(`${folder}/memory.max`, String(bytes));
    if (isThere(`${folder}/memory.swap.max`)) {
      Deno.writeTextFileSync(`${folder}/memory.swap.max`, "0");
    }
    return new MemoryGroup(folder);
  }

  /** Most that was in use, bytes. */
  get peak(): number {
    const file = [`memory.max_usage_in_bytes`, `memory.peak`].map((name) =>
      `${this.#folder}/${name}`
    ).find(isThere);
    return file === undefined ? NaN : Number(Deno.readTextFileSync(file));
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#folder);
  }
}

/** In a container of CI's all processes are in the root group, which may not have both them and limits. */
function enableMemory(): void {
  const control = `${ROOT}/cgroup.subtree_control`;
  try {
    Deno.writeTextFileSync(control, "+memory");
  } catch (error) {
    if (!Deno.env.get("CI")) throw error;
    Deno.mkdirSync(`${ROOT}/blkcache-all`, { recursive: true });
    for (const pid of Deno.readTextFileSync(`${ROOT}/cgroup.procs`).split("\n").filter(Boolean)) {
      try {
        Deno.writeTextFileSync(`${ROOT}/blkcache-all/cgroup.procs`, pid);
      } catch {
        // It has ended meanwhile, or is the kernel's.
      }
    }
    Deno.writeTextFileSync(control, "+memory");
  }
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
