// A run of `serve`, from its start to its exit code. Main thread: nothing here may block, since signals and
// saves depend on it. So the reader's thread opens block devices; only a regular file is opened here.
import { UserError } from "../base/errors.ts";
import { printable } from "../base/printable.ts";
import { type DeviceRequest, openDevice } from "../opening/open_device.ts";
import { abandonMedium, type Warn } from "../opening/open_medium.ts";
import { detect } from "../device/detect.ts";
import { File } from "../device/file.ts";
import { checkKernelDevice } from "../host/kernel_device.ts";
import { Removable } from "../device/removable.ts";
import { sourceName } from "../identity/identity.ts";
import { StartStopped } from "./await_start.ts";
import { beginOnReader } from "./begin_on_reader.ts";
import { DescriptorUsers } from "./descriptor_users.ts";
import { DriveLife } from "./drive_life.ts";
import type { Observer } from "./events.ts";
import { Generation } from "./generation.ts";
import { generationState } from "./generation_parts.ts";
import { takeGivenSockets } from "./given_sockets.ts";
import { openListeners } from "./listeners.ts";
import { ParentWatch } from "./parent_watch.ts";
import { ReaderThread } from "./reader_thread.ts";
import { isMemoryShort } from "./memory_check.ts";
import { RefusingDoor } from "./refusing_door.ts";
import type { Run } from "./run.ts";
import { exitCodeOf, type StopReason } from "./run_end.ts";
import type { About, ServeOptions } from "./serve_options.ts";
import { StallHook } from "./stall_hook.ts";
import { StopRequest } from "./stop_request.ts";
import { TimeLimit } from "./time_limit.ts";

/**
 * Serves a device until a signal stops it or the reader fails; a drive, disc after disc.
 * @param stop ends the run, and is disposed of with it; by default a signal of the process.
 * @returns the exit code.
 * @throws {UserError} when it cannot start; nothing has been created then.
 */
export async function serve(
  options: ServeOptions,
  about: About,
  observer: Observer,
  stop: StopRequest = new StopRequest(options.survivesHangUp),
): Promise<number> {
  using _stop = stop;
  const given = takeGivenSockets();
  const bond = options.exitsWithParent ? "parent" : given.length > 0 ? "clients" : "none";
  using parent = new ParentWatch(bond, () => {
    observer({ event: "info", message: "the program that has started this one has ended" });
    stop.stop("SIGTERM");
  });
  using _limit = new TimeLimit(options.maxHours, () => {
    observer({
      event: "info",
      message: "the time of --max-hours is over: ending; the same command resumes",
    });
    stop.stop("time is over");
  });
  using stall = options.onStall === undefined
    ? undefined
    : new StallHook(options.onStall, options.devicePath, observer);
  const observe: Observer = (event) => {
    parent.observe(event);
    observer(event);
    stall?.observe(event);
  };
  const { devicePath, speed, offline } = options;
  const kind = detect(devicePath);
  const isDrive = !offline && kind === Removable;
  if (speed !== undefined && !isDrive) {
    throw new UserError(`"${printable(devicePath)}" is no optical drive: --speed has no meaning`);
  }
  if (options.attach !== undefined) checkKernelDevice(options.attach);
  if (isDrive && options.writeThrough) {
    throw new UserError(
      `what is in "${printable(devicePath)}" may be exchanged: it is not written to`,
      {
        hints: ["keep what is written apart from it: --overlay FILE"],
      },
    );
  }
  const name = sourceName(devicePath);
  const listeners = openListeners({
    socket: options.socketPath,
    tcp: options.listen,
    deviceName: name,
    exportName: options.exportName,
    given,
  });
  const run: Run = {
    options,
    about,
    listeners,
    observe,
    stopped: stop.requested,
    isDrive,
    sparesMemory: isMemoryShort(options, observe),
    writeFd: undefined,
    outlivesDevice: !isDrive && !options.once && !options.fill?.exitWhenComplete,
  };
  try {
    const request = requestOf(options, name);
    if (isDrive) return await new DriveLife(run, request, stop).live();
    const generation = kind === File
      ? await beginOnFile(run, request, stop)
      : await beginOnDevice(run, request, stop);
    if (!(generation instanceof Generation)) return endBeforeServing(generation, run);
    return await serveToEnd(generation, run, stop);
  } finally {
    listeners.close();
  }
}

