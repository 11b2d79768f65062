// Notices that the medium of a drive has changed. Runs on the watcher's thread, as a look may block behind
// a read that hangs. Polls by a timer: poll(2) on sysfs `events` never fires, and CDROM_MEDIA_CHANGED
// answers only the first program that asks.
import { pollByKernel } from "./medium_polling.ts";
import { type MediumId, MediumProbe } from "./medium_probe.ts";

/** Takes the messages of a watch. */
export interface WatchLogger {
  debug(message: string): void;
  warning(message: string): void;
}

/** How to watch. */
export interface WatchOptions {
  /** Ends the watch. */
  signal: AbortSignal;
  /** Called at each change, also when the drive itself goes (`newId` null). Must not throw. */
  onChange(oldId: MediumId, newId: MediumId): void;
  /** Called with the result of the first look. */
  onFirst?(id: MediumId): void;
  /** True while the reader reads the drive: the watch then asks nothing that could wait behind that read. */
  isBusy?(): boolean;
  logger?: WatchLogger | undefined;
  /** Milliseconds between looks, default 1000. */
  intervalMs?: number | undefined;
  /** What a `MediumProbe` saw earlier; a change since then is reported. Default: the first look. */
  from?: MediumId | undefined;
}

const DEFAULT_INTERVAL_MS = 1000;

/**
 * Watches a drive, with or without a medium in it, until `signal` fires or the drive goes away.
 * @throws {UserError} when the drive cannot be opened.
 */
export async function watchMedium(path: string, options: WatchOptions): Promise<void> {
  using probe = new MediumProbe(path);
  using _polling = pollByKernel(
    probe.block,
    options.intervalMs ?? DEFAULT_INTERVAL_MS,
    (message) => options.logger?.warning(`${message}; a change of the disc may be noticed late`),
  );
  await followMedium(() => probe.look(options.isBusy?.() ?? false), options);
}

/** The loop of `watchMedium`; `look` says what is there now, undefined when the drive has gone. */
export async function followMedium(
  look: () => MediumId | undefined,
  options: WatchOptions,
): Promise<void> {
  let current = options.from;
  let isFirst = true;
  while (!options.signal.aborted) {
    const seen = look();
    const next = seen ?? null;
    if (isFirst) options.onFirst?.(next);
    isFirst = false;
    if (current === undefined) current = next;
    if (next !== current) {
      options.logger?.debug(`medium changed: ${current ?? "none"} to ${next ?? "none"}`);
      const old = current;
      current = next;
      options.onChange(old, next);
    }
    if (seen === undefined) {
      options.logger?.debug("the drive has gone");
      return;
    }
    await sleep(options.intervalMs ?? DEFAULT_INTERVAL_MS, options.signal);
  }
}

/** Resolves when the time is over or the signal fires, whichever is first. */
function sleep(durationMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    resolve();
  };
  const timer = setTimeout(end, durationMs);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  return promise;
}
