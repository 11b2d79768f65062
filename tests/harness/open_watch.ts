// Tells whether somebody has opened a file since the last look (inotify). One thread.

import { closeFd, tryRead } from "../../src/sys/fd.ts";
import { NativeMemory } from "../../src/sys/memory.ts";

const IN_NONBLOCK = 0o4000;
const IN_OPEN = 0x20;
const BUFFER_BYTES = 4096;

/** Watches a path, symbolic links followed. Declare it with `using`. */
export class OpenWatch implements Disposable {
  readonly #fd: number;
  readonly #memory = NativeMemory.allocate(BUFFER_BYTES);

  constructor(path: string) {
    const libc = Deno.dlopen("libc.so.6", {
      inotify_init1: { parameters: ["i32"], result: "i32" },
      inotify_add_watch: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    });
    this.#fd = libc.symbols.inotify_init1(IN_NONBLOCK);
    const name = new TextEncoder().encode(`${path}\0`);
    const watch = libc.symbols.inotify_add_watch(this.#fd, name, IN_OPEN);
    libc.close();
    if (this.#fd < 0 || watch < 0) throw new Error(`cannot watch "${path}"`);
  }

  /** Whether it was opened since the last call. */
  wasOpened(): boolean {
    let any = false;
    while (tryRead(this.#fd, this.#memory.address, BUFFER_BYTES) > 0) any = true;
    return any;
  }

  [Symbol.dispose](): void {
    closeFd(this.#fd);
  }
}
