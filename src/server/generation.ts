// Everything of one medium, from its first save to its last: shared memory, map, image, the reader's thread,
// the sessions. It ends as a whole, and the next medium gets one of its own, so that nothing leaks from one
// disc into another. Sockets and signals outlive it. Main thread; nothing here blocks.
import { printable } from "../base/printable.ts";
import { finishWrites } from "../opening/finish_writes.ts";
import { type Medium, removeCache } from "../opening/open_medium.ts";
import { isOverlaySaved } from "../session/overlay.ts";
import { overlaySentence } from "../opening/open_overlay.ts";
import { FINISHED } from "../map/statuses.ts";
import type { Offer } from "../nbd/export.ts";
import { closeFd } from "../sys/fd.ts";
import { SystemError } from "../sys/system_error.ts";
import { abilitiesOf } from "../workers/writable.ts";
import { clientObserver } from "./client_events.ts";
import { Clients } from "./clients.ts";
import type { Progress } from "./events.ts";
import { GivingUp } from "./give_up.ts";
import { assembleGeneration, type GenerationParts } from "./generation_parts.ts";
import { progressOf } from "./progress.ts";
import type { RunEnd, RunEndReason } from "./run_end.ts";
import type { Serving } from "./serving.ts";
import { missingForThreads } from "./thread_room.ts";
import { dirname } from "@std/path";

/** Milliseconds between two progress events. */
const PROGRESS_MS = 500;

/** How well the run has kept the bytes that it read, for `exitCodeOf`. */
export type Kept = Pick<RunEnd, "isComplete" | "isSaved" | "isImageDamaged">;

/**
 * Everything that belongs to one medium, from its first save to its last. Main thread; nothing here
 * blocks.
 */
export class Generation {
  /** Resolves with the first reason, unless a signal stops the run. */
  readonly over: Promise<RunEndReason>;
  /** Resolves after `end`, when its image has been let go of. */
  readonly released: Promise<void>;
  #setReleased!: (released: Promise<void>) => void;
  readonly #parts: GenerationParts;
  readonly #clients: Clients;
  readonly #startedMs = performance.now();
  readonly #progressTimer: ReturnType<typeof setInterval>;
  #isFilling: boolean;

  /** Saves the map for the first time and begins to serve. Parameters and errors: see `assembleGeneration`. */
  static async begin(...args: Parameters<typeof assembleGeneration>): Promise<Generation> {
    return new Generation(await assembleGeneration(...args));
  }

