// What drive, file system and table of contents say about the size of an optical disc. They often differ,
// and a rescue that ends with two unreadable sectors need not have lost anything. Pure.
import { printable } from "../base/printable.ts";
import { MediumRefused } from "../device/medium_errors.ts";
import type { Toc, Track } from "./toc.ts";
import type { Volume } from "../filesystems/volume.ts";

/**
 * The longest run-out, bytes. A disc that was written track at once ends with 2 sectors that cannot be read
 * and hold nothing; up to 150 sectors (two seconds) of padding may lie before them.
 */
export const MAX_RUN_OUT = 152 * 2048;

/** Where the data of a disc end, bytes. */
export interface DiscLayout {
  /** As the drive says it: what can be asked for. */
  readonly size: number;
  /** End of the file system; null when there is none that is known. */
  readonly fileSystemEnd: number | null;
  /** From here to the end of the disc there is no data, only what may be unreadable run-out. */
  readonly runOutStart: number;
  /** Remarks for the user, whole sentences. */
  readonly remarks: readonly string[];
}

/** Of a medium that is no disc: all of it is data. */
export function plainLayout(size: number): DiscLayout {
  return { size, fileSystemEnd: null, runOutStart: size, remarks: [] };
}

/** @param sectorSize of the drive, bytes: the end of the file system is rounded up to a sector. */
export function discLayout(
  size: number,
  sectorSize: number,
  volume: Volume | null,
  toc: Toc | undefined,
): DiscLayout {
  const volumeEnd = Math.ceil((volume?.size ?? 0) / sectorSize) * sectorSize;
  const inside = volumeEnd > 0 && volumeEnd < size;
  // What is far behind the file system may be another session: no run-out, unless it is at the very end.
  const isRunOut = inside && size - volumeEnd <= MAX_RUN_OUT;
  return {
    size,
    fileSystemEnd: volumeEnd > 0 ? Math.min(volumeEnd, size) : null,
    runOutStart: isRunOut ? volumeEnd : size,
    remarks: [...sizeRemarks(size, volume, toc), ...audioRemarks(toc)],
  };
}

/** @throws {MediumRefused} when a disc holds nothing but sound. */
export function refuseAudioDisc(devicePath: string, toc: Toc | undefined): void {
  if (toc === undefined || toc.tracks.some(({ isData }) => isData)) return;
  throw new MediumRefused(
    `the disc in "${printable(devicePath)}" has ${
      plural(toc.tracks.length, "audio track")
    } and no data`,
    { hints: ["audio is read by other programs: cdparanoia -B, or cdrdao read-cd"] },
  );
}

function sizeRemarks(size: number, volume: Volume | null, toc: Toc | undefined): string[] {
  const sizes: [who: string, size: number | null | undefined][] = [
    ["the drive", size],
    ["the file system", volume?.size],
    ["the table of contents", toc?.end],
  ];
  const known = sizes.filter((entry): entry is [string, number] => entry[1] != null);
  if (new Set(known.map(([, bytes]) => bytes)).size < 2) return [];
  const texts = known.map(([who, bytes]) => `${who} ${bytes}`);
  return [`the sizes of the disc differ, in bytes: ${texts.join(", ")}`];
}

function audioRemarks(toc: Toc | undefined): string[] {
  const audio = toc?.tracks.filter(({ isData }) => !isData) ?? [];
  if (audio.length === 0) return [];
  const one = audio.length === 1;
  return [
    `${one ? "track" : "tracks"} ${ranges(audio)} of the disc ${one ? "is" : "are"} audio: ` +
    `reading there gives errors, only data tracks can be had`,
  ];
}

/** "2-5, 7" */
function ranges(tracks: readonly Track[]): string {
  const texts: string[] = [];
  for (let index = 0; index < tracks.length; index++) {
    const first = tracks[index]!.number;
    while (tracks[index + 1]?.number === tracks[index]!.number + 1) index++;
    const last = tracks[index]!.number;
    texts.push(first === last ? `${first}` : `${first}-${last}`);
  }
  return texts.join(", ");
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
