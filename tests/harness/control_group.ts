// Control groups that limit memory or threads, of either version of Linux' interface, for programs that a test starts.

import { isControlGroupThere } from "./requires.ts";

const ROOT = "/sys/fs/cgroup";

/** What a group can limit, and the file of the limit: version 1, and version 2. */
const LIMITS = {
  memory: ["memory.limit_in_bytes", "memory.max"],
  pids: ["pids.max", "pids.max"],
} as const;
type Controller = keyof typeof LIMITS;

/** Whether groups that limit this can be made here, or CI is set. */
export function hasControlGroups(controller: Controller): boolean {
  return isControlGroupThere(controller, () => {
    try {
      ControlGroup.create(controller, 1 << 20)[Symbol.dispose]();
      return true;
    } catch {
      // Whatever the reason is: no root, no controller, a read-only file system.
      return false;
    }
  });
}

/** A control group with one limit. Its programs must have ended before it is disposed of. */
export class ControlGroup implements Disposable {
  readonly #folder: string;

  /** Words before a command that put it into the group. */
  readonly by: readonly string[];

  private constructor(folder: string) {
    this.#folder = folder;
    this.by = ["sh", "-c", `echo $$ > ${folder}/cgroup.procs; exec "$@"`, "sh"];
  }

  /** A group whose programs may use so much: bytes of memory, or processes and threads. */
  static create(controller: Controller, limit: number): ControlGroup {
    const name = `blkcache-test-${crypto.randomUUID()}`;
    const [first, second] = LIMITS[controller];
    const version1 = `${ROOT}/${controller}`;
    if (isThere(`${version1}/cgroup.procs`)) {
      const folder = `${version1}/${name}`;
      Deno.mkdirSync(folder);
      Deno.writeTextFileSync(`${folder}/${first}`, String(limit));
      return new ControlGroup(folder);
    }
    const enabled = Deno.readTextFileSync(`${ROOT}/cgroup.subtree_control`).split(/\s/);
    if (!enabled.includes(controller)) enable(controller);
    const folder = `${ROOT}/${name}`;
    Deno.mkdirSync(folder);
    Deno.writeTextFileSync(`${folder}/${second}`, String(limit));
    if (isThere(`${folder}/memory.swap.max`)) {
      Deno.writeTextFileSync(`${folder}/memory.swap.max`, "0");
    }
    return new ControlGroup(folder);
  }

  /** Most memory that was in use, bytes. */
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
function enable(controller: Controller): void {
  const control = `${ROOT}/cgroup.subtree_control`;
  try {
    Deno.writeTextFileSync(control, `+${controller}`);
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
    Deno.writeTextFileSync(control, `+${controller}`);
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
