// A process that reads one block of a file and may have to wait for it.

const BLOCK_BYTES = 65_536;

/** A dd. End it with `kill`, or wait for its end. */
export class BlockReader {
  /** Its exit code; 128 + signal number when a signal ended it. */
  readonly code: Promise<number>;
  readonly #child: Deno.ChildProcess;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.code = child.status.then(({ code }) => code);
  }

  /** Begins to read the block of 64 KiB with this number. @param flags further arguments of dd. */
  static start(path: string, blockIndex: number, ...flags: string[]): BlockReader {
    const block = [`bs=${BLOCK_BYTES}`, "count=1", `skip=${blockIndex}`];
    return new BlockReader(
      new Deno.Command("dd", {
        args: [`if=${path}`, "of=/dev/null", ...block, ...flags],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn(),
    );
  }

  /** Ends them all, and waits until they have ended. */
  static async kill(readers: readonly BlockReader[]): Promise<void> {
    for (const reader of readers) reader.#child.kill("SIGKILL");
    await Promise.all(readers.map(({ code }) => code));
  }

  /** True while it is in read(2) of the file: system call 0 (63 on aarch64) with descriptor 0, as dd has it. */
  isReading(): boolean {
    const syscall = Deno.readTextFileSync(`/proc/${this.#child.pid}/syscall`);
    const name = Deno.readTextFileSync(`/proc/${this.#child.pid}/comm`).trim();
    return name === "dd" && /^(0|63) 0x0 /.test(syscall);
  }
}
