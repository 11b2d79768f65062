// A client that goes on reading whatever happens to the server, by a Python program beside this file.

const PROGRAM = new URL("nbd_reader.py", import.meta.url).pathname;

/** What the client has seen. */
export interface ReaderCounts {
  connections: number;
  /** Reads that have succeeded. */
  reads: number;
  /** Of these, the ones with wrong bytes. */
  wrong: number;
}

/** A running client. Declare it with `await using`. */
export class NbdReader implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  #stopped: Promise<ReaderCounts> | undefined;

  /** Reads from `uri`, now and whenever there is a server, and compares with the file `source`. */
  constructor(uri: string, source: string, seed: number) {
    this.#child = new Deno.Command("/usr/bin/python3", {
      args: [PROGRAM, uri, source, String(seed)],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
  }

  /** Ends it. */
  stop(): Promise<ReaderCounts> {
    return this.#stopped ??= this.#stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<ReaderCounts> {
    await this.#child.stdin.close();
    const { success, stdout } = await this.#child.output();
    if (!success) throw new Error("the reading client has died");
    return JSON.parse(new TextDecoder().decode(stdout));
  }
}
