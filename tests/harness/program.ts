// Starts the program as a user would: the compiled binary that BLKCACHE names, else `deno run` on the
// sources. Each program has a temporary directory as its working directory unless it is given one.

import { PATIENCE_MS } from "./patience.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** How a program ended. */
export interface Ended {
  /** Exit code; 128 + signal number when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What may differ from the default. */
export interface ProgramOptions {
  /** Working directory; it is not removed at the end. */
  dir?: string;
  env?: Record<string, string>;
  /** A program that becomes it, with its arguments. */
  by?: readonly string[];
}

/** A running program. Declare it with `await using`: that kills it by pid and removes its directory. */
export class Program implements AsyncDisposable {
  /** Its working directory. */
  readonly dir: string;
  readonly #ownsDir: boolean;
  readonly #child: Deno.ChildProcess;
  readonly #stdout: Collector;
  readonly #stderr: Collector;
  readonly #ended: Promise<Ended>;
  #isRunning = true;

  private constructor(args: readonly string[], { dir, env, by = [] }: ProgramOptions) {
    const [program, ...before] = [...by, ...programCommand()];
    this.#ownsDir = dir === undefined;
    this.dir = dir ?? Deno.makeTempDirSync({ prefix: "blkcache-test-" });
    this.#child = new Deno.Command(program!, {
      args: [...before, ...args],
      cwd: this.dir,
      env: { NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#stdout = new Collector(this.#child.stdout);
    this.#stderr = new Collector(this.#child.stderr);
    this.#ended = this.#end();
  }

  /** `blkcache ARGS...` */
  static start(args: readonly string[], options: ProgramOptions = {}): Program {
    return new Program(args, options);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What it has written so far. */
  get stdout(): string {
    return this.#stdout.text;
  }

  get stderr(): string {
    return this.#stderr.text;
  }

  /** The first line of a stream that matches, as soon as it is complete. */
  async waitForLine(stream: "stdout" | "stderr", pattern: RegExp): Promise<string> {
    const line = await patient(
      (stream === "stdout" ? this.#stdout : this.#stderr).line(pattern),
      () => `no line like ${pattern} on ${stream}; stderr:\n${this.stderr}`,
    );
    if (line === undefined) {
      throw new Error(`ended without a line like ${pattern} on ${stream}; stderr:\n${this.stderr}`);
    }
    return line;
  }

  /** The URI of the ready line. */
  async ready(): Promise<string> {
    return (await this.waitForLine("stdout", /^ready /)).slice("ready ".length);
  }

  signal(name: Deno.Signal): void {
    this.#child.kill(name);
  }

  /** Stops reading a stream, as when `| head` has had enough. */
  async closeReader(stream: "stdout" | "stderr"): Promise<void> {
    await (stream === "stdout" ? this.#stdout : this.#stderr).cancel();
  }

  /** Waits until it ends by itself. */
  ended(): Promise<Ended> {
    return patient(this.#ended, () => `still running; stderr:\n${this.stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isRunning) this.signal("SIGKILL");
    await this.#ended;
    if (this.#ownsDir) Deno.removeSync(this.dir, { recursive: true });
  }

  async #end(): Promise<Ended> {
    const { code } = await this.#child.status;
    this.#isRunning = false;
    await Promise.all([this.#stdout.done, this.#stderr.done]);
    return { code, stdout: this.stdout, stderr: this.stderr };
  }
}

/** Runs a program to its end. `files` are the names that it left in its directory. */
export async function runProgram(
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<Ended & { files: string[] }> {
  await using program = Program.start(args, options);
  const ended = await program.ended();
  return { ...ended, files: Array.from(Deno.readDirSync(program.dir), ({ name }) => name).sort() };
}

/** The words that start the program, before its arguments. */
export function programCommand(): string[] {
  const compiled = Deno.env.get("BLKCACHE");
  if (compiled) return [Deno.realPathSync(compiled)];
  return [Deno.execPath(), "run", "-q", "-P", `--config=${ROOT}deno.json`, `${ROOT}main.ts`];
}

async function patient<T>(promise: Promise<T>, complaint: () => string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(complaint())), PATIENCE_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Collects the text of a stream and wakes those who wait for a line. */
class Collector {
  text = "";
  readonly done: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  #isOpen = true;
  #waiters: (() => void)[] = [];

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    this.done = this.#collect();
  }

  async line(pattern: RegExp): Promise<string | undefined> {
    while (true) {
      const complete = this.text.slice(0, this.text.lastIndexOf("\n") + 1).split("\n");
      const found = complete.find((line) => pattern.test(line));
      if (found !== undefined || !this.#isOpen) return found;
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }

  async #collect(): Promise<void> {
    for (let chunk; !(chunk = await this.#reader.read()).done;) {
      this.text += chunk.value;
      this.#wake();
    }
    this.#isOpen = false;
    this.#wake();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    waiters.forEach((wake) => wake());
  }
}
