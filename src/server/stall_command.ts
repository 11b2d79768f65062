// One run of the command of --on-stall: a shell in a process group and a session of its own, with a time limit. Main
// thread; nothing here blocks or waits for a shell that cannot be killed.
import { printable } from "../base/printable.ts";
import { SystemError } from "../sys/system_error.ts";
import { killGroup } from "../sys/signals.ts";
import { readLines } from "./limited_lines.ts";

/** The one program that is ever started; deno.json permits no other. */
const SHELL = "/bin/sh";
/** The variables of our own that it gets: where programs are, and nothing that somebody else may have set. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** How long the command may take, milliseconds: a power cycle with rests takes ten to twenty seconds. */
export const COMMAND_MS = 60_000;

/** What a run of the command tells. */
export interface CommandListener {
  /** A line of its output, without control characters. */
  said(line: string, isError: boolean): void;
  /** It could not be started, has failed, or was killed: a sentence. */
  failed(message: string): void;
  /** It is over. Called once, last. */
  ended(): void;
}

/** A run of the command. */
export interface RunningCommand {
  /** Kills it with all that it has started. Without effect on one that has ended. */
  kill(): void;
}

/**
 * Runs `command` by the shell, with `variables` as its environment.
 * @param limitMs after this time it is killed, with all that it has started.
 */
export function runCommand(
  command: string,
  variables: Readonly<Record<string, string>>,
  listener: CommandListener,
  limitMs = COMMAND_MS,
): RunningCommand {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(SHELL, {
      args: ["-c", command],
      clearEnv: true,
      env: { PATH, ...variables },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      // A group and a session of its own: Ctrl-C ends the run in order, and the run ends the command.
      detached: true,
    }).spawn();
  } catch (error) {
    listener.failed(`cannot run the command of --on-stall: ${printable((error as Error).message)}`);
    queueMicrotask(() => listener.ended());
    return { kill() {} };
  }
  let isRunning = true;
  let isLate = false;
  const kill = () => {
    if (isRunning) killQuietly(child.pid, listener);
  };
  const timer = setTimeout(() => {
    isLate = true;
    kill();
  }, limitMs);
  const output = [
    readLines(child.stdout, (line) => listener.said(line, false)),
    readLines(child.stderr, (line) => listener.said(line, true)),
  ];
  void child.status.then(async ({ code, signal }) => {
    isRunning = false;
    clearTimeout(timer);
    // What it has left running in the background may keep its output open.
    await Promise.all(output.map((lines) => lines.end()));
    if (isLate) {
      listener.failed(`the command of --on-stall has not ended within ${limitMs / 1000} s: killed`);
    } else if (code !== 0) {
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      listener.failed(`the command of --on-stall has failed: ${how}`);
    }
    listener.ended();
  });
  return { kill };
}

function killQuietly(pid: number, listener: CommandListener): void {
  try {
    killGroup(pid);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    listener.failed(`cannot end the command of --on-stall: ${error.message}`);
  }
}
