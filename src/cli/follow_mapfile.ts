// `map --watch`: shows a mapfile anew after each change, until a signal.

import { UserError } from "../base/errors.ts";
import { readNamedMapfile } from "../opening/read_mapfile.ts";
import { parseMapfile } from "../map/mapfile.ts";
import { SystemError } from "../sys/system_error.ts";

const INTERVAL_MS = 500;
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

/** Resolves after SIGINT, SIGTERM or SIGHUP. The file is read each time: writers may keep its time or size. */
export async function followMapfile(path: string, follower: MapfileFollower): Promise<void> {
  const stopped = Promise.withResolvers<void>();
  const stop = () => stopped.resolve();
  for (const signal of SIGNALS) Deno.addSignalListener(signal, stop);
  let isStopped = false;
  stopped.promise.then(() => isStopped = true);
  let bytes: Uint8Array | undefined;
  let mapfile = parseMapfile("", path);
  let readMs = performance.now();
  try {
    while (!isStopped) {
      try {
        const now = readNamedMapfile(path);
        const isNew = bytes === undefined || !areEqual(bytes, now);
        if (isNew) mapfile = parseMapfile(now, path);
        bytes = now;
        readMs = performance.now();
        await follower.show(mapfile, isNew);
      } catch (error) {
        if (!(error instanceof UserError || error instanceof SystemError)) throw error;
        if (bytes === undefined) throw error;
        if (performance.now() - readMs > PATIENCE_MS) follower.complain(error);
      }
      await pause(stopped.promise);
    }
  } finally {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, stop);
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
