// The device as the reader reads it: by io_uring or pread(2), past the caches of the system where that is asked for,
// and opened again when it has gone and come back. Reader thread; wiring only.
import { alignDown, alignUp } from "../base/ranges.ts";
import { Reopening } from "../opening/reopening.ts";
import { readCelsius } from "../device/thermometer.ts";
import type { MediumGuard } from "../device/medium_guard.ts";
import type { Warn } from "../opening/open_medium.ts";
import type { FileMap } from "../map/file_map.ts";
import type { ReadableDevice } from "../reader/reader_parts.ts";
import { closeFd, copyMemory, isDirect, openFile, tryPread } from "../sys/fd.ts";
import type { UringReader } from "../sys/io_uring.ts";
import { NativeMemory } from "../sys/memory.ts";
import { O_DIRECT, O_RDONLY } from "../sys/open_flags.ts";
import { SystemError } from "../sys/system_error.ts";
import type { ReaderInit } from "./reader_init.ts";

/** What every file system takes for O_DIRECT. */
const DIRECT_ALIGNMENT = 4096;

/**
 * The device as the reader reads it: by io_uring or pread(2), and opened again after it has come
 * back. Reader thread only.
 */
export class OpenReadableDevice implements ReadableDevice, Disposable {
  readonly size: number;
  readonly sectorSize: number;
  readonly isDrive: boolean;
  readonly isCached: boolean;
  readonly isSameMedium: () => boolean;
  readonly looksTheSame: (() => boolean) | undefined;
  readonly #tryPread: typeof tryPread;
  readonly #fd: number;
  /** Undefined: it cannot be opened again. */
  readonly #reopening: Reopening | undefined;
  /** For checks of a source that is read through the page cache; -1: it has no other way. */
  #directFd = -1;
  #scratch: NativeMemory | undefined;

  constructor(
    { medium, isOffline, writing, path }: ReaderInit,
    guard: MediumGuard | undefined,
    ring: UringReader | undefined,
    map: FileMap,
    warn: Warn,
  ) {
    const deviceFd = isOffline ? -1 : medium.deviceFd;
    this.#fd = deviceFd;
    this.size = medium.size;
    this.sectorSize = medium.sectorSize;
    this.isDrive = guard !== undefined;
    this.isSameMedium = guard === undefined ? () => true : () => guard.isSame();
    this.looksTheSame = guard?.isCertain === false ? () => guard.looksTheSame() : undefined;
    this.#tryPread = ring === undefined ? tryPread : (...args) => ring.tryPread(...args);
    this.isCached = deviceFd >= 0 && !isDirect(deviceFd);
    if (this.isCached) this.#directFd = openDirect(deviceFd);
    // Another drive's medium is another run's. What clients write goes to the descriptor that was claimed.
    const mayReturn = guard === undefined && writing === undefined;
    if (deviceFd >= 0 && medium.blockDevice && mayReturn) {
      this.#reopening = new Reopening({ path, medium, map, warn, tryPread: this.#tryPread });
    }
  }

  /** By which path it is open now; undefined: by the one that the user has named. */
  get path(): string | undefined {
    return this.#reopening?.path;
  }

  /** Degrees Celsius; undefined: it does not tell. */
  get celsius(): number | undefined {
    return this.#fd < 0 ? undefined : readCelsius(this.#fd, this.#tryPread);
  }

  read(address: number, length: number, offset: number): number {
    return this.#tryPread(this.#fd, address, length, offset);
  }

  readPastCaches(address: number, length: number, offset: number): number {
    if (this.#directFd < 0) return this.read(address, length, offset);
    const start = alignDown(offset, DIRECT_ALIGNMENT);
    const wanted = alignUp(offset + length - start, DIRECT_ALIGNMENT);
    const scratch = this.#scratch ??= NativeMemory.allocate(
      alignUp(this.sectorSize, DIRECT_ALIGNMENT) + DIRECT_ALIGNMENT,
    );
    const count = this.#tryPread(this.#directFd, scratch.address, wanted, start);
    if (count < 0) return count;
    const good = Math.min(length, Math.max(0, count - (offset - start)));
    copyMemory(address, scratch.address + offset - start, good);
    return good;
  }

  reopen(isStuck: boolean): void {
    this.#reopening?.attempt(isStuck);
  }

  [Symbol.dispose](): void {
    if (this.#directFd >= 0) closeFd(this.#directFd);
    this.#scratch?.release();
  }
}

/** @returns -1 where the file system has no O_DIRECT: bytes may come from the page cache then. */
function openDirect(fd: number): number {
  try {
    return openFile(`/proc/self/fd/${fd}`, O_RDONLY | O_DIRECT);
  } catch (error) {
    if (error instanceof SystemError) return -1;
    throw error;
  }
}
