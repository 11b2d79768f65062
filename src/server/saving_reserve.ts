// Descriptors that are kept for saving the map: when clients have used up all others, it is saved all the same.
// Main thread.
import { closeFd } from "../sys/fd.ts";
import { takeDescriptors } from "../sys/process_limits.ts";
import { SAVING_DESCRIPTORS } from "./descriptor_budget.ts";

/**
 * Descriptors that are kept for saving the map when clients have used up all others. Main thread.
 */
export class SavingReserve {
  #descriptors = takeDescriptors(SAVING_DESCRIPTORS);

  /** Does something with what is kept. One at a time. */
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
