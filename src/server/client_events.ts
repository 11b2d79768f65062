// What happens to clients, as events of the run.
import type { ClientObserver } from "./clients.ts";
import type { Observer } from "./events.ts";
import { missingForThreads } from "./thread_room.ts";

/** @param clients how many have the export at the time of the event. */
export function clientObserver(
  observe: Observer,
  clients: () => number,
): Omit<ClientObserver, "awaited"> {
  return {
    connected: () => observe({ event: "client", state: "connected", clients: clients() }),
    left: (message) => observe({ event: "client", state: "left", clients: clients(), message }),
    dismissed: (message) => {
      if (message !== "") {
        observe({ event: "debug", message: `a client has not got the export: ${message}` });
      }
    },
    warned: (message, hints) => observe({ event: "warning", message, hints }),
    missing: () => missingForThreads(1),
    failed: (error) =>
      observe({
        event: "warning",
        message: `a session has ended by an error of blkcache: ${error}`,
        hints: ["its client was disconnected; the others go on"],
      }),
  };
}

/** Reasons that are remembered. Some name a number of the client's choice, so there is no end of them. */
export const MOST_CAUSES = 32;

/**
 * The reasons for which clients have been disconnected. The pool tells each once, so that a client that comes again
 * and again does not fill a log. No I/O.
 */
export class CausesSaid {
  readonly #causes = new Set<string>();

  /** Whether it is to be said: it is new, and not too many others have been. */
  isNew(cause: string): boolean {
    if (this.#causes.size >= MOST_CAUSES || this.#causes.has(cause)) return false;
    this.#causes.add(cause);
    return true;
  }
}
