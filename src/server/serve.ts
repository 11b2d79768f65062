// A run of `serve`: opens the device and its cache, starts the workers, keeps the map saved, and ends it all
// in order. Main thread: nothing here may block, since signals and saves depend on it.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { type OpenCache, openCache } from "../cache/open_cache.ts";
import { detect } from "../file/detect.ts";
import { Device } from "../file/device.ts";
import { File } from "../file/file.ts";
import { checkPlace } from "../file/place.ts";
import { Removable } from "../file/removable.ts";
import { sourceName } from "../file/source_name.ts";
import { SharedState } from "../shared/shared_state.ts";
import { closeFd } from "../sys/fd.ts";
import type { Observer } from "./events.ts";
import { FillRun } from "./fill_run.ts";
import { type Listeners, openListeners } from "./listeners.ts";
import { MapSaver } from "./map_saver.ts";
import { progressOf } from "./progress.ts";
import { ReaderThread } from "./reader_thread.ts";
import type { About, ServeOptions } from "./serve_options.ts";
import { REPLACEMENTS, SessionPool } from "./session_pool.ts";
import { StopRequest } from "./stop_request.ts";

/** Milliseconds between two progress events. */
const PROGRESS_MS = 500;

/** The open source with what was asked of it. */
interface Source {
  readonly file: File;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly sectorSize: number;
}

/**
 * Serves a device until a signal stops it or the reader fails.
 * @returns the exit code.
 * @throws {UserError} when it cannot start; nothing has been created then.
 */
export async function serve(
  options: ServeOptions,
  about: About,
  observe: Observer,
): Promise<number> {
  using stop = new StopRequest();
  const source = openSource(options);
  using _file = source.file;
  const listeners = openListeners({
    socket: options.socket,
    tcp: options.listen,
    deviceName: source.name,
    exportName: options.exportName,
  });
  try {
    const cache = openCache({
      device: source.file,
      size: source.size,
      sectorSize: source.sectorSize,
      name: source.name,
      folder: ".",
      image: options.image,
      map: options.map,
      force: options.force,
      checkPlace: (image) => checkImagePlace(image, source, observe),
      warn: (message, hints) => observe({ event: "warning", message, hints }),
    });
    try {
      if (!options.keepCache && !cache.fresh) {
        throw new UserError(
          `--no-keep-cache would delete an earlier rescue: "${cache.imagePath}"`,
          {
            hints: ["leave --no-keep-cache out, or name an IMAGE that does not exist yet"],
          },
        );
      }
      return await run(options, about, source, cache, listeners, stop, observe);
    } finally {
      closeFd(cache.image);
      if (!options.keepCache && cache.fresh) removeCache(cache);
    }
  } finally {
    listeners.close();
  }
}

function openSource(options: ServeOptions): Source {
  const { device } = options;
  const kind = detect(device);
  // A regular file is best read through the page cache; a device is best asked itself, sector by sector.
  const file = kind.open(device, { direct: options.direct ?? kind !== File });
  const { size } = file;
  const sectorSize = options.blockSize ?? file.sectorSize;
  try {
    if (size === 0) {
      throw new UserError(`"${printable(device)}" is empty: there is nothing to serve`, {
        hints: ['"blkcache detect" lists the devices that there are'],
      });
    }
    if (
      options.blockSize !== undefined && file instanceof Device &&
      options.blockSize % file.sectorSize !== 0
    ) {
      throw new UserError(
        `block size ${options.blockSize} is no multiple of the device's sectors of ${file.sectorSize} bytes`,
        { hints: ["leave --block-size out: the device is asked"] },
      );
    }
  } catch (error) {
    file.close();
    throw error;
  }
  return { file, name: sourceName(device), size, sectorSize };
}

function checkImagePlace(image: string, source: Source, observe: Observer): void {
  const question = { image, source: source.file.path, size: source.size };
  for (const { severity, message, hints } of checkPlace(question)) {
    if (severity === "refuse") throw new UserError(message, { hints });
    observe({ event: "warning", message, hints });
  }
}