/** Clients wait for the device as long as for a read, then they are refused. */
async function beginOnDevice(
  run: Run,
  request: DeviceRequest,
  stop: StopRequest,
): Promise<Generation | StopReason> {
  const { options: { devicePath, reader: { timeoutMs } } } = run;
  const refusal = new RefusingDoor(run, timeoutMs);
  if (timeoutMs > 0) refusal.begin(`"${printable(devicePath)}" does not answer yet: try again`);
  const state = generationState(run.options);
  try {
    return await beginOnReader(run, request, state, stop.requested, async () => {
      await refusal.end();
      if (request.writeThrough) tellOfWrites(run);
    });
  } finally {
    await refusal.end();
  }
}

async function beginOnFile(
  run: Run,
  request: DeviceRequest,
  stop: StopRequest,
): Promise<Generation | StopReason> {
  const opened = openDevice(request, undefined, warner(run.observe));
  const { medium, writeFd } = opened;
  const names = { devicePath: request.devicePath, imagePath: medium.imagePath };
  const state = generationState(run.options);
  const users = new DescriptorUsers();
  try {
    if (request.writeThrough) tellOfWrites(run);
    const generation = await Generation.begin(
      { ...run, writeFd },
      medium,
      state,
      users,
      (init) => new ReaderThread(init, names, users, run.observe),
    );
    void generation.released.then(() => opened.close());
    return generation;
  } catch (error) {
    abandonMedium(medium, users.gone);
    void users.gone.then(() => opened.close());
    if (error instanceof StartStopped) return await stop.requested;
    throw error;
  }
}

/** A signal has come while the device was being opened. @returns the exit code. */
function endBeforeServing(reason: StopReason, { options, observe }: Run): number {
  const exitCode = exitCodeOf({
    reason,
    mustComplete: options.fill?.exitWhenComplete ?? false,
    isComplete: false,
    isSaved: true,
    isImageDamaged: false,
  });
  observe({ event: "done", exitCode });
  return exitCode;
}

/** Serves a device without removable media: one generation is all there is. @returns the exit code. */
async function serveToEnd(generation: Generation, run: Run, stop: StopRequest): Promise<number> {
  const { options, observe } = run;
  const reason = await Promise.race([stop.requested, generation.over]);
  const kept = await generation.end();
  const mustComplete = options.fill?.exitWhenComplete ?? false;
  const exitCode = exitCodeOf({ reason, mustComplete, ...kept });
  observe({ event: "done", exitCode, progress: generation.progress() });
  return exitCode;
}

function warner(observe: Observer): Warn {
  return (message, hints) => observe({ event: "warning", message, hints });
}

function tellOfWrites({ options: { devicePath }, observe }: Run): void {
  warner(observe)(`clients can write to "${printable(devicePath)}" itself`, [
    "what was there before is lost with each write; --overlay FILE keeps writes apart from it",
  ]);
}

function requestOf(options: ServeOptions, name: string): DeviceRequest {
  const { devicePath, imagePath, folder, mapPath, direct, blockSize, force, keepCache } = options;
  const { offline, writeThrough, speed } = options;
  const isOverlaid = options.overlayPath !== undefined;
  const medium = {
    devicePath,
    name,
    imagePath,
    folder,
    mapPath,
    direct,
    blockSize,
    force,
    isOverlaid,
    shownAs: options.endsWithMount ? options.mount : undefined,
    keepCache,
  };
  return { ...medium, offline, writeThrough, speed };
}
