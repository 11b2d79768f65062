// A file system of a few megabytes, that fills up, becomes read-only and grows at will. Needs root.

import { tool, tryTool, until } from "./tool.ts";

/** A mounted file system. Declare it with `await using`, before the programs that write to it. */
export class SmallFileSystem implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** An empty tmpfs of `size` bytes at the new folder `path`. */
  static async tmpfs(path: string, size: number): Promise<SmallFileSystem> {
    Deno.mkdirSync(path);
    await tool("mount", ["-t", "tmpfs", "-o", `size=${size}`, "blkcache-test", path]);
    return new SmallFileSystem(path);
  }

  /** An empty ext4 of `size` bytes at the new folder `path`; it lives in the file `${path}.ext4`. */
  static async ext4(path: string, size: number): Promise<SmallFileSystem> {
    Deno.mkdirSync(path);
    Deno.writeFileSync(`${path}.ext4`, new Uint8Array(0));
    Deno.truncateSync(`${path}.ext4`, size);
    // No room is kept for root, who runs the tests.
    await tool("mkfs.ext4", ["-q", "-m", "0", "-O", "^has_journal", `${path}.ext4`]);
    await tool("mount", ["-o", "loop", `${path}.ext4`, path]);
    return new SmallFileSystem(path);
  }

  /** Changes mount options: "size=16M" (tmpfs), "ro", "rw". */
  async remount(options: string): Promise<void> {
    await tool("mount", ["-o", `remount,${options}`, this.path]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await until(`"${this.path}" is unmounted`, async () => {
      const { code, stderr } = await tryTool("umount", [this.path]);
      return code === 0 || stderr.includes("not mounted");
    }, 5000);
  }
}
