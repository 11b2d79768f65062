// The life of `serve` on a drive whose medium comes and goes: waits for a medium, serves it, notices that it
// leaves, waits for the next. Each medium is a generation of its own. Main thread; nothing here blocks.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import type { DriveRequest } from "../cache/open_drive.ts";
import { abandonMedium, type Medium } from "../cache/open_medium.ts";
import { MediumLeft } from "../file/medium_guard.ts";
import { MediumRefused } from "../file/medium_refused.ts";
import type { Seen } from "../workers/watcher_init.ts";
import type { MediumState, Progress } from "./events.ts";
import { Generation } from "./generation.ts";
import { generationState } from "./generation_parts.ts";
import { ReaderThread } from "./reader_thread.ts";
import { Refusal } from "./refusal.ts";
import type { Run } from "./run.ts";
import type { StopRequest } from "./stop_request.ts";
import { WatcherThread } from "./watcher_thread.ts";
import { withTimeout } from "./with_timeout.ts";

/** Rest after a medium that left while it was being opened, milliseconds: another is about to settle. */
const SETTLE_MS = 300;

/** See the head of this file. */
export class DriveLife {
  readonly #run: Run;
  readonly #request: DriveRequest;
  readonly #drive: string;
  readonly #watcher: WatcherThread;
  readonly #refusal: Refusal;
  readonly #stopped: Promise<"stopped">;
  #exitCode = 0;
  /** Nothing has been served yet: what is wrong with our side now is likely to stay so. */
  #isFirst = true;
  /** Of the medium that was served when the run ended. */
  #lastProgress: Progress | undefined;

  constructor(run: Run, request: DriveRequest, stop: StopRequest) {
    this.#run = run;
    this.#request = request;
    this.#drive = `"${printable(request.device)}"`;
    this.#watcher = new WatcherThread(request.device, run.observe);
    this.#refusal = new Refusal(run);
    this.#stopped = stop.requested.then(() => "stopped");
  }

  /**
   * Serves one medium after the other until the run ends.
   * @returns the exit code.
   * @throws {UserError} when the first medium cannot be served for a reason that no other one would mend,
   *   or, with `once`, for any reason.
   */
  async live(): Promise<number> {
    try {
      for (;;) {
        const seen = await this.#awaitMedium();
        if (seen === "stopped" || !await this.#serveMedium(seen)) break;
      }
    } finally {
      await Promise.all([this.#refusal.end(), this.#watcher.end()]);
    }
    const progress = this.#lastProgress;
    this.#run.observe({ event: "done", exitCode: this.#exitCode, ...progress && { progress } });
    return this.#exitCode;
  }

  async #awaitMedium(): Promise<Seen | "stopped"> {
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
      const event = await Promise.race([this.#watcher.changed, this.#stopped]);
      if (event === "stopped") return event;
    }
  }

  /** From a medium's arrival to its end. @returns false when the run is over. */
  async #serveMedium(seen: Seen): Promise<boolean> {
    this.#tell("found", `looking at the medium in ${this.#drive}`);
    const left = this.#watcher.changeFrom(seen).then(() => "medium gone" as const);
    const over = Promise.race([this.#stopped, left]);
    const generation = await this.#begin(over);
    if (generation === "refused") return await over === "medium gone";
    if (generation === "medium gone") {
      this.#watcher.lookAnew();
      return !await withTimeout(this.#stopped, SETTLE_MS);
    }
    return generation !== "stopped" && await this.#serve(generation, over);
  }

  /** Opens the medium and begins to serve it. @returns why not, when that cannot be. */
  async #begin(
    over: Promise<"stopped" | "medium gone">,
  ): Promise<Generation | "stopped" | "medium gone" | "refused"> {
    this.#refusal.begin(`the medium in ${this.#drive} is being looked at: try again`);
    const state = generationState(this.#run.options);
    this.#watcher.follow(state);
    const reader = new ReaderThread(
      { drive: this.#request, state: state.buffer, sessions: state.sessions },
      { device: this.#request.device, imagePath: "" },
      this.#run.observe,
    );
    let begun: Medium | undefined;
    const abandon = async () => {
      state.end();
      // Once it reads, the reader lets go of the drive by itself, but not of what was made on disk.
      if (begun === undefined) reader.abandon();
      if (await reader.end() && begun !== undefined) abandonMedium(begun);
    };
    try {
      const medium = await Promise.race([reader.opened, over]);
      if (typeof medium === "string") {
        await abandon();
        return medium;
      }
      await this.#refusal.end();
      return await Generation.begin(this.#run, medium, state, (init) => {
        begun = medium;
        reader.read(init, medium.imagePath);
        return reader;
      });
    } catch (error) {
      await abandon();
      if (error instanceof MediumLeft) return "medium gone";
      if (!(error instanceof UserError)) throw error;
      this.#refuse(error);
      return "refused";
    }
  }

  /** @throws {UserError} the same, when waiting for another medium is not what the user wants. */
  #refuse(error: UserError): void {
    const isOurs = this.#isFirst && !(error instanceof MediumRefused);
    if (isOurs || this.#run.options.once) throw error;
    this.#refusal.begin(error.message);
    this.#tell("refused", error.message, [...error.hints, "or insert another one"]);
  }

  /** Serves until the medium leaves or the run ends. @returns false when the run is over. */
  async #serve(
    generation: Generation,
    over: Promise<"stopped" | "medium gone">,
  ): Promise<boolean> {
    this.#isFirst = false;
    const end = await Promise.race([over, generation.over]);
    const goesOn = end === "medium gone" && !this.#run.options.once;
    if (goesOn) this.#refusal.begin(`the medium has left ${this.#drive}`);
    const isSaved = await generation.end();
    if (!isSaved || end === "reader failed") this.#exitCode = 1;
    else if (end === "filled") this.#exitCode = generation.fillExitCode;
    const progress = generation.progress();
    if (end === "medium gone") {
      this.#tell("left", `the medium has left ${this.#drive}`, [], goesOn ? progress : undefined);
    }
    if (goesOn) this.#watcher.lookAnew();
    else this.#lastProgress = progress;
    return goesOn;
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
