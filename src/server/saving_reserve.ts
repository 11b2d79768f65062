// Descriptors and a thread that are kept in reserve: main can save the map although clients have used up all others.
// Main thread.
import { createEventFd, ringEventFd } from "../sys/eventfd.ts";
import { closeFd } from "../sys/fd.ts";
import { POLLIN, PollSet } from "../sys/poll.ts";
import { takeDescriptors } from "../sys/process_limits.ts";
import { SAVING_DESCRIPTORS } from "./descriptor_budget.ts";

/**
 * Descriptors that are kept for saving the map when clients have used up all others. Main thread.
 */
export class SavingReserve {
  #descriptors = takeDescriptors(SAVING_DESCRIPTORS);

  /** Frees the descriptors for an action. One at a time. */
  async lend<T>(action: () => Promise<T>): Promise<T> {
    this.close();
    try {
      return await action();
    } finally {
      // Fewer may be free: then the next time may find more.
      this.#descriptors = takeDescriptors(SAVING_DESCRIPTORS);
    }
  }

  /** Nothing is kept any more. */
  close(): void {
    for (const fd of this.#descriptors.splice(0)) closeFd(fd);
  }
}

/**
 * A thread of the runtime's pool that always has work, so that the pool always has a thread. Where the system allows no
 * other, this one writes files and prints messages, a second later at the latest. The runtime would end the process
 * at the next job of a pool without threads. Declare it with `using`: the thread is kept until the end of the block.
 */
export class KeptThread implements Disposable {
  readonly #bell = createEventFd();
  readonly #wait = new PollSet(1);

  constructor() {
    this.#wait.set(0, this.#bell, POLLIN);
    void this.#wait.waitElsewhere().then(() => closeFd(this.#bell));
  }

  [Symbol.dispose](): void {
    ringEventFd(this.#bell);
  }
}
