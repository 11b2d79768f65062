// `map --watch`: shows a mapfile anew after each change, until a signal.

import { UserError } from "../base/errors.ts";
import { readNamedMapfile } from "../opening/read_mapfile.ts";
import { parseMapfile } from "../map/mapfile.ts";
import { SystemError } from "../sys/system_error.ts";

/** Between two looks, milliseconds. */
export const INTERVAL_MS = 500;
/** A file that is being written is torn for a moment; from then on something is wrong with it. */
const PATIENCE_MS = 5_000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What to do with what the file holds. */
export interface MapfileFollower {
  /** Called at each look; `isNew` when the file has changed since the last one. */
  show(mapfile: ReturnType<typeof parseMapfile>, isNew: boolean): void | Promise<void>;
  /** The file cannot be used at the moment; the last good contents stay on the screen. */
  complain(error: Error): void;
}

/** Ends with SIGINT, SIGTERM or SIGHUP while it is in scope. */
export class FollowerSignals implements Disposable {
  readonly stopped: Promise<void>;
  readonly #stop: () => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    [this.stopped, this.#stop] = [promise, resolve];
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#stop);
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, this.#stop);
  }
}

/** Resolves after `stopped`. The file is read each time: writers may keep its time or size. */
export async function followMapfile(
  path: string,
  follower: MapfileFollower,
  { stopped, now = () => performance.now() }: { stopped: Promise<void>; now?: () => number },
): Promise<void> {
  let isStopped = false;
  stopped.then(() => isStopped = true);
  let bytes: Uint8Array | undefined;
  let mapfile = parseMapfile("", path);
  let readMs = now();
  while (!isStopped) {
    try {
      const content = readNamedMapfile(path);
      const isNew = bytes === undefined || !areEqual(bytes, content);
      if (isNew) mapfile = parseMapfile(content, path);
      bytes = content;
      readMs = now();
      await follower.show(mapfile, isNew);
    } catch (error) {
      if (!(error instanceof UserError || error instanceof SystemError)) throw error;
      if (bytes === undefined) throw error;
      if (now() - readMs > PATIENCE_MS) follower.complain(error);
    }
    await pause(stopped);
  }
}

async function pause(stopped: Promise<void>): Promise<void> {
  const time = Promise.withResolvers<void>();
  const timer = setTimeout(time.resolve, INTERVAL_MS);
  await Promise.race([time.promise, stopped]);
  clearTimeout(timer);
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}
