// Everything of one medium, from its first save to its last: shared memory, map, image, the reader's thread,
// the sessions. It ends as a whole, and the next medium gets one of its own, so that nothing leaks from one
// disc into another. Sockets and signals outlive it. Main thread; nothing here blocks.
import { printable } from "../base/printable.ts";
import { mapOf, type Medium } from "../cache/open_medium.ts";
import { finishWrites, removeRecord } from "../cache/finish_writes.ts";
import { intentsPathOf } from "../cache/write_intents.ts";
import { SystemError } from "../sys/system_error.ts";
import { type OpenOverlay, openOverlay, overlaySentence } from "../cache/open_overlay.ts";
import { removeCache } from "../cache/remove_cache.ts";
import type { FileMap } from "../map/file_map.ts";
import { forgetFailures } from "../map/forget_failures.ts";
import { SharedState } from "../shared/shared_state.ts";
import { closeFd } from "../sys/fd.ts";
import type { ReaderInit } from "../workers/reader_init.ts";
import type { Observer, Progress } from "./events.ts";
import type { ServedMedium } from "../workers/session_init.ts";
import { DomainRecorder } from "./domain_recorder.ts";
import { FillRun } from "./fill_run.ts";
import type { Listeners } from "./listeners.ts";
import { MapSaver } from "./map_saver.ts";
import { otherSessions, OtherWays } from "./other_ways.ts";
import { progressOf } from "./progress.ts";
import type { ReaderThread } from "./reader_thread.ts";
import type { About, ServeOptions } from "./serve_options.ts";
import { sessionObserver } from "./session_events.ts";
import { REPLACEMENTS, SessionPool } from "./session_pool.ts";

/** Milliseconds between two progress events. */
const PROGRESS_MS = 500;

/** What outlives the generations of a run. */
export interface Run {
  readonly options: ServeOptions;
  readonly about: About;
  readonly listeners: Listeners;
  readonly observe: Observer;
  /** Descriptor of the device for writes; undefined: nobody may write to it. */
  readonly writeFd: number | undefined;
  /** Media come and go. */
  readonly isDrive: boolean;
  /** Whether the run goes on without a device that has gone, with what is cached of it. */
  readonly outlivesDevice: boolean;
}

/** Why a generation is over, unless the user says so. */
export type GenerationEnd = "reader failed" | "medium gone" | "filled" | "unmounted";

/** Shared memory for a generation: numbers for the session workers, behind them those of the other ways in. */
export function generationState(options: ServeOptions): SharedState {
  return SharedState.create(firstOther(options) + otherSessions(options));
}

function firstOther({ maxClients }: ServeOptions): number {
  return maxClients + REPLACEMENTS;
}

/** See the head of this file. */
export class Generation {
  /** Resolves with the first reason. */
  readonly over: Promise<GenerationEnd>;
  readonly #run: Run;
  readonly #medium: Medium;
  readonly #map: FileMap;
  readonly #state: SharedState;
  readonly #reader: ReaderThread;
  /** Undefined when nothing is to be changed. */
  readonly #saver: MapSaver | undefined;
  readonly #fill: FillRun | undefined;
  readonly #recorder: DomainRecorder | undefined;
  readonly #others: OtherWays;
  readonly #overlay: OpenOverlay | undefined;
  readonly #pool: SessionPool;
  readonly #startedMs = performance.now();
  readonly #progressTimer: ReturnType<typeof setInterval>;
  #isFilling: boolean;

  /**
   * Saves the map for the first time and begins to serve.
   * @param makeReader gives the reader its order; it begins when somebody may need it.
   * @throws {UserError} when overlay, map or fill will not do: the medium is the caller's to abandon then.
   */
  static async begin(
    run: Run,
    medium: Medium,
    state: SharedState,
    makeReader: (init: ReaderInit) => ReaderThread,
  ): Promise<Generation> {
    const overlay = overlayOf(run, medium);
    try {
      return await Generation.#begin(run, medium, overlay, state, makeReader);
    } catch (error) {
      if (overlay !== undefined) closeFd(overlay.file);
      throw error;
    }
  }

