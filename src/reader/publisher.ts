// The only code that makes bytes true: image first, then map; the caller then ends the requests, which
// rings the sessions. Reader thread only.
//
// A session answers from the image as soon as the map says `+`, so the map must never run ahead of it.
import type { Extent, FileMap } from "../map/file_map.ts";
import { FileMapFullError } from "../map/file_map.ts";
import { UnprovedMarks } from "../map/unproved_marks.ts";
import { BAD_SECTOR, FINISHED, MISSING, NON_TRIED } from "../map/statuses.ts";
import { READER_IMAGE_ERRNO, READER_IMAGE_ROOM } from "../shared/shared_state.ts";
import type { SharedState } from "../shared/shared_state.ts";
import { ENOSPC } from "../sys/errno.ts";
import { addressOf } from "../sys/memory.ts";
import { HeldBytes } from "./held_bytes.ts";
import type { ImageWriter } from "./image_writer.ts";

/** Milliseconds between attempts to write while the image does not take writes. */
export const IMAGE_RETRY_MS = 1000;
/** An image without room for so much is not read for: the largest piece of a fill. */
const LEAST_ROOM = 131_072;

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
  /** Bytes that the image could not take. */
  readonly held = new HeldBytes();
  /** Marks of failures that the device has not proved alive after. */
  readonly unproved: UnprovedMarks;
  readonly #extent: Extent = { end: 0, status: NON_TRIED };
  #nextTryMs = 0;
  #mapFull = false;

  constructor(
    map: FileMap,
    image: ImageWriter,
    state: SharedState,
    observer: PublisherObserver,
    unproved = new UnprovedMarks(UnprovedMarks.createMemory(), map),
  ) {
    this.unproved = unproved;
    this.#map = map;
    this.#image = image;
    this.#state = state;
    this.#observer = observer;
  }

  /**
   * Publishes device bytes [offset, offset + length) that lie at `address`.
   * @returns false when they could not be kept: the map does not claim them, and reads that wait for them
   *   must get them from memory. `held` has the bytes that the image did not take.
   */
  publish(address: number, offset: number, length: number): boolean {
    const end = offset + length;
    if (this.#write(address, offset, length)) {
      if (!this.held.isEmpty) this.held.drop(offset, end);
      return this.#markFinished(offset, end);
    }
    this.held.put(address, offset, length);
    this.#forgetBad(offset, end);
    return false;
  }

  #markFinished(start: number, end: number): boolean {
    if (this.#mark(start, end, FINISHED)) return true;
    this.#forgetBad(start, end);
    return false;
  }

  /**
   * Whether the image can take `length` bytes more, asked before a device read for its sake alone. While it
   * takes no writes it is tried once a second, with what is held.
   */
  mayKeep(length: number): boolean {
    if (!this.catchUp()) return false;
    if (this.#image.hasRoom(length)) return true;
    this.#failed(-ENOSPC);
    return false;
  }

  /** Writes the held bytes into the image, if it is time for that. @returns whether the image takes writes. */
  catchUp(): boolean {
    const { held } = this;
    if (!this.#state.imageSick && held.isEmpty) return true;
    if (this.#state.imageSick && performance.now() < this.#nextTryMs) return false;
    for (let piece = held.oldest(); piece !== undefined; piece = held.oldest()) {
      const { offset, bytes } = piece;
      if (!this.#write(addressOf(bytes), offset, bytes.length)) return false;
      held.drop(offset, offset + bytes.length);
      this.#markFinished(offset, offset + bytes.length);
    }
    if (!this.#state.imageSick) return true;
    if (this.#image.hasRoom(LEAST_ROOM)) this.#recovered();
    else this.#failed(-ENOSPC);
    return !this.#state.imageSick;
  }

  /** These sectors are readable but could not be stored: resets bad ones to non-tried. */
  #forgetBad(start: number, end: number): void {
    for (let at = start; at < end; at = this.#extent.end) {
      this.#map.extentAt(at, end, this.#extent);
      if (this.#extent.status === BAD_SECTOR) this.#mark(at, this.#extent.end, NON_TRIED);
    }
  }

  /**
   * Says how it stands with what is missing of [start, end). `+` and `-` stay: the one is never taken back,
   * and more than the other cannot be known. A map that is full stays as it is. After a failure that is not
   * proved yet, the mark can be taken back; where no more of those fit, none is made.
   */
  markMissing(start: number, end: number, status: number): void {
    for (let at = start; at < end; at = this.#extent.end) {
      this.#map.extentAt(at, end, this.#extent);
      const { status: before, end: extentEnd } = this.#extent;
      if (before === FINISHED || before === BAD_SECTOR || before === status) continue;
      if (!this.unproved.hasRoom) continue;
      this.unproved.note(at, extentEnd, before);
      this.#mark(at, extentEnd, status);
    }
  }

  /** A client writes to the device: the image's bytes of [start, end) do not count any more. */
  forget(start: number, end: number): void {
    this.held.drop(start, end);
    for (let at = start, extentEnd; at < end; at = extentEnd) {
      this.#map.extentAt(at, end, this.#extent);
      extentEnd = this.#extent.end;
      if (this.#extent.status !== FINISHED || this.#mark(at, extentEnd, NON_TRIED)) continue;
      // No room to cut the extent: all of it goes.
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
      this.#failed(result);
      return false;
    }
    if (sick) this.#recovered();
    return true;
  }

  /** The image does not take writes. @param error a negative errno. */
  #failed(error: number): void {
    const { readerCounters, imageSick } = this.#state;
    this.#nextTryMs = performance.now() + IMAGE_RETRY_MS;
    readerCounters[READER_IMAGE_ERRNO] = -error;
    readerCounters[READER_IMAGE_ROOM] = this.#image.room;
    if (imageSick) return;
    this.#state.imageSick = true;
    this.#observer.imageFailed(error);
  }

  #recovered(): void {
    this.#state.imageSick = false;
    this.#observer.imageRecovered();
  }
}
