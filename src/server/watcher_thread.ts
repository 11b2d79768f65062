// The watcher worker as main sees it: what is in the drive, as far as it has been told.
import type { SharedState } from "../shared/shared_state.ts";
import type { Seen, WatcherMessage, WatcherOrder } from "../workers/watcher_init.ts";
import type { Observer } from "./events.ts";
import { withTimeout } from "./with_timeout.ts";

/** Milliseconds between two looks. A change is also noticed by whoever reads. */
const INTERVAL_MS = 1000;
/** How long it may take at the end to put the kernel's polling back, milliseconds: it may hang in the drive. */
const PATIENCE_MS = 500;

/** The watcher worker from main's side, with the last state of the drive that it reported. */
export class WatcherThread {
  readonly #worker: Worker;
  readonly #device: string;
  readonly #ended: Promise<void>;
  #setEnded!: () => void;
  #round = 0;
  #seen: Seen | undefined;
  #next = Promise.withResolvers<void>();

  constructor(device: string, observe: Observer) {
    this.#device = device;
    this.#ended = new Promise((resolve) => this.#setEnded = resolve);
    this.#worker = new Worker(new URL("../workers/watcher.ts", import.meta.url), {
      type: "module",
      name: "watcher",
    });
    this.#worker.onmessage = ({ data }: MessageEvent<WatcherMessage>) => {
      if (data.type === "seen") this.#hear(data.round, data.seen);
      else if (data.type === "ended") this.#setEnded();
      else if (data.type === "debug") observe({ event: "debug", message: data.message });
      else observe({ event: "warning", message: data.message, hints: [] });
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      observe({
        event: "warning",
        message: `the watcher has ended by an error of blkcache: ${event.message}`,
        hints: ["a change of the disc is only noticed by reading: stop, and start again"],
      });
      this.#setEnded();
    };
    this.lookAnew();
  }

  /** What there is; undefined while it has not been looked at. */
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

  /** Forgets what was seen: it is told again, even if it is the same. */
  lookAnew(): void {
    this.#seen = undefined;
    this.#order({
      type: "watch",
      device: this.#device,
      intervalMs: INTERVAL_MS,
      round: ++this.#round,
    });
  }

  /** Whose reads the drive is busy with from now on. */
  follow({ buffer, sessions }: SharedState): void {
    this.#order({ type: "reader", state: buffer, sessions });
  }

  /** Ends it, and waits for that a little. */
  async end(): Promise<void> {
    this.#order({ type: "stop" });
    await withTimeout(this.#ended, PATIENCE_MS);
  }

  #hear(round: number, seen: Seen): void {
    if (round !== this.#round) return;
    if (this.#seen?.drive === seen.drive && this.#seen.medium === seen.medium) return;
    this.#seen = seen;
    const { resolve } = this.#next;
    this.#next = Promise.withResolvers();
    resolve();
  }

  #order(order: WatcherOrder): void {
    this.#worker.postMessage(order);
  }
}
