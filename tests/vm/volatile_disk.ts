// A disk with a volatile write cache: at a power cut it loses all that it has not been told to flush.

import { exists } from "../harness/test_folder.ts";
import { until } from "../harness/tool.ts";

/** An nbdkit that keeps writes to itself until a flush. Declare it with `await using`. */
export class VolatileDisk implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #file: string;
  readonly #socket: string;

  private constructor(file: string, socket: string) {
    this.#file = file;
    this.#socket = socket;
    this.#child = new Deno.Command("nbdkit", {
      args: ["-f", "-U", socket, "--filter=cache", "file", file, "cache=writeback"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /** A disk that holds what is in `file`, where flushed writes go to. */
  static async start(file: string, socket: string): Promise<VolatileDisk> {
    const disk = new VolatileDisk(file, socket);
    try {
      await until("nbdkit is ready", () => exists(socket));
    } catch (error) {
      await disk[Symbol.asyncDispose]();
      throw error;
    }
    return disk;
  }

  /** Arguments of qemu for a block device of that name. */
  blockdev(name: string): string[] {
    return [
      "-blockdev",
      `driver=nbd,node-name=${name},server.type=unix,server.path=${this.#socket}`,
    ];
  }

  /** What a power cut at this moment would leave. */
  snapshot(path: string): void {
    this.#child.kill("SIGSTOP");
    try {
      Deno.copyFileSync(this.#file, path);
    } finally {
      this.#child.kill("SIGCONT");
    }
  }

  /** Takes its power away. A second call does nothing. */
  async cutPower(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended already
    }
    await this.#child.status;
    if (exists(this.#socket)) Deno.removeSync(this.#socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cutPower();
  }
}
