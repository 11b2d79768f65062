// Reads stretches of an image again from the device, and says of each whether it is as the image has it. The thread
// that opens the cache; blocks as reads of the device do.
import { alignUp } from "../base/ranges.ts";
import {
  FILE_SYSTEM_HEAD_BYTES,
  type FileSystemId,
  fileSystemId,
} from "../filesystems/file_system_id.ts";
import { FINGERPRINT_BYTES, sha1 } from "../identity/fingerprint.ts";
import type { Identity, Stretch } from "../identity/identity.ts";
import { DESCRIPTORS_OFFSET } from "../filesystems/iso9660.ts";
import { idIfBoth, volumeIds } from "../identity/identity_evidence.ts";
import { type Finding, headEnd, type IdWitness } from "../identity/medium_evidence.ts";
import { PartReader } from "../filesystems/part_reader.ts";
import { readPartitions } from "../filesystems/partitions.ts";
import { ENOUGH_PROOFS } from "../identity/medium_decision.ts";
import { type ReadBytes, readVolume, type Volume } from "../filesystems/volume.ts";
import {
  ntfsTableStart,
  rangeAround,
  type WrittenRange,
  writtenRanges,
} from "../identity/written_ranges.ts";
import type { FileMap } from "../map/file_map.ts";
import { FINISHED } from "../map/statuses.ts";
import { pread } from "../sys/fd.ts";
import { differingRanges, imageReader } from "./image_bytes.ts";
import { finishedBytes, longestFinished, wholeImage } from "./finished_areas.ts";
import { type IdentityReads, MAX_REREADS } from "./identity_reads.ts";
import { isTelling, type Sample, sampleStretches } from "../identity/sample_stretches.ts";

/** What is compared. Sizes are bytes. */
export interface Subject {
  /** What stands beside the image; undefined: nothing does. */
  readonly knownIdentity: Identity | undefined;
  /** What the device says without being read. */
  readonly now: Identity;
  /** Sizes that the image is known to go with; the newest last. */
  readonly sizes: readonly number[];
  readonly imageFd: number;
  readonly map: FileMap;
  readonly reads: IdentityReads;
}

/** Partitions whose first bytes are compared: what numbers they have is there. */
const MAX_COMPARED_PARTITIONS = 2;
/** Stretches with a meaning; the others are for content. */
const MAX_PLACES = 4;
/** So many stretches that differ, while none agrees, are enough to know. */
const HOPELESS = 3;
/**
 * If the image has hardly more than the head, which proves nothing, it is compared as a whole, in pieces of this length.
 * So a run that was interrupted early continues without a question, even if the disk tells no serial number.
 */
const HEAD_IMAGE_PIECE = 512 * 1024;

/** What begins somewhere on the device: the whole, or a partition. */
interface Base {
  readonly offset: number;
  /** As the image has it; zeros where it has not. */
  readonly known: Uint8Array;
  readonly ranges: readonly WrittenRange[];
}

/** One comparison of an image with a device. */
export class ImageDeviceComparison {
  readonly findings: Finding[] = [];
  readonly changed: Stretch[] = [];
  comparedBytes = 0;
  readonly #subject: Subject;
  readonly #bases: readonly Base[];
  readonly #knownVolume: Volume | null;
  readonly #accepted: { start: number; end: number }[] = [];
  readonly #fromImage: ReadBytes;

