// Keeps a domain mapfile of what clients have read: a later run that is given it as --domain reads just that
// first, and so does ddrescue. What an earlier run has recorded stays in it. Main thread.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import type { Medium } from "../opening/open_medium.ts";
import { parseIfThere } from "../opening/read_mapfile.ts";
import { AtomicFile } from "../files/atomic_file.ts";
import { FileMap, FileMapFullError } from "../map/file_map.ts";
import { encodeMapfile } from "../map/mapfile.ts";
import { fileMapOf, mapfileOf } from "../map/mapfile_conversion.ts";
import { FINISHED } from "../map/statuses.ts";
import { Touched } from "../shared/touched.ts";
import type { Observer } from "./events.ts";
import type { About } from "./serve_options.ts";

/** Keeps a domain mapfile of the areas that clients have read. Main thread. */
export class DomainRecorder {
  readonly touched: Touched;
  readonly #file: AtomicFile;
  readonly #domain: FileMap;
  readonly #about: About;
  readonly #observe: Observer;
  readonly #startTime = new Date();
  #savedVersion = -1;
  #timer: ReturnType<typeof setInterval> | undefined;
  #last: Promise<boolean> = Promise.resolve(true);
  #failing = false;
  #isFull = false;

  /**
   * @param options how many runs a new map can have, where that is not to be worked out.
   * @throws {UserError} when the file is there, but is no mapfile of a device of this size.
   */
  constructor(
    path: string,
    medium: Pick<Medium, "size" | "sectorSize" | "mode">,
    about: About,
    observe: Observer,
    options: { readonly maxTransitions?: number } = {},
  ) {
    const { size, sectorSize, mode } = medium;
    this.touched = Touched.create(size, sectorSize);
    this.#file = new AtomicFile(path, { mode });
    const earlier = parseIfThere(path);
    if (earlier !== undefined && earlier.positions.length > 0 && earlier.size !== size) {
      throw new UserError(
        `"${printable(path)}" is of a device of ${earlier.size} bytes, not of ${size}`,
        { hints: ["give --record-domain a file of its own for each device"] },
      );
    }
    this.#domain = earlier === undefined
      ? FileMap.create(size, options)
      : fileMapOf(earlier, size, path);
    this.#about = about;
    this.#observe = observe;
  }

  /** Saves every `intervalMs` milliseconds, when clients have read something new. */
  saveEvery(intervalMs: number): void {
    this.#timer = setInterval(() => void this.save(), intervalMs);
  }

  /** Saves new areas, after any save under way. @returns false when it failed; the user has been told. */
  save(): Promise<boolean> {
    return this.#last = this.#last.then(() => this.#trySave());
  }

  /** The last save; lets go of the file's directory. @returns false when it failed. */
  async end(): Promise<boolean> {
    clearInterval(this.#timer);
    const isSaved = await this.save();
    // Each disc of a drive has a recorder of its own, so this one must close its files.
    await this.#file.close();
    return isSaved;
  }

  async #trySave(): Promise<boolean> {
    const domain = this.#domain;
    const isComplete = this.#takeIn();
    const { version } = domain;
    if (version === this.#savedVersion) return isComplete;
    const heading = {
      ...this.#about,
      startTime: this.#startTime,
      currentTime: new Date(),
    };
    try {
      await this.#file.replace(encodeMapfile(mapfileOf(domain.snapshot()), heading));
      this.#savedVersion = version;
      this.#failing = false;
      return isComplete;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (!this.#failing) {
        this.#observe({ event: "warning", message: error.message, hints: error.hints });
      }
      this.#failing = true;
      return false;
    }
  }
  /** Notes what clients have read. @returns false when the map had no room for all of it; it was said then. */
  #takeIn(): boolean {
    try {
      for (const { start, end } of this.touched.ranges()) this.#domain.set(start, end, FINISHED);
      return true;
    } catch (error) {
      if (!(error instanceof FileMapFullError)) throw error;
      if (!this.#isFull) {
        this.#observe({
          event: "warning",
          message: `there is no memory left to record all that clients read: ${error.message}`,
          hints: ["clients are served as before; the record has what it could hold"],
        });
      }
      this.#isFull = true;
      return false;
    }
  }
}
