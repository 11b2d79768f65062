// The table of contents of an optical disc: where its tracks begin, and which of them hold data.
import {
  CDROM_DATA_TRACK,
  CDROM_LEADOUT,
  cdromReadTocEntry,
  cdromReadTocHeader,
} from "../sys/cdrom_ioctls.ts";
import { SystemError } from "../sys/system_error.ts";
import { OPTICAL_SECTOR_SIZE } from "../device/removable.ts";

/** One track. `start` is bytes of a data disc. */
export interface Track {
  readonly number: number;
  readonly isData: boolean;
  readonly start: number;
}

/** All tracks in order, and where the last one ends, bytes. */
export interface Toc {
  readonly tracks: readonly Track[];
  readonly end: number;
}

/** Asks an open drive; blocks. @returns undefined when it has no answer: no disc, no such command. */
export function readToc(fd: number): Toc | undefined {
  try {
    const { firstTrack, lastTrack } = cdromReadTocHeader(fd);
    const tracks: Track[] = [];
    for (let number = firstTrack; number <= lastTrack; number++) {
      const { control, startFrameIndex } = cdromReadTocEntry(fd, number);
      const isData = (control & CDROM_DATA_TRACK) !== 0;
      tracks.push({ number, isData, start: startFrameIndex * OPTICAL_SECTOR_SIZE });
    }
    const end = cdromReadTocEntry(fd, CDROM_LEADOUT).startFrameIndex * OPTICAL_SECTOR_SIZE;
    return tracks.length > 0 && end > 0 ? { tracks, end } : undefined;
  } catch (error) {
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}
