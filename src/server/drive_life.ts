// The life of `serve` on a drive whose medium comes and goes: waits for a medium, serves it, notices that it
// leaves, waits for the next. Each medium is a generation of its own. Main thread; nothing here blocks.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import type { DeviceRequest } from "../opening/open_device.ts";
import { MediumLeft, MediumRefused } from "../device/medium_errors.ts";
import type { Seen } from "../workers/watcher_init.ts";
import type { MediumState, Progress } from "./events.ts";
import { beginOnReader } from "./begin_on_reader.ts";
import { FileInUse } from "../host/lock_holder.ts";
import { Generation } from "./generation.ts";
import { generationState } from "./generation_parts.ts";
import { MediumPatience } from "./medium_patience.ts";
import { RefusingDoor } from "./refusing_door.ts";
import type { Run } from "./run.ts";
import { exitCodeOf, MediaCodes, type StopReason } from "./run_end.ts";
import type { StopRequest } from "./stop_request.ts";
import { WatcherThread } from "./watcher_thread.ts";
import { missingForThreads } from "./thread_room.ts";
import { withTimeout } from "./with_timeout.ts";

/** Rest after a medium that left while it was being opened, milliseconds: another is about to settle. */
const SETTLE_MS = 300;

/** Why a run is over while nothing is served. */
type Stop = StopReason | "not answering";

/**
 * Serves a drive with a removable medium: waits for a medium, serves it, waits for the next. Main
 * thread.
 */
export class DriveLife {
  readonly #run: Run;
  readonly #request: DeviceRequest;
  readonly #drive: string;
  readonly #watcher: WatcherThread;
  readonly #refusal: RefusingDoor;
  readonly #stopped: Promise<StopReason>;
  readonly #patience: MediumPatience;
  /** Resolves when the run is over while nothing is served. */
  readonly #ended: Promise<Stop>;
  readonly #mustComplete: boolean;
  readonly #codes = new MediaCodes();
  readonly #releases = new Releases();
  /** Nothing has been served yet: a fault on our side is likely to persist. */
  #isFirst = true;
  /** It has been said that the kernel does not count media. */
  #isWarned = false;
  /** Of the medium that was served when the run ended. */
  #lastProgress: Progress | undefined;

  constructor(run: Run, request: DeviceRequest, stop: StopRequest) {
    this.#run = run;
    this.#request = request;
    this.#drive = `"${printable(request.devicePath)}"`;
    this.#watcher = new WatcherThread(request.devicePath, run.observe);
    this.#refusal = new RefusingDoor(run);
    this.#stopped = stop.requested;
    const { fill, giveUpSeconds } = run.options;
    this.#mustComplete = fill?.exitWhenComplete ?? false;
    // Without --exit-when-complete the next medium may come whenever it likes.
    const isLimited = this.#mustComplete && giveUpSeconds !== undefined;
    this.#patience = new MediumPatience(isLimited ? giveUpSeconds * 1000 : undefined);
    this.#ended = Promise.race([this.#stopped, this.#patience.over]);
  }

