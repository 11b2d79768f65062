// A server that runs for the benchmark: started in a folder of its own, ended by pid, its folder removed.

import { isRunning } from "../harness/processes.ts";
import { exists } from "../harness/test_folder.ts";
import { tool, until } from "../harness/tool.ts";
import { askOnce } from "./first_answer.ts";
import { programBytes, residentBytes } from "./process_facts.ts";
import type { Server } from "./servers.ts";

/** Clock ticks a second in /proc: fixed in the kernel's interface. */
const TICKS_PER_SECOND = 100;
/** How long a server may take to end, and to begin. */
const PATIENCE_MS = 10_000;

/** See the head of this file. Declare it with `await using`. */
export class RunningServer implements AsyncDisposable {
  readonly name: string;
  readonly uri: string;
  readonly folder: string;
  /** From the start of the process to the first answered read, or to its socket when nobody has asked. */
  readonly startMs: number;
  /** Of the process that serves. */
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  #ended: Promise<void> | undefined;

  private constructor(
    server: Server,
    folder: string,
    pid: number,
    child: Deno.ChildProcess,
    startMs: number,
  ) {
    this.name = server.name;
    this.uri = `nbd+unix:///${server.exportName ?? ""}?socket=${folder}/socket`;
    this.folder = folder;
    this.startMs = startMs;
    this.pid = pid;
    this.#child = child;
  }

  /**
   * Starts `server` on `source` in a new folder inside `parent`.
   * @param isAsked waits for a first answer; else only until there is a socket, so that no client has come yet.
   */
  static async start(
    server: Server,
    source: string,
    parent: string,
    isAsked = true,
  ): Promise<RunningServer> {
    const folder = Deno.makeTempDirSync({ dir: parent, prefix: "server-" });
    for (const [name, ...args] of server.prepare?.(source, folder) ?? []) await tool(name, args);
    if (server.configuration) {
      Deno.writeTextFileSync(`${folder}/configuration`, server.configuration(source, folder));
    }
    const [name, ...args] = server.command(source, folder);
    const beganMs = performance.now();
    const child = new Deno.Command(name, {
      args,
      cwd: folder,
      // nbdkit's filters keep their data there.
      env: { TMPDIR: folder },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    try {
      if (isAsked) await untilItAnswers(server, folder);
      else await until("there is a socket", () => exists(`${folder}/socket`), PATIENCE_MS);
      const startMs = performance.now() - beganMs;
      return new RunningServer(server, folder, await pidOf(server, folder, child), child, startMs);
    } catch (cause) {
      await end(child.pid, "SIGKILL", child);
      throw new Error(`${server.name} does not start: ${[name, ...args].join(" ")}`, { cause });
    }
  }

  /** User and system time that it has used so far, its children's included. Seconds. */
  cpuSeconds(): number {
    const children = Deno.readTextFileSync(`/proc/${this.pid}/task/${this.pid}/children`);
    const pids = [this.pid, ...children.split(" ").filter((pid) => pid !== "").map(Number)];
    return pids.reduce((sum, pid) => sum + cpuTicks(pid), 0) / TICKS_PER_SECOND;
  }

  /** Memory in use, bytes. */
  residentBytes(): number {
    return residentBytes(this.pid);
  }

  /** Of the files that it runs from, its libraries included, bytes. */
  programBytes(): number {
    return programBytes(this.pid);
  }

  /** A second call waits for the first. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended ??= this.#end();
  }

  async #end(): Promise<void> {
    await end(this.pid, "SIGTERM", this.#child);
    Deno.removeSync(this.folder, { recursive: true });
  }
}

async function untilItAnswers(server: Server, folder: string): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (!(await askOnce(`${folder}/socket`, server.exportName ?? ""))) {
    if (performance.now() > deadlineMs) throw new Error("no answer");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** The pid of the process that serves. */
async function pidOf(server: Server, folder: string, child: Deno.ChildProcess): Promise<number> {
  if (!server.isDaemon) return child.pid;
  await child.status;
  return Number(Deno.readTextFileSync(`${folder}/pid`));
}

/** Signals a process and waits for its end, with SIGKILL when it takes too long. */
async function end(pid: number, signal: Deno.Signal, child: Deno.ChildProcess): Promise<void> {
  const isGone = () => !signalled(pid, signal === "SIGKILL" ? signal : undefined);
  if (signalled(pid, signal)) {
    await until(`process ${pid} ends`, isGone, PATIENCE_MS).catch(() => signalled(pid, "SIGKILL"));
  }
  await child.status;
}

/** Sends a signal, if any. @returns false when there is no such process any more. */
function signalled(pid: number, signal: Deno.Signal | undefined): boolean {
  try {
    if (signal !== undefined) Deno.kill(pid, signal);
    return isRunning(pid);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** utime, stime, cutime and cstime of proc(5). 0 for a process that has just ended. */
function cpuTicks(pid: number): number {
  let stat: string;
  try {
    stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
  // The second field is a name in parentheses, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
  return fields[11] + fields[12] + fields[13] + fields[14];
}
