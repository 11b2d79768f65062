// What a generation consists of, put together. Main thread; nothing here blocks.
import { inBytes } from "../base/sizes.ts";
import { mapOf, type Medium, sharedPart } from "../opening/open_medium.ts";
import { removeRecord } from "../opening/finish_writes.ts";
import { intentsPathOf } from "../reader/write_intents.ts";
import { type OpenOverlay, openOverlay } from "../opening/open_overlay.ts";
import { type FileMap, forgetFailures } from "../map/file_map.ts";
import { UnprovedMarks } from "../map/unproved_marks.ts";
import { SharedState } from "../shared/shared_state.ts";
import { closeFd } from "../sys/fd.ts";
import type { ReaderInit } from "../workers/reader_init.ts";
import type { ServedMedium } from "../workers/session_init.ts";
import type { DescriptorUsers } from "./descriptor_users.ts";
import { DomainRecorder } from "./domain_recorder.ts";
import { FillRun } from "./fill_run.ts";
import { MapSaver } from "./map_saver.ts";
import { otherSessions, OtherWays } from "./other_ways.ts";
import type { ReaderThread } from "./reader_thread.ts";
import type { Run } from "./run.ts";
import { MAX_READ_AHEAD, type ServeOptions } from "./serve_options.ts";
import type { Serving } from "./serving.ts";
import { REPLACEMENTS } from "./session_pool.ts";
import { sessionsFor } from "./clients.ts";

/** The parts of a generation, assembled. Main thread. */
export interface GenerationParts {
  readonly run: Run;
  readonly medium: Medium;
  readonly serving: Serving;
  readonly map: FileMap;
  readonly reader: ReaderThread;
  /** Undefined when nothing is to be changed. */
  readonly saver: MapSaver | undefined;
  readonly fill: FillRun | undefined;
  readonly recorder: DomainRecorder | undefined;
  readonly overlay: OpenOverlay | undefined;
  readonly others: OtherWays;
}

/** Shared memory for a generation: numbers for the session workers, behind them those of the other ways in. */
export function generationState(options: ServeOptions): SharedState {
  return SharedState.create(firstOther(options) + otherSessions(options));
}

function firstOther({ maxClients }: ServeOptions): number {
  return sessionsFor(maxClients) + REPLACEMENTS;
}

/**
 * Saves the map for the first time, and opens the ways in that are no NBD clients.
 * @param users gets to know all threads that are started here.
 * @param makeReader gives the reader its order; the reader begins when a client may need it.
 * @throws {UserError} when overlay, map or fill will not do: the medium is the caller's to abandon then.
 * @throws {StartStopped} when the run ends first: the same.
 */
export async function assembleGeneration(
  run: Run,
  medium: Medium,
  state: SharedState,
  users: DescriptorUsers,
  makeReader: (init: ReaderInit) => ReaderThread,
): Promise<GenerationParts> {
  const overlay = overlayOf(run, medium);
  try {
    return await assembleWith(overlay, run, medium, state, users, makeReader);
  } catch (error) {
    if (overlay !== undefined) void users.gone.then(() => closeFd(overlay.fileFd));
    throw error;
  }
}

async function assembleWith(
  overlay: OpenOverlay | undefined,
  run: Run,
  medium: Medium,
  state: SharedState,
  users: DescriptorUsers,
  makeReader: (init: ReaderInit) => ReaderThread,
): Promise<GenerationParts> {
  const { options, about, observe } = run;
  const { sectorSize, layout } = medium;
  const map = mapOf(medium);
  if (options.tryAgain) forgetFailures(map);
  const fill = options.fill && new FillRun(options.fill, map, sectorSize, layout.runOutStart);
  const recorder = options.recordDomain === undefined
    ? undefined
    : new DomainRecorder(options.recordDomain, medium, about, observe);
  const unproved = UnprovedMarks.createMemory();
  const saver = await beginSaving(run, medium, map, unproved, state);
  const reader = makeReader(readerInit(run, medium, unproved, state, fill));
  // Otherwise the first client starts it: without clients it would have nothing to do.
  if (fill !== undefined || run.writeFd !== undefined || otherSessions(options) > 0) reader.begin();
  try {
    const served = servedMedium(medium, options, recorder, overlay);
    const serving = { state, served, timeoutMs: options.reader.timeoutMs, users };
    const others = await OtherWays.open(run, serving, medium.mode, firstOther(options));
    return {
      ...{ run, medium, serving, map },
      ...{ reader, saver, fill, recorder, overlay, others },
    };
  } catch (error) {
    state.end();
    await reader.end();
    await saver?.close();
    throw error;
  }
}

async function beginSaving(
  { options, about, observe }: Run,
  medium: Medium,
  map: FileMap,
  unproved: SharedArrayBuffer,
  state: SharedState,
): Promise<MapSaver | undefined> {
  if (options.offline) return undefined;
  const isDamaged = () => state.imageDamaged;
  const marks = new UnprovedMarks(unproved, map);
  const saver = new MapSaver(medium, map, marks, options.devicePath, about, observe, isDamaged);
  try {
    await saver.begin();
    // The map on disk says now what an earlier run had left behind.
    removeRecord(medium);
  } catch (error) {
    await saver.close();
    throw error;
  }
  return saver;
}

function readerInit(
  { options, writeFd, sparesMemory }: Run,
  medium: Medium,
  unproved: SharedArrayBuffer,
  state: SharedState,
  fill: FillRun | undefined,
): ReaderInit {
  return {
    state: state.buffer,
    sessions: state.sessions,
    medium: sharedPart(medium),
    unproved,
    sparesMemory,
    isOffline: options.offline,
    settings: options.reader,
    path: options.devicePath,
    fill: fill?.init,
    writing: writeFd === undefined
      ? undefined
      : { deviceFd: writeFd, intentsPath: intentsPathOf(medium.imagePath) },
  };
}

function servedMedium(
  medium: Medium,
  options: ServeOptions,
  recorder: DomainRecorder | undefined,
  overlay: OpenOverlay | undefined,
): ServedMedium {
  const { size, sectorSize, layout } = medium;
  return {
    ...sharedPart(medium),
    readAhead: options.offline
      ? 0
      : Math.min(inBytes(options.readAhead, sectorSize), MAX_READ_AHEAD),
    readAheadEnd: layout.fileSystemEnd ?? size,
    touched: recorder?.touched.buffer,
    overlay,
    writeThrough: options.writeThrough,
  };
}

/** @throws {UserError} when it will not do. */
function overlayOf({ options, about, observe }: Run, medium: Medium): OpenOverlay | undefined {
  const { overlayPath: path, devicePath, force } = options;
  if (path === undefined) return undefined;
  return openOverlay(
    { path, devicePath, force, ...about },
    medium,
    (message, hints) => observe({ event: "warning", message, hints }),
  );
}
