// How much trimming and scraping read at once. They work where a larger read has failed, so they begin with
// single sectors: one failing read for each bad sector, and no more. But after an outage that nobody has noticed,
// or on a drive with a weak head, megabytes that have failed as a whole can be read after all, and single sectors
// take a hundred times as long. Pure.
//
// A larger read that fails costs one failing read more, and where each failure of copying had a bad sector as its
// reason it saves none. So the first growth waits for PROOF bytes that can be read in a row: a failed piece has a
// bad sector in it, hence two neighbouring ones have less than that between their bad sectors. After the proof the
// read doubles with every 16 good sectors, up to a cluster. A failure brings it back to one sector, and a sector
// that fails alone takes the proof back.
import { CLUSTER, LARGEST } from "./read_size.ts";

/** Good bytes in a row that show that a failed read had no bad sector in it. */
const PROOF = 2 * LARGEST;
/** Good sectors in a row that double the read, after the proof. */
const GROWTH_SECTORS = 16;

/** Chooses the length of the reads in areas that have failed as a whole. */
export class GrowingRead {
  readonly #sectorSize: number;
  /** Read in a row since the last failure, or the last growth, bytes. */
  #goodBytes = 0;
  #isProved = false;
  /** What is left of a longer read that has failed, bytes: it is read sector by sector. */
  #suspectBytes = 0;
  /** Longest read at the moment, bytes, whole sectors. */
  limit: number;

  constructor(sectorSize: number) {
    this.#sectorSize = sectorSize;
    this.limit = sectorSize;
  }

  /** What follows does not adjoin what was read: only good bytes of one run prove something. */
  leaveRun(): void {
    this.#suspectBytes = 0;
    if (!this.#isProved) this.#goodBytes = 0;
  }

  /** A read has brought `length` of the bytes it was to bring. */
  succeeded(length: number, wanted: number): void {
    // It has met the bad sector, which is the next one's to find.
    if (length < wanted) return this.#narrow(this.#sectorSize);
    this.#suspectBytes = Math.max(0, this.#suspectBytes - length);
    if (this.#suspectBytes > 0) return;
    this.#goodBytes += length;
    const enough = this.#isProved ? GROWTH_SECTORS * this.#sectorSize : PROOF;
    if (this.#goodBytes < enough) return;
    this.#isProved = true;
    this.#goodBytes = 0;
    this.limit = Math.min(2 * this.limit, Math.max(CLUSTER, this.#sectorSize));
  }

  /** A read of `length` bytes has failed. */
  failed(length: number): void {
    if (length <= this.#sectorSize) {
      this.#isProved = false;
      this.#narrow(0);
    } else {
      this.#narrow(length);
    }
  }

  #narrow(suspectBytes: number): void {
    this.limit = this.#sectorSize;
    this.#goodBytes = 0;
    this.#suspectBytes = suspectBytes;
  }
}