/** From the first save to the last. */
async function run(
  options: ServeOptions,
  about: About,
  source: Source,
  cache: OpenCache,
  listeners: Listeners,
  stop: StopRequest,
  observe: Observer,
): Promise<number> {
  const resumed = !cache.fresh;
  const saver = new MapSaver(cache, options.device, about, observe);
  let fill: FillRun | undefined;
  try {
    fill = options.fill && new FillRun(options.fill, cache.map);
    await saver.begin();
  } catch (error) {
    await saver.close();
    if (cache.fresh) removeCache(cache);
    throw error;
  }
  const sessions = options.maxClients + REPLACEMENTS;
  const state = SharedState.create(sessions);
  const startedMs = performance.now();
  const pool = new SessionPool(
    state,
    {
      state: state.buffer,
      sessions,
      map: cache.map.buffer,
      image: cache.image,
      size: source.size,
      sectorSize: source.sectorSize,
      readAhead: options.readAhead,
      timeoutMs: options.timeoutSeconds * 1000,
      listeners: listeners.fds,
      export: { name: options.exportName, description: describe(options.device, source.file) },
    },
    options.maxClients,
    {
      connected: () => observe({ event: "client", state: "connected", clients: pool.clients }),
      left: (message) =>
        observe({ event: "client", state: "left", clients: pool.clients, message }),
      died: (error) =>
        observe({
          event: "warning",
          message: `a session has ended by an error of blkcache: ${error}`,
          hints: ["its client was disconnected; the others go on"],
        }),
    },
  );
  const reader = new ReaderThread(
    {
      state: state.buffer,
      sessions,
      map: cache.map.buffer,
      image: cache.image,
      fresh: cache.fresh,
      device: source.file.fd,
      blockDevice: source.file instanceof Device,
      size: source.size,
      sectorSize: source.sectorSize,
      diskSeq: source.file instanceof Removable ? source.file.diskSeq : undefined,
      retries: options.retries,
      fill: fill?.init,
    },
    { device: options.device, imagePath: cache.imagePath },
    observe,
  );
  let isFilling = fill !== undefined;
  const filled = reader.filled.then((reason) => {
    isFilling = false;
    observe({ event: "info", message: fill!.sentence(reason) });
  });
  const progress = () =>
    progressOf(cache.map, state, pool.clients, performance.now() - startedMs, isFilling);
  const progressTimer = setInterval(
    () => observe({ event: "progress", progress: progress() }),
    PROGRESS_MS,
  );
  saver.saveEvery(options.saveIntervalSeconds * 1000);
  observe({
    event: "ready",
    uri: listeners.uris[0],
    uris: listeners.uris,
    image: cache.imagePath,
    map: cache.mapPath,
    resumed,
  });

  const end = await Promise.race([
    stop.requested.then(() => "stopped"),
    reader.failed.then(() => "failed"),
    ...options.fill?.exitWhenComplete ? [filled.then(() => "filled")] : [],
  ]);
  clearInterval(progressTimer);
  state.end();
  // The map does not wait for clients that are slow to leave, nor for a reader that hangs.
  await saver.save();
  await pool.end();
  await reader.end();
  const saved = await saver.save();
  await saver.close();
  const exitCode = end === "failed" || !saved ? 1 : end === "filled" ? fill!.exitCode : 0;
  observe({ event: "done", exitCode, progress: progress() });
  return exitCode;
}

function describe(path: string, file: File): string {
  const model = file instanceof Device ? file.model : undefined;
  return printable(model ? `${path} (${model}) through blkcache` : `${path} through blkcache`);
}

/** Deletes what the cache consists of; what is not there is fine. */
function removeCache({ imagePath, mapPath, sidecarPath }: OpenCache): void {
  for (const path of [imagePath, mapPath, `${mapPath}.bak`, sidecarPath]) {
    try {
      Deno.removeSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
