// A thread that serves a mounted file, as main sees it.
import { closeFd } from "../sys/fd.ts";
import type { FuseInit, FuseMessage } from "../workers/fuse_init.ts";
import type { DescriptorUsers } from "./descriptor_users.ts";
import type { Lanes } from "./fuse_device.ts";
import { Thread } from "./thread.ts";

/** Owns the thread's two lanes and closes them when it has ended: the kernel then fails the requests that it had. */
export class FuseThread {
  readonly session: number;
  readonly lanes: Lanes;
  readonly #thread: Thread<FuseInit, FuseMessage>;

  /** @param died is called when the thread has ended by an error of ours. */
  constructor(init: FuseInit, users: DescriptorUsers, died: (error: string) => void) {
    const { session, lanes } = init;
    this.session = session;
    this.lanes = lanes;
    this.#thread = new Thread(new URL("../workers/fuse.ts", import.meta.url), `fuse ${session}`, {
      ended(error) {
        for (const fd of lanes) closeFd(fd);
        if (error !== undefined) died(error);
      },
    }, users);
    this.#thread.order(init);
  }

  /** False: its lanes are closed. */
  get isRunning(): boolean {
    return this.#thread.isRunning;
  }

  /** Resolves when the file is no longer mounted, or the thread has died. */
  get ended(): Promise<void> {
    return this.#thread.ended;
  }

  /** Resolves if the kernel has talked to this thread first: whether they have agreed. Rejects when it ends before. */
  get negotiated(): Promise<boolean> {
    return this.#thread.ready.then(({ agreed }) => agreed);
  }
}
