// The one place where bytes become true: image first, then map; the caller then ends the requests, which
// rings the sessions. Reader thread only.
//
// A session answers from the image as soon as the map says `+`, so the map must never run ahead of it.
import type { FileMap, Run } from "../map/file_map.ts";
import { FileMapFullError } from "../map/file_map.ts";
import { BAD_SECTOR, FINISHED, maskOf, NON_TRIED, STATUS_COUNT } from "../map/statuses.ts";
import type { SharedState } from "../shared/shared_state.ts";
import type { ImageWriter } from "./image_writer.ts";

/** Mask of the statuses whose bytes the image does not have. */
export const MISSING = (1 << STATUS_COUNT) - 1 & ~maskOf(FINISHED);

/** Milliseconds between attempts to write while the image does not take writes. */
const IMAGE_RETRY_MS = 1000;

/** Tells what goes wrong on our side, and when it is over. */
export interface PublisherObserver {
  /** The image did not take a write: a negative errno. Called once for each spell of trouble. */
  imageFailed(errno: number): void;
  imageRecovered(): void;
  /** The map has no room for further transitions. Called once. */
  mapFull(): void;
}

/** Moves good bytes into image and map. */
export class Publisher {
  readonly #map: FileMap;
  readonly #image: ImageWriter;
  readonly #state: SharedState;
  readonly #observer: PublisherObserver;
  readonly #run: Run = { end: 0, status: NON_TRIED };
  #nextTryMs = 0;
  #mapFull = false;

  constructor(map: FileMap, image: ImageWriter, state: SharedState, observer: PublisherObserver) {
    this.#map = map;
    this.#image = image;
    this.#state = state;
    this.#observer = observer;
  }

  /**
   * Publishes device bytes [offset, offset + length) that lie at `address`.
   * @returns false when they could not be kept: the map does not claim them, and whoever waits for them
   *   must get them from memory.
   */
  publish(address: number, offset: number, length: number): boolean {
    const end = offset + length;
    if (this.#write(address, offset, length) && this.#mark(offset, end, FINISHED)) return true;
    this.#forgetBad(offset, end);
    return false;
  }

  /** What the map calls bad here can be read after all, it is only not kept: it may be tried again. */
  #forgetBad(start: number, end: number): void {
    for (let at = start; at < end; at = this.#run.end) {
      this.#map.run(at, end, this.#run);
      if (this.#run.status === BAD_SECTOR) this.#mark(at, this.#run.end, NON_TRIED);
    }
  }

  /**
   * Says how it stands with what is missing of [start, end). `+` and `-` stay: the one is never taken back,
   * and more than the other cannot be known. A map that is full stays as it is.
   */
  markMissing(start: number, end: number, status: number): void {
    for (let at = start; at < end; at = this.#run.end) {
      this.#map.run(at, end, this.#run);
      if (this.#run.status === FINISHED || this.#run.status === BAD_SECTOR) continue;
      this.#mark(at, this.#run.end, status);
    }
  }

  /** Somebody writes to the device: what the image has of [start, end) is not to be relied upon any more. */
  forget(start: number, end: number): void {
    for (let at = start, runEnd; at < end; at = runEnd) {
      this.#map.run(at, end, this.#run);
      runEnd = this.#run.end;
      if (this.#run.status !== FINISHED || this.#mark(at, runEnd, NON_TRIED)) continue;
      // No room to cut the run: all of it goes.
      const before = this.#map.findBackward(at, 0, MISSING);
      const behind = this.#map.find(at, this.#map.size, MISSING);
      this.#mark(Math.max(0, before), behind < 0 ? this.#map.size : behind, NON_TRIED);
    }
  }

  /** @returns false when the map is full; it is unchanged then. */
  #mark(start: number, end: number, status: number): boolean {
    try {
      this.#map.set(start, end, status);
      return true;
    } catch (error) {
      if (!(error instanceof FileMapFullError)) throw error;
      if (!this.#mapFull) this.#observer.mapFull();
      this.#mapFull = true;
      return false;
    }
  }

  #write(address: number, offset: number, length: number): boolean {
    const sick = this.#state.imageSick;
    if (sick && performance.now() < this.#nextTryMs) return false;
    const result = this.#image.write(address, offset, length);
    if (result < 0) {
      this.#nextTryMs = performance.now() + IMAGE_RETRY_MS;
      if (!sick) {
        this.#state.imageSick = true;
        this.#observer.imageFailed(result);
      }
      return false;
    }
    if (sick) {
      this.#state.imageSick = false;
      this.#observer.imageRecovered();
    }
    return true;
  }
}