  /**
   * Serves one medium after the other until the run ends.
   * @returns the exit code.
   * @throws {UserError} when the first medium cannot be served for a reason that no other one would mend,
   *   or, with `once`, for any reason.
   */
  async live(): Promise<number> {
    let exitCode: number | undefined;
    try {
      while (exitCode === undefined) {
        const seen = await this.#awaitMedium();
        exitCode = typeof seen === "string" ? this.#stoppedBy(seen) : await this.#serveMedium(seen);
      }
    } finally {
      this.#patience.end();
      await Promise.all([this.#refusal.end(), this.#watcher.end()]);
    }
    const progress = this.#lastProgress;
    this.#run.observe({ event: "done", exitCode, ...progress && { progress } });
    return exitCode;
  }

  /** The exit code of a run that ends while nothing is being served. */
  #stoppedBy(reason: Stop): number {
    if (reason === "not answering") {
      this.#run.observe({
        event: "warning",
        message: `the medium has not come back to ${this.#drive}: giving up`,
        hints: ["the same command goes on with it; --give-up-after sets how long it is waited for"],
      });
    }
    return this.#codes.atEnd(exitCodeOf({
      reason,
      mustComplete: this.#mustComplete,
      isComplete: false,
      isSaved: true,
      isImageDamaged: false,
    }));
  }

  async #awaitMedium(): Promise<Seen | Stop> {
    for (let told = "";;) {
      const { seen } = this.#watcher;
      if (seen?.medium != null) return seen;
      if (seen !== undefined) {
        const [missing, wait] = seen.drive
          ? [`no medium in ${this.#drive}`, "waiting for one"]
          : [`${this.#drive} is not plugged in`, "waiting until it is"];
        this.#refusal.begin(missing);
        if (missing !== told) this.#tell("awaited", `${missing}: ${wait}`);
        told = missing;
      }
      const event = await Promise.race([this.#watcher.changed, this.#ended]);
      if (event !== undefined) return event;
    }
  }

  /** From a medium's arrival to its end. @returns the exit code when the run is over, else undefined. */
  async #serveMedium(seen: Seen): Promise<number | undefined> {
    this.#tell("found", `looking at the medium in ${this.#drive}`);
    const left = this.#watcher.changeFrom(seen).then(() => "medium gone" as const);
    const over = Promise.race([this.#ended, left]);
    const generation = await this.#begin(over);
    if (generation instanceof Generation) {
      this.#patience.end();
      return await this.#serve(generation, over);
    }
    const end = generation === "refused" ? await over : generation;
    if (end !== "medium gone") return this.#stoppedBy(end);
    if (generation === "refused") return undefined;
    this.#watcher.lookAnew();
    const isOver = await withTimeout(this.#ended, SETTLE_MS);
    return isOver ? this.#stoppedBy(await this.#ended) : undefined;
  }

  /** Opens the medium and begins to serve it. @returns why not, when that cannot be. */
  async #begin(
    over: Promise<Stop | "medium gone">,
  ): Promise<Generation | Stop | "medium gone" | "refused"> {
    for (let isTold = false;; isTold = true) {
      const earlier = this.#releases.next;
      let own: Promise<unknown> = Promise.resolve();
      const begun = await this.#tryToBegin(over, earlier !== undefined, (released) => {
        own = released;
      });
      if (begun === "in use" && !isTold) {
        this.#tell(
          "awaited",
          `an earlier look at ${this.#drive} has not ended: waiting for it`,
        );
      }
      const next = begun !== "in use"
        ? begun
        : await Promise.race([over, Promise.all([earlier, own]).then(() => "released" as const)]);
      if (next === "released") continue;
      this.#releases.add(own);
      return next;
    }
  }

  /**
   * @param mayWait an earlier medium still holds its image: the result is "in use" if that image is needed.
   * @param releasing receives a promise that resolves once a medium that is not served is released.
   */
  async #tryToBegin(
    over: Promise<Stop | "medium gone">,
    mayWait: boolean,
    releasing: (released: Promise<unknown>) => void,
  ): Promise<Generation | Stop | "medium gone" | "refused" | "in use"> {
    this.#refusal.begin(`the medium in ${this.#drive} is being looked at: try again`);
    const missing = missingForThreads(1);
    if (missing !== undefined) {
      const message = `cannot read ${this.#drive}: there are too few ${missing} for its thread`;
      this.#refuse(new UserError(message));
      return "refused";
    }
    const state = generationState(this.#run.options);
    this.#watcher.follow(state);
    try {
      return await beginOnReader(this.#run, this.#request, state, over, async ({ isCertain }) => {
        if (!isCertain) this.#warnOnce();
        await this.#refusal.end();
      }, releasing);
    } catch (error) {
      if (error instanceof MediumLeft) return "medium gone";
      if (error instanceof FileInUse && mayWait) return "in use";
      if (!(error instanceof UserError)) throw error;
      this.#refuse(error);
      return "refused";
    }
  }

  /** What this kernel cannot tell. */
  #warnOnce(): void {
    if (this.#isWarned) return;
    this.#isWarned = true;
    this.#run.observe({
      event: "warning",
      message:
        `Linux before 5.15 does not count the media in ${this.#drive}: an exchange for one ` +
        `of equal size is noticed when the drive announces it, or after a pause of a second`,
      hints: ["stop blkcache before you exchange the medium, or use Linux 5.15 or later"],
    });
  }

  /** @throws {UserError} the same, when waiting for another medium is not what the user wants. */
  #refuse(error: UserError): void {
    const isOurs = this.#isFirst && !(error instanceof MediumRefused);
    if (isOurs || this.#run.options.once) throw error;
    this.#refusal.begin(error.message);
    this.#tell("refused", error.message, [...error.hints, "or insert another one"]);
  }

  /** Serves until the medium leaves or the run ends. @returns the exit code when the run is over. */
  async #serve(
    generation: Generation,
    over: Promise<Stop | "medium gone">,
  ): Promise<number | undefined> {
    this.#isFirst = false;
    const reason = await Promise.race([over, generation.over]);
    const goesOn = reason === "medium gone" && !this.#run.options.once;
    if (goesOn) this.#refusal.begin(`the medium has left ${this.#drive}`);
    const kept = await generation.end();
    this.#releases.add(generation.released);
    const code = exitCodeOf({ reason, mustComplete: this.#mustComplete, ...kept });
    this.#codes.left(generation.imagePath, code);
    const progress = generation.progress();
    if (reason === "medium gone") {
      this.#tell(
        "left",
        `the medium has left ${this.#drive}`,
        [],
        goesOn ? progress : undefined,
      );
    }
    if (goesOn) {
      this.#patience.left();
      this.#watcher.lookAnew();
      return undefined;
    }
    this.#lastProgress = progress;
    return this.#codes.atEnd(code);
  }

  #tell(
    state: MediumState,
    message: string,
    hints: readonly string[] = [],
    progress?: Progress,
  ): void {
    this.#run.observe({ event: "medium", state, message, hints, ...progress && { progress } });
  }
}

/**
 * The media that have left and still hold something: threads that hang in a drive, or take their time, keep their image
 * locked, and the next medium may be the same disc once more.
 */
export class Releases {
  readonly #holding = new Set<Promise<unknown>>();

  /** @param released resolves when the medium holds nothing any more. */
  add(released: Promise<unknown>): void {
    this.#holding.add(released);
    void released.finally(() => this.#holding.delete(released));
  }

  /** Resolves when the next of them has let go; undefined when none holds anything. */
  get next(): Promise<"released"> | undefined {
    if (this.#holding.size === 0) return undefined;
    return Promise.race(this.#holding).then(() => "released" as const);
  }
}
