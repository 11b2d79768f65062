// What happens in a pool of sessions, as events of the run.
import type { Observer } from "./events.ts";
import type { PoolObserver } from "./session_pool.ts";
import { missingForThreads } from "./thread_room.ts";

/** @param clients how many are connected at the time of the event. */
export function sessionObserver(observe: Observer, clients: () => number): PoolObserver {
  return {
    connected: () => observe({ event: "client", state: "connected", clients: clients() }),
    left: (message) => observe({ event: "client", state: "left", clients: clients(), message }),
    warned: (message, hints) => observe({ event: "warning", message, hints }),
    missing: () => missingForThreads(1),
    died: (error) =>
      observe({
        event: "warning",
        message: `a session has ended by an error of blkcache: ${error}`,
        hints: ["its client was disconnected; the others go on"],
      }),
  };
}
