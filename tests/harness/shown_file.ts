// A device shown as a file by show_device.ts in a process of its own, which can hang, be killed or be told to
// end. Needs root.

import type { ShowOptions } from "./show_device.ts";
import { TestFolder } from "./test_folder.ts";
import { tryTool, until } from "./tool.ts";

const PROGRAM = new URL("show_device.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

/** What it prints at the end. */
export interface ShownEnd {
  deviceReads: number;
  failedReads: number;
  /** Requests of the kernel that were answered. */
  requests: number;
}

/** An event as it is printed. */
type Event = Record<string, unknown> & { event: string };

/** What may differ from the default: `file` and `image` are in a folder of its own. */
export type ShownOptions = Omit<ShowOptions, "file" | "image"> & {
  file?: string;
  /** A program with its arguments that the whole is started by. */
  by?: readonly string[];
};

/** The process. Declare it with `await using`, after the device: it is killed and unmounted. */
export class ShownFile implements AsyncDisposable {
  readonly path: string;
  readonly #folder: TestFolder;
  readonly #child: Deno.ChildProcess;
  readonly #collected: Promise<void>;
  #text = "";
  #isRunning = true;

  private constructor({ file, by = [], ...options }: ShownOptions) {
    this.#folder = new TestFolder();
    this.path = file ?? this.#folder.file("shown");
    const show = { ...options, file: this.path, image: this.#folder.file("image") };
    const [program = "", ...args] = [...by, Deno.execPath(), "run", "-A", `--config=${CONFIG}`];
    this.#child = new Deno.Command(program, {
      args: [...args, PROGRAM, JSON.stringify(show)],
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
    }).spawn();
    this.#collected = this.#collect();
    this.#child.status.then(() => this.#isRunning = false);
  }

  /** Shows `options.device`, and waits until it is ready, or has refused. */
  static async start(options: ShownOptions): Promise<ShownFile> {
    const shown = new ShownFile(options);
    try {
      await until("the file is shown", () =>
        shown.#find("ready") !== undefined ||
        !shown.#isRunning);
    } catch (error) {
      await shown[Symbol.asyncDispose]();
      throw error;
    }
    return shown;
  }

  /** Why it could not start, and the hints; undefined when it has. */
  get refusal(): { message: string; hints: string[] } | undefined {
    return this.#find("refused") as unknown as { message: string; hints: string[] } | undefined;
  }

  /** Sentences of the events of one kind so far. */
  messages(kind: "warning" | "info"): string[] {
    return this.#events().filter(({ event }) => event === kind)
      .map(({ message }) => String(message));
  }

  /** Ends it by a signal, or waits until it ends by itself. @returns undefined when it was killed. */
  async end(signal?: Deno.Signal): Promise<ShownEnd | undefined> {
    if (signal !== undefined) this.#child.kill(signal);
    await until("the program ends", () => !this.#isRunning);
    await this.#collected;
    return this.#find("done") as unknown as ShownEnd | undefined;
  }

  /** True while something is mounted on the file. */
  isMounted(): boolean {
    return isMounted(this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isRunning) await this.end("SIGKILL");
    // What another one has mounted there is not ours.
    while (this.refusal === undefined && this.isMounted()) {
      await tryTool("umount", ["-l", this.path]);
    }
    this.#folder[Symbol.dispose]();
  }

  #find(event: string): Event | undefined {
    return this.#events().find((found) => found.event === event);
  }

  #events(): Event[] {
    const complete = this.#text.slice(0, this.#text.lastIndexOf("\n") + 1);
    return complete.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  async #collect(): Promise<void> {
    for await (const chunk of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.#text += chunk;
    }
  }
}

/** True when something is mounted on `path`. */
export function isMounted(path: string): boolean {
  const lines = Deno.readTextFileSync("/proc/self/mountinfo").split("\n");
  return lines.some((line) => line.split(" ")[4] === path);
}
