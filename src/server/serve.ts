// A run of `serve`, from its start to its exit code. Main thread: nothing here may block, since signals and
// saves depend on it; only opening a device that is no drive blocks, before anything depends on anything.
import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import {
  abandonMedium,
  type Medium,
  type MediumRequest,
  openMedium,
  type Warn,
} from "../cache/open_medium.ts";
import { openOffline } from "../cache/open_offline.ts";
import { detect } from "../file/detect.ts";
import { freeKernelDevice } from "../file/kernel_device.ts";
import { Removable } from "../file/removable.ts";
import { openSource } from "../file/source.ts";
import { sourceName } from "../file/source_name.ts";
import { WriteAccess } from "../file/write_access.ts";
import { DriveLife } from "./drive_life.ts";
import type { Observer } from "./events.ts";
import { Generation } from "./generation.ts";
import { generationState } from "./generation_parts.ts";
import { takeGivenSockets } from "./given_sockets.ts";
import { openListeners } from "./listeners.ts";
import { ReaderThread } from "./reader_thread.ts";
import type { Run } from "./run.ts";
import { exitCodeOf } from "./run_end.ts";
import type { About, ServeOptions } from "./serve_options.ts";
import { StopRequest } from "./stop_request.ts";

/**
 * Serves a device until a signal stops it or the reader fails; a drive, disc after disc.
 * @returns the exit code.
 * @throws {UserError} when it cannot start; nothing has been created then.
 */
export async function serve(
  options: ServeOptions,
  about: About,
  observe: Observer,
): Promise<number> {
  using stop = new StopRequest();
  const { device, speed, offline } = options;
  const isDrive = !offline && detect(device) === Removable;
  if (speed !== undefined && !isDrive) {
    throw new UserError(`"${printable(device)}" is no optical drive: --speed has no meaning`);
  }
  if (options.attach !== undefined) freeKernelDevice(options.attach);
  const source = isDrive || offline ? undefined : openSource(options);
  using _file = source?.file;
  if (isDrive && options.writeThrough) {
    throw new UserError(
      `what is in "${printable(device)}" may be exchanged: it is not written to`,
      {
        hints: ["keep what is written apart from it: --overlay FILE"],
      },
    );
  }
  using writeAccess = source && options.writeThrough ? new WriteAccess(source.file) : undefined;
  const name = sourceName(device);
  const listeners = openListeners({
    socket: options.socket,
    tcp: options.listen,
    deviceName: name,
    exportName: options.exportName,
    given: takeGivenSockets(),
  });
  const run: Run = {
    options,
    about,
    listeners,
    observe,
    isDrive,
    writeFd: writeAccess?.fd,
    outlivesDevice: !isDrive && !options.once && !options.fill?.exitWhenComplete,
  };
  try {
    const request = requestOf(options, name);
    if (isDrive) return await new DriveLife(run, { ...request, speed }, stop).live();
    const warn: Warn = (message, hints) => observe({ event: "warning", message, hints });
    const medium = source === undefined
      ? openOffline({ ...request, image: device }, warn)
      : openMedium(request, source, warn);
    if (writeAccess !== undefined) tellOfWrites(device, warn);
    return await serveMedium(run, medium, stop);
  } finally {
    listeners.close();
  }
}

/** Serves what cannot be exchanged: one generation is all there is. */
async function serveMedium(run: Run, medium: Medium, stop: StopRequest): Promise<number> {
  const { options, observe } = run;
  const names = { device: options.device, imagePath: medium.imagePath };
  let generation: Generation;
  try {
    generation = await Generation.begin(
      run,
      medium,
      generationState(options),
      (init) => new ReaderThread(init, names, observe),
    );
  } catch (error) {
    abandonMedium(medium);
    throw error;
  }
  const reason = await Promise.race([stop.requested, generation.over]);
  const kept = await generation.end();
  const mustComplete = options.fill?.exitWhenComplete ?? false;
  const exitCode = exitCodeOf({ reason, mustComplete, ...kept });
  observe({ event: "done", exitCode, progress: generation.progress() });
  return exitCode;
}

function tellOfWrites(device: string, warn: Warn): void {
  warn(`clients can write to "${printable(device)}" itself`, [
    "what was there before is lost with each write; --overlay FILE keeps writes apart from it",
  ]);
}

function requestOf(options: ServeOptions, name: string): MediumRequest {
  const { device, image, folder, map, direct, blockSize, force, keepCache } = options;
  return { device, name, image, folder, map, direct, blockSize, force, keepCache };
}
