// The thread that watches a drive, as main sees it: the last state of the drive that it reported. Main thread.
import type { SharedState } from "../shared/shared_state.ts";
import type { Seen, WatcherMessage, WatcherOrder } from "../workers/watcher_init.ts";
import type { Observer } from "./events.ts";
import { Thread } from "./thread.ts";

/** Milliseconds between two looks. The reader notices a change as well. */
const INTERVAL_MS = 1000;
/** How long it may take at the end to put the kernel's polling back, milliseconds: it may hang in the drive. */
const PATIENCE_MS = 500;

/** The watcher worker from main's side, with the last state of the drive that it reported. */
export class WatcherThread {
  readonly #thread: Thread<WatcherOrder, WatcherMessage>;
  readonly #devicePath: string;
  #round = 0;
  #seen: Seen | undefined;
  #next = Promise.withResolvers<void>();

  constructor(devicePath: string, observe: Observer) {
    this.#devicePath = devicePath;
    this.#thread = new Thread(new URL("../workers/watcher.ts", import.meta.url), "watcher", {
      heard: (message) => {
        if (message.type === "seen") this.#hear(message.round, message.seen);
        else if (message.type === "debug") observe({ event: "debug", message: message.message });
        else observe({ event: "warning", message: message.message, hints: message.hints });
      },
      ended: (error) => {
        if (error === undefined) return;
        observe({
          event: "warning",
          message: `the watcher has ended by an error of blkcache: ${error}`,
          hints: ["a change of the disc is only noticed by reading: stop, and start again"],
        });
      },
    });
    this.lookAnew();
  }

  /** The state of the drive; undefined before the first look. */
  get seen(): Seen | undefined {
    return this.#seen;
  }

  /** Resolves at the next change of `seen`. */
  get changed(): Promise<void> {
    return this.#next.promise;
  }

  /** Resolves as soon as there is something else than `known`. */
  async changeFrom(known: Seen): Promise<void> {
    while (this.#seen?.drive === known.drive && this.#seen.medium === known.medium) {
      await this.changed;
    }
  }

  /** Forgets the state: the watcher reports it again, even if it is the same. */
  lookAnew(): void {
    this.#seen = undefined;
    this.#thread.order({
      type: "watch",
      devicePath: this.#devicePath,
      intervalMs: INTERVAL_MS,
      round: ++this.#round,
    });
  }

  /** Whose reads the drive is busy with from now on. */
  follow({ buffer, sessions }: SharedState): void {
    this.#thread.order({ type: "reader", state: buffer, sessions });
  }

  /** Ends it, and waits for that a little. */
  async end(): Promise<void> {
    this.#thread.order({ type: "stop" });
    await this.#thread.endsWithin(PATIENCE_MS);
  }

  #hear(round: number, seen: Seen): void {
    if (round !== this.#round) return;
    if (this.#seen?.drive === seen.drive && this.#seen.medium === seen.medium) return;
    this.#seen = seen;
    const { resolve } = this.#next;
    this.#next = Promise.withResolvers();
    resolve();
  }
}
