// A terminal that tests can look at: a window of tmux, of any size, in which the program runs.

import { isRunning } from "./processes.ts";
import { programCommand } from "./program.ts";
import { tool, until } from "./tool.ts";

/** What may differ from the default. */
export interface TmuxOptions {
  columns: number;
  rows?: number;
  /** Working directory. */
  dir: string;
  env?: Record<string, string>;
}

/** One window of a tmux server of its own. Declare it with `await using`: both end with it, and the program. */
export class Tmux implements AsyncDisposable {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** Runs `blkcache ARGS...` in a new window, which stays when the program has ended. */
  static start(args: readonly string[], options: TmuxOptions): Promise<Tmux> {
    return Tmux.open([...programCommand(), ...args], options);
  }

  /** The same for any command. */
  static async open(command: readonly string[], options: TmuxOptions): Promise<Tmux> {
    const { columns, rows = 30, dir, env = {} } = options;
    const window = new Tmux(`${dir}/tmux`);
    const settings = { LC_ALL: "C.UTF-8", ...env };
    const assignments = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    await window.#tmux(
      ...["-f", "/dev/null", "new-session", "-d", "-x", String(columns), "-y", String(rows)],
      ...["-c", dir, "env", "-u", "NO_COLOR", ...assignments, ...command],
      ...[";", "set-option", "remain-on-exit", "on"],
    );
    return window;
  }

  /** The lines of the window, without blanks at their ends. `colors`: with escape sequences. */
  async lines(colors = false): Promise<string[]> {
    const text = await this.#tmux("capture-pane", "-p", ...colors ? ["-e"] : []);
    return text.split("\n").map((line) => line.trimEnd());
  }

  /** As `lines`, after those that have gone out of the window at its top. */
  async history(): Promise<string[]> {
    const text = await this.#tmux("capture-pane", "-p", "-S", "-");
    return text.split("\n").map((line) => line.trimEnd());
  }

  /** Waits until the window's lines are as they should be. @returns them. */
  async linesWhen(what: string, condition: (lines: string[]) => boolean): Promise<string[]> {
    let lines: string[] = [];
    try {
      await until(what, async () => condition(lines = await this.lines()));
    } catch (error) {
      throw new Error(`${(error as Error).message}; the window:\n${lines.join("\n")}`);
    }
    return lines;
  }

  /** Waits until the program has ended. @returns what it has left in the window. */
  async linesAtEnd(): Promise<string[]> {
    const isDead = async () => await this.#tmux("list-panes", "-F", "#{pane_dead}") === "1\n";
    await until("the program has ended", isDead);
    return await this.lines();
  }

  async resize(columns: number, rows = 30): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** Presses keys, one after the other: "C-c", "Tab"; anything else is typed. */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pid = Number(await this.#tmux("list-panes", "-F", "#{pane_pid}"));
    await this.#tmux("kill-server");
    // The program hears of it by SIGHUP, and may have something to save.
    await until("the program has ended", () => !isRunning(pid));
  }

  #tmux(...args: string[]): Promise<string> {
    return tool("tmux", ["-S", this.#socket, "-u", ...args]);
  }
}
