// An NBD export shown as a regular file by nbdfuse.

import { tryTool, until } from "./tool.ts";

/** A mounted file. Declare it with `await using`; whoever reads it must have ended before. */
export class FuseFile implements AsyncDisposable {
  readonly path: string;
  readonly #child: Deno.ChildProcess;

  private constructor(path: string, child: Deno.ChildProcess) {
    this.path = path;
    this.#child = child;
  }

  /** Shows what `uri` serves as `path`, which must not exist yet; read-only unless told otherwise. */
  static async mount(
    uri: string,
    path: string,
    options: { writable?: boolean } = {},
  ): Promise<FuseFile> {
    Deno.writeFileSync(path, new Uint8Array(0));
    const child = new Deno.Command("nbdfuse", {
      args: [...options.writable ? [] : ["--readonly"], path, uri],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const file = new FuseFile(path, child);
    try {
      await until(`"${path}" is mounted`, () => Deno.statSync(path).size > 0);
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
    return file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A loop device on it is detached a moment after losetup has said so.
    await until(`"${this.path}" is unmounted`, async () => {
      const { code, stderr } = await tryTool("fusermount3", ["-u", this.path]);
      return code === 0 || stderr.includes("not found") || stderr.includes("Invalid argument");
    }, 5000);
    await this.#child.status;
    Deno.removeSync(this.path);
  }
}
