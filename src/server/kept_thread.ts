// A thread of the runtime's pool that is never without work, so that there is always one: where no other can be
// started, files are written and messages printed by it, a second later at the latest. Without any thread in its
// pool the runtime would end the process at the next such job. Main thread.
import { POLLIN, PollSet } from "../sys/poll.ts";
import { createEventFd, ringEventFd } from "../sys/eventfd.ts";
import { closeFd } from "../sys/fd.ts";

/** Declare it with `using`: from then until the end of the block there is a thread. */
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
