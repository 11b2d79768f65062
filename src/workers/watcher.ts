// Entry point of the watcher worker: follows one drive, through media and unplugging. A look may block behind
// a read that hangs, which is why it has a thread of its own.
/// <reference lib="deno.worker" />
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { type WatchLogger, watchMedium } from "../device/medium_watch.ts";
import { Removable } from "../device/removable.ts";
import { READER_BUSY_SINCE, SharedState } from "../shared/shared_state.ts";
import { SystemError } from "../sys/system_error.ts";
import { MainThread } from "./main_thread.ts";
import type { WatcherMessage, WatcherOrder } from "./watcher_init.ts";

const main = new MainThread<WatcherOrder, WatcherMessage>();
const { tell } = main;

let reader: SharedState | undefined;
let stop = new AbortController();
let watch: Promise<void> = Promise.resolve();

main.obey((order) => {
  if (order.type === "reader") {
    reader = new SharedState(order.state, order.sessions);
    return;
  }
  stop.abort();
  if (order.type === "watch") {
    const { signal } = stop = new AbortController();
    watch = watch.then(() => follow(order.devicePath, order.intervalMs, order.round, signal));
  } else {
    void watch.then(() => main.end());
  }
});

/** While a read is under way it is the reader who finds out whether the medium is still there. */
function isBusy(): boolean {
  return reader !== undefined && reader.readerCounters[READER_BUSY_SINCE] !== 0;
}

async function follow(
  devicePath: string,
  intervalMs: number,
  round: number,
  signal: AbortSignal,
): Promise<void> {
  const logger: WatchLogger = {
    debug: (message) => tell({ type: "debug", message }),
    warning: (message) => tell({ type: "warning", message, hints: [] }),
  };
  let complaint = "";
  while (!signal.aborted) {
    if (isThere(devicePath)) {
      try {
        await watchMedium(devicePath, {
          signal,
          intervalMs,
          isBusy,
          logger,
          onFirst: (medium) => tell({ type: "seen", round, seen: { drive: true, medium } }),
          onChange: (_, medium) => tell({ type: "seen", round, seen: { drive: true, medium } }),
        });
      } catch (error) {
        // It may have gone since; without the right to open it there is nothing to be done either.
        if (!(error instanceof UserError || error instanceof SystemError)) throw error;
        if (isThere(devicePath) && error.message !== complaint) {
          complaint = error.message;
          logger.warning(`cannot watch "${printable(devicePath)}": ${complaint}`);
        }
      }
    }
    if (signal.aborted) return;
    if (!isThere(devicePath)) tell({ type: "seen", round, seen: { drive: false, medium: null } });
    await pause(intervalMs, signal);
  }
}

function isThere(devicePath: string): boolean {
  try {
    return Removable.check(devicePath);
  } catch (error) {
    if (error instanceof SystemError) return false;
    throw error;
  }
}

function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, durationMs);
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    resolve();
  });
  return promise;
}