  private constructor(parts: GenerationParts) {
    const { run, medium, serving, reader, saver, fill, recorder, overlay, others } = parts;
    this.#parts = parts;
    this.released = new Promise((resolve) => this.#setReleased = resolve);
    this.#isFilling = fill !== undefined;
    const { options, listeners, observe } = run;
    const { layout } = medium;
    const { maxClients, exportName } = options;
    this.#clients = new Clients(
      serving,
      {
        listeners: listeners.sockets,
        exported: {
          name: exportName,
          description: describe(options.devicePath, medium),
          isSingle: run.sparesMemory,
        },
        target: offerOf(serving),
      },
      maxClients,
      {
        ...clientObserver(observe, () => this.#clients.count),
        awaited: () => reader.begin(),
        // The first client has the reader started as well.
        missing: () => missingForThreads(reader.isRunning ? 1 : 2),
      },
    );
    const filled = reader.filled.then((result): RunEndReason => {
      this.#isFilling = false;
      for (const message of fill!.sentences(result)) observe({ event: "info", message });
      return result.reason;
    });
    const givenUp = Promise.withResolvers<RunEndReason>();
    const givingUp = new GivingUp({
      limitMs: options.giveUpSeconds === undefined ? undefined : options.giveUpSeconds * 1000,
      mustComplete: options.fill?.exitWhenComplete ?? false,
    });
    this.over = Promise.race([
      givenUp.promise,
      reader.failed.then((): RunEndReason => "reader failed"),
      ...run.outlivesDevice ? [] : [reader.gone.then((): RunEndReason => "medium gone")],
      ...others.unmounted !== undefined && options.endsWithMount
        ? [others.unmounted.then((): RunEndReason => "unmounted")]
        : [],
      ...options.fill?.exitWhenComplete ? [filled] : [],
    ]);
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
    const tellProgress = () => {
      const progress = this.progress();
      observe({ event: "progress", progress });
      const reason = givingUp.look(progress, Date.now());
      if (reason !== undefined) givenUp.resolve(reason);
    };
    tellProgress();
    this.#progressTimer = setInterval(tellProgress, PROGRESS_MS);
  }

  /** Where it stands now. */
  progress(): Progress {
    const { map, serving: { state }, medium, fill } = this.#parts;
    return progressOf(
      map,
      state,
      this.#clients.count,
      performance.now() - this.#startedMs,
      this.#isFilling,
      medium.layout.runOutStart,
      () => ({
        folder: dirname(medium.imagePath),
        needs: fill?.missingBytes ?? map.size - map.total(FINISHED),
      }),
    );
  }

  /** The image of the medium. */
  get imagePath(): string {
    return this.#parts.medium.imagePath;
  }

  /** Ends it: clients get ESHUTDOWN and a closed connection, the map is saved. What hangs is left behind. */
  async end(): Promise<Kept> {
    const { run, medium, serving: { state }, reader, saver, recorder, others, fill } = this.#parts;
    clearInterval(this.#progressTimer);
    await others.flush();
    state.end();
    // Reads of a mounted file are held until it is unmounted, and a program that waits for one cannot be killed.
    const closed = others.end();
    // The map does not wait for clients that are slow to leave, nor for a reader that hangs.
    await saver?.save();
    await Promise.all([this.#clients.end(), closed]);
    const readerEnded = await reader.end();
    const saved = await saver?.save() ?? true;
    await saver?.close();
    const written = readerEnded && reader.writesComplete;
    if (saved && written) this.#finishWrites();
    const recorded = await recorder?.end() ?? true;
    if (!run.options.keepCache && medium.fresh) removeCache(medium);
    this.#setReleased(this.#closeWhenUnused());
    return {
      isComplete: fill?.isComplete ?? false,
      isSaved: saved && recorded && (run.writeFd === undefined || written) && this.#keepsOverlay(),
      isImageDamaged: saver?.hasLostBytes ?? false,
    };
  }

  /** Sessions sync the last writes of clients when these leave, and have no client left to report an error to. */
  #keepsOverlay(): boolean {
    const { run, overlay } = this.#parts;
    if (overlay === undefined || isOverlaySaved(overlay.words)) return true;
    run.observe({
      event: "warning",
      message: `the last writes to the overlay "${printable(overlay.path)}" could not be saved`,
      hints: [],
    });
    return false;
  }

  #finishWrites(): void {
    const { run: { options, about, observe }, medium } = this.#parts;
    try {
      finishWrites(medium, {
        device: options.devicePath,
        program: `blkcache ${about.version}`,
      });
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      // The record stays: the next start reads again the regions that were written to.
      observe({ event: "warning", message: error.message, hints: [] });
    }
  }

  /**
   * A thread that has been left behind may still write into these descriptors when its device answers at
   * last: until then their numbers must not come to mean something else, such as the next disc's image.
   */
  async #closeWhenUnused(): Promise<void> {
    const { serving: { users }, others, medium, overlay } = this.#parts;
    await Promise.all([this.#clients.ended, others.ended]);
    await users.gone;
    this.#clients.close();
    others.close();
    closeFd(medium.imageFd);
    if (overlay !== undefined) closeFd(overlay.fileFd);
  }
}

function describe(path: string, { model }: Medium): string {
  return printable(model ? `${path} (${model}) through blkcache` : `${path} through blkcache`);
}

/** What the negotiation tells clients of it. */
function offerOf({ served, state }: Serving): Offer {
  return {
    size: served.size,
    sectorSize: served.sectorSize,
    writer: abilitiesOf(served),
    get ending() {
      return state.ending;
    },
  };
}