  constructor(subject: Subject) {
    this.#subject = subject;
    const { knownIdentity, now, sizes, map, imageFd } = subject;
    this.#fromImage = imageReader(map, imageFd);
    const isGrown = sizes.length > 0 && now.size > sizes.at(-1)!;
    const head = this.#knownHead(0);
    const reader = new PartReader(this.#fromImage, now.size);
    const starts = readPartitions(reader, now.sectorSize)?.partitions.map(({ start }) => start)
      .filter((start) => start > 0) ?? [];
    this.#bases = [0, ...starts.slice(0, MAX_COMPARED_PARTITIONS)].map((offset) => {
      const known = offset === 0 ? head : this.#knownHead(offset);
      return { offset, known, ranges: writtenRanges(known, offset, isGrown) };
    });
    this.#knownVolume = readVolume(this.#fromImage, now.sectorSize) ?? knownIdentity?.volume ??
      null;
  }

  run(): void {
    const { knownIdentity, reads, map } = this.#subject;
    const accepted =
      knownIdentity?.accepted.stretches.filter(({ offset, length }) =>
        offset + length <= map.size
      ) ?? [];
    for (const stretch of accepted) this.#compareAccepted(stretch);
    for (const sample of this.#samples(accepted)) {
      if (this.#isHopeless) break;
      // What was read for another image, or to choose this one, costs nothing.
      if (reads.mayReread(sample.offset, sample.bytes.length)) this.#compare(sample);
    }
  }

  /** The numbers that both sides show. */
  ids(): IdWitness[] {
    return [...this.#volumeIds(), ...this.#bases.flatMap((base) => this.#fileSystemIds(base))];
  }

  volume(): Volume | null {
    const { reads, now } = this.#subject;
    const read: ReadBytes = (offset, length) =>
      reads.recall(offset, length) ?? this.#fromImage(offset, length);
    return readVolume(read, now.sectorSize) ?? this.#knownVolume;
  }

  get #isHopeless(): boolean {
    const differing = this.findings.filter(({ result }) => result === "differs").length;
    return differing >= HOPELESS && !this.findings.some(({ result }) => result === "equal");
  }

  // --- what to compare --------------------------------------------------------------------------

  /** All that the image has, when that is little; else places with a meaning, then content. */
  #samples(accepted: readonly Stretch[]): Sample[] {
    const { map, imageFd, now } = this.#subject;
    const head = headEnd(now.size);
    const isHeadOnly =
      map.total(FINISHED) - finishedBytes(map, 0, head) < ENOUGH_PROOFS * FINGERPRINT_BYTES;
    const piece = isHeadOnly ? HEAD_IMAGE_PIECE : FINGERPRINT_BYTES;
    const all = accepted.length > 0
      ? undefined
      : wholeImage(map, MAX_REREADS, piece, FINGERPRINT_BYTES);
    const except = accepted.map(({ offset, length }) => ({ start: offset, end: offset + length }));
    if (all !== undefined) {
      return all.flatMap(({ start, end }) => this.#sampleAt(start, end) ?? []);
    }
    const places = this.#places().filter((sample) =>
      !except.some(({ start, end }) =>
        sample.offset < end && start < sample.offset + sample.bytes.length
      )
    );
    for (const { offset, bytes } of places) {
      except.push({ start: offset, end: offset + bytes.length });
    }
    const count = MAX_REREADS - accepted.length - places.length;
    // The head proves nothing: where there is enough behind it, all of it is that one place.
    except.push({ start: 0, end: isHeadOnly ? FINGERPRINT_BYTES : head });
    const { sectorSize } = now;
    return [...places, ...sampleStretches(map, imageFd, { count, sectorSize, except })];
  }

  /** The head, where partitions begin and what is written to whenever anything is, and the end. */
  #places(): Sample[] {
    const { map, now: { sectorSize } } = this.#subject;
    const starts = this.#bases.flatMap(({ offset, known }) => {
      const table = ntfsTableStart(known);
      return table === undefined ? [offset] : [offset, offset + table];
    });
    const places = starts.map((start) => ({ start, end: start + FILE_SYSTEM_HEAD_BYTES }));
    const end = alignUp(Math.max(0, map.size - FINGERPRINT_BYTES), sectorSize);
    places.push({ start: end, end: map.size });
    const samples: Sample[] = [];
    for (const place of places) {
      const longest = longestFinished(map, place.start, Math.min(place.end, map.size), sectorSize);
      if (longest === undefined || samples.length >= MAX_PLACES) continue;
      const isApart = samples.every(({ offset, bytes }) =>
        offset >= longest.end || longest.start >= offset + bytes.length
      );
      const sample = isApart ? this.#sampleAt(longest.start, longest.end) : undefined;
      if (sample !== undefined) samples.push(sample);
    }
    return samples;
  }

  #sampleAt(start: number, end: number): Sample | undefined {
    const bytes = new Uint8Array(end - start);
    if (pread(this.#subject.imageFd, bytes, start) !== bytes.length) return undefined;
    return { offset: start, bytes, isTelling: isTelling(bytes) };
  }

  // --- comparing --------------------------------------------------------------------------------

  /** A place where the device is known to differ from the image: it has to be as it was then. */
  #compareAccepted({ offset, length, sha1: known }: Stretch): void {
    const { reads } = this.#subject;
    if (!reads.mayReread(offset, length)) return;
    const bytes = reads.reread(offset, length);
    const isEqual = bytes?.length === length && sha1(bytes) === known;
    if (isEqual) {
      this.#accepted.push({ start: offset, end: offset + length });
      this.changed.push({ offset, length, sha1: known });
    }
    // One that was written to once more is looked at again beside the image, as if it had never been accepted.
    const sample = isEqual ? undefined : this.#sampleAt(offset, offset + length);
    if (sample !== undefined) this.#judge(sample, bytes);
    else this.#found(offset, length, isEqual ? "accepted" : "unreadable", false);
  }

  #compare(sample: Sample): void {
    this.#judge(sample, this.#subject.reads.reread(sample.offset, sample.bytes.length));
  }

  #judge(sample: Sample, now: Uint8Array | undefined): void {
    const { offset, bytes, isTelling } = sample;
    if (now === undefined || now.length < bytes.length) {
      return this.#found(offset, bytes.length, "unreadable", isTelling);
    }
    const differences = differingRanges(bytes, now, offset);
    if (differences.length === 0) {
      this.comparedBytes += bytes.length;
      return this.#found(offset, bytes.length, "equal", isTelling);
    }
    this.changed.push({ offset, length: bytes.length, sha1: sha1(now) });
    const what = this.#explanation(differences);
    this.#found(
      offset,
      bytes.length,
      what === undefined ? "differs" : "explained",
      isTelling,
      what,
    );
  }

  #found(
    offset: number,
    length: number,
    result: Finding["result"],
    isTelling: boolean,
    what?: string,
  ): void {
    const { size } = this.#subject.now;
    const volume = this.#knownVolume;
    const isReadOnly = volume?.kind === "iso9660" && offset + length > DESCRIPTORS_OFFSET &&
      offset < (volume.size ?? 0);
    const isHead = offset < headEnd(size);
    this.findings.push({ offset, length, result, isTelling, isHead, what, isReadOnly });
  }

  /** What all the differences are explained by, or undefined. */
  #explanation(differences: readonly { start: number; end: number }[]): string | undefined {
    const ranges = this.#bases.filter((base) => this.#isSameKind(base))
      .flatMap(({ ranges }) => ranges);
    const found = differences.map(({ start, end }) => rangeAround(ranges, start, end)?.what);
    return found.includes(undefined) ? undefined : found[0];
  }

  /** False where the device is known to have something else by now: nothing explains that. */
  #isSameKind({ offset, known }: Base): boolean {
    const now = this.#subject.reads.recall(offset, known.length);
    return now === undefined || fileSystemId(now)?.kind === fileSystemId(known)?.kind;
  }

  // --- numbers ----------------------------------------------------------------------------------

  #volumeIds(): IdWitness[] {
    if (this.#isAccepted(0)) return [];
    const { reads, now } = this.#subject;
    return volumeIds(this.#knownVolume, readVolume(reads.recall, now.sectorSize));
  }

  #fileSystemIds({ offset, known }: Base): IdWitness[] {
    const bytes = this.#subject.reads.recall(offset, known.length);
    const one = fileSystemId(known);
    const other = bytes && fileSystemId(bytes);
    if (one === undefined || other === undefined || one.kind !== other.kind) return [];
    if (this.#isAccepted(offset)) return [];
    const what = one.kind === "RAID member" ? "RAID member number" : nameOf(one, offset);
    return idIfBoth(what, one.id, other.id, one.kind === "RAID member");
  }

  /** The user has gone on with another number in this place. */
  #isAccepted(offset: number): boolean {
    return this.#accepted.some(({ start, end }) => start <= offset && offset < end);
  }

  // --- the image --------------------------------------------------------------------------------

  /** What the image has of the first bytes at `offset`; zeros where it has nothing. */
  #knownHead(offset: number): Uint8Array {
    const { map, imageFd } = this.#subject;
    const bytes = new Uint8Array(Math.max(0, Math.min(FILE_SYSTEM_HEAD_BYTES, map.size - offset)));
    for (const { start, end, status } of map.ranges(offset, offset + bytes.length)) {
      if (status === FINISHED) pread(imageFd, bytes.subarray(start - offset, end - offset), start);
    }
    return bytes;
  }
}

function nameOf({ kind }: FileSystemId, offset: number): string {
  return offset === 0 ? `${kind} id` : `${kind} id at ${offset}`;
}