  static async #begin(
    run: Run,
    medium: Medium,
    overlay: OpenOverlay | undefined,
    state: SharedState,
    makeReader: (init: ReaderInit) => ReaderThread,
  ): Promise<Generation> {
    const { options, about, observe } = run;
    const map = mapOf(medium);
    if (options.tryAgain) forgetFailures(map);
    const fill = options.fill &&
      new FillRun(options.fill, map, medium.layout.runOutStart);
    const { image, fresh, device, blockDevice, size, sectorSize } = medium;
    const recorder = options.recordDomain === undefined
      ? undefined
      : new DomainRecorder(options.recordDomain, size, sectorSize, about, observe);
    const isDamaged = () => state.imageDamaged;
    const saver = options.offline
      ? undefined
      : new MapSaver(medium, map, options.device, about, observe, isDamaged);
    try {
      await saver?.begin();
      // The map on disk says now what an earlier run had left behind.
      if (saver !== undefined) removeRecord(medium);
    } catch (error) {
      await saver?.close();
      throw error;
    }
    const reader = makeReader({
      state: state.buffer,
      sessions: state.sessions,
      map: medium.map,
      image,
      fresh,
      device: options.offline ? undefined : device,
      blockDevice,
      size,
      sectorSize,
      retries: options.retries,
      fill: fill?.init,
      writing: run.writeFd === undefined
        ? undefined
        : { device: run.writeFd, intentsPath: intentsPathOf(medium.imagePath) },
    });
    // Otherwise the first client has it begin: while nobody asks, it would do nothing.
    if (fill !== undefined || run.writeFd !== undefined || otherSessions(options) > 0) {
      reader.begin();
    }
    try {
      const served = servedMedium(medium, options, recorder, overlay);
      const first = firstOther(options);
      const others = await OtherWays.open(run, served, medium.device, state, first);
      return new Generation(
        run,
        medium,
        map,
        state,
        reader,
        saver,
        fill,
        recorder,
        overlay,
        others,
      );
    } catch (error) {
      state.end();
      await reader.end();
      await saver?.close();
      throw error;
    }
  }

  private constructor(
    run: Run,
    medium: Medium,
    map: FileMap,
    state: SharedState,
    reader: ReaderThread,
    saver: MapSaver | undefined,
    fill: FillRun | undefined,
    recorder: DomainRecorder | undefined,
    overlay: OpenOverlay | undefined,
    others: OtherWays,
  ) {
    const { options, listeners, observe } = run;
    this.#run = run;
    this.#medium = medium;
    this.#map = map;
    this.#state = state;
    this.#reader = reader;
    this.#saver = saver;
    this.#fill = fill;
    this.#recorder = recorder;
    this.#others = others;
    this.#overlay = overlay;
    this.#isFilling = fill !== undefined;
    const { layout } = medium;
    this.#pool = new SessionPool(
      state,
      {
        state: state.buffer,
        sessions: state.sessions,
        served: servedMedium(medium, options, recorder, overlay),
        timeoutMs: options.timeoutSeconds * 1000,
        listeners: listeners.fds,
        export: { name: options.exportName, description: describe(options.device, medium) },
      },
      options.maxClients,
      { ...sessionObserver(observe, () => this.#pool.clients), awaited: () => reader.begin() },
    );
    const filled = reader.filled.then((result) => {
      this.#isFilling = false;
      for (const message of fill!.sentences(result)) observe({ event: "info", message });
    });
    this.over = Promise.race([
      reader.failed.then((): GenerationEnd => "reader failed"),
      ...run.outlivesDevice ? [] : [reader.gone.then((): GenerationEnd => "medium gone")],
      ...others.unmounted !== undefined && options.endsWithMount
        ? [others.unmounted.then((): GenerationEnd => "unmounted")]
        : [],
      ...options.fill?.exitWhenComplete ? [filled.then((): GenerationEnd => "filled")] : [],
    ]);
    this.#progressTimer = setInterval(
      () => observe({ event: "progress", progress: this.progress() }),
      PROGRESS_MS,
    );
    saver?.saveEvery(options.saveIntervalSeconds * 1000);
    recorder?.saveEvery(options.saveIntervalSeconds * 1000);
    for (const message of layout.remarks) observe({ event: "info", message });
    if (overlay !== undefined) observe({ event: "info", message: overlaySentence(overlay) });
    observe({
      event: "ready",
      uri: listeners.uris[0],
      uris: listeners.uris,
      image: medium.imagePath,
      map: medium.mapPath,
      resumed: !medium.fresh,
    });
  }

  /** Where it stands now. */
  progress(): Progress {
    return progressOf(
      this.#map,
      this.#state,
      this.#pool.clients,
      performance.now() - this.#startedMs,
      this.#isFilling,
      this.#medium.layout.runOutStart,
    );
  }

  /** What a run that ends with the fill exits with. */
  get fillExitCode(): number {
    return this.#fill!.exitCode;
  }

  /**
   * Ends it: clients get ESHUTDOWN and a closed connection, the map is saved. What hangs is left behind.
   * @returns false when the map could not be saved.
   */
  async end(): Promise<boolean> {
    clearInterval(this.#progressTimer);
    await this.#others.flush();
    this.#state.end();
    // Reads of a mounted file are held until it is unmounted, and whoever waits for one cannot be ended.
    const closed = this.#others.end();
    // The map does not wait for clients that are slow to leave, nor for a reader that hangs.
    await this.#saver?.save();
    await Promise.all([this.#pool.end(), closed]);
    const readerEnded = await this.#reader.end();
    const saved = await this.#saver?.save() ?? true;
    await this.#saver?.close();
    if (readerEnded && saved && this.#reader.writesComplete) this.#finishWrites();
    await this.#recorder?.end();
    if (!this.#run.options.keepCache && this.#medium.fresh) removeCache(this.#medium);
    void this.#closeWhenUnused();
    return saved;
  }

  #finishWrites(): void {
    const { options, about, observe } = this.#run;
    try {
      finishWrites(this.#medium, {
        device: options.device,
        program: `blkcache ${about.version}`,
      });
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      // The record stays: the next start reads again what was written to.
      observe({ event: "warning", message: error.message, hints: [] });
    }
  }

  /**
   * A thread that has been left behind may still write into these descriptors when its device answers at
   * last: until then their numbers must not come to mean something else, such as the next disc's image.
   */
  async #closeWhenUnused(): Promise<void> {
    await Promise.all([this.#reader.ended, this.#pool.ended, this.#others.ended]);
    this.#pool.close();
    this.#others.close();
    closeFd(this.#medium.image);
    if (this.#overlay !== undefined) closeFd(this.#overlay.file);
  }
}

function servedMedium(
  medium: Medium,
  options: ServeOptions,
  recorder: DomainRecorder | undefined,
  overlay: OpenOverlay | undefined,
): ServedMedium {
  const { map, image, size, sectorSize, layout } = medium;
  const readAhead = options.offline ? 0 : options.readAhead;
  const readAheadEnd = layout.fileSystemEnd ?? size;
  const touched = recorder?.touched.buffer;
  return {
    map,
    image,
    size,
    sectorSize,
    readAhead,
    readAheadEnd,
    touched,
    overlay,
    writeThrough: options.writeThrough,
  };
}

/** @throws {UserError} when it will not do. */
function overlayOf({ options, about, observe }: Run, medium: Medium): OpenOverlay | undefined {
  const { overlay: path, device, force } = options;
  if (path === undefined) return undefined;
  return openOverlay(
    { path, device, force, ...about },
    medium,
    (message, hints) => observe({ event: "warning", message, hints }),
  );
}

function describe(path: string, { model }: Medium): string {
  return printable(model ? `${path} (${model}) through blkcache` : `${path} through blkcache`);
}
