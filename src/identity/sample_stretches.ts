// Stretches of what an image has, spread over the device, to be read from the device once more: to find out
// whether it is still the same medium, and whether a device that fails everywhere is alive at all. Reads the
// image and the map only. Any thread; blocks as reads of the image do.
import { alignDown, alignUp } from "../base/ranges.ts";
import type { FileMap } from "../map/file_map.ts";
import { FINISHED, maskOf } from "../map/statuses.ts";
import { pread } from "../sys/fd.ts";

/** Bytes of the image that the device should still have. */
export interface Sample {
  /** Bytes from the start of the device. */
  readonly offset: number;
  /** The image's bytes there. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** False for content that many media share: equal bytes, or nearly. */
  readonly isTelling: boolean;
}

/** How to choose. Sizes are bytes. */
export interface SampleOptions {
  /** At most this many. */
  readonly count: number;
  /** Of the device: no sample begins or ends inside a sector. */
  readonly sectorSize: number;
  /** Longest sample; default 64 KiB, the piece that a fill reads. */
  readonly length?: number | undefined;
  /** No sample touches these. */
  readonly except?: readonly { readonly start: number; readonly end: number }[] | undefined;
}

const DEFAULT_LENGTH = 65_536;
/** Samples begin and end on this where the finished extent allows it: no sector that Linux knows is larger. */
const UNIT = 4096;
/** Places that are looked at first, and when those do not tell enough: each costs a read of the image. */
const LOOKS = [64, 256] as const;
/** So many of the samples have such content, where there is any. */
const TELLING_SHARE = 3 / 4;
/** Content is told apart by at least this many different words of 8 bytes: a boot sector has fewer. */
const TELLING_WORDS = 64;

/**
 * Chooses up to `count` stretches that are finished throughout, evenly over all finished bytes. Most of them
 * are stretches that tell media apart. Sorted by offset; they do not overlap.
 */
export function sampleStretches(map: FileMap, imageFd: number, options: SampleOptions): Sample[] {
  const { count } = options;
  let telling: Sample[] = [];
  let blank: Sample[] = [];
  for (const looks of LOOKS) {
    telling = [];
    blank = [];
    for (const sample of candidates(map, imageFd, looks, options)) {
      (sample.isTelling ? telling : blank).push(sample);
    }
    if (telling.length >= count) break;
  }
  // Where the image is blank, a medium that was copied from the same one may have files.
  const most = blank.length === 0 ? count : Math.ceil(count * TELLING_SHARE);
  const fromBlank = spread(blank, count - Math.min(most, telling.length));
  return [...spread(telling, count - fromBlank.length), ...fromBlank]
    .sort((one, other) => one.offset - other.offset);
}

/** The device's bytes for a sample; undefined when they could not be read. */
export function isSampleEqual(sample: Sample, bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && bytes.length === sample.bytes.length &&
    bytes.every((byte, index) => byte === sample.bytes[index]);
}

/** True for bytes that hardly another medium has at this place. */
export function isTelling(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const words = new Set<bigint>();
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    words.add(view.getBigUint64(at));
    if (words.size >= TELLING_WORDS) return true;
  }
  return false;
}

function* candidates(
  map: FileMap,
  image: number,
  looks: number,
  options: SampleOptions,
): Generator<Sample> {
  const { except = [] } = options;
  let end = 0;
  for (const stretch of stretches(map, looks, options)) {
    if (stretch.start < end || except.some((range) => touches(range, stretch))) continue;
    const bytes = new Uint8Array(stretch.end - stretch.start);
    // An image that was cut short has less than its map says.
    if (pread(image, bytes, stretch.start) !== bytes.length) continue;
    end = stretch.end;
    yield { offset: stretch.start, bytes, isTelling: isTelling(bytes) };
  }
}

/** Finished stretches around bytes that lie evenly among all finished bytes, in order. They may overlap. */
function* stretches(
  map: FileMap,
  looks: number,
  { sectorSize, length = DEFAULT_LENGTH }: SampleOptions,
): Generator<{ start: number; end: number }> {
  const total = map.total(FINISHED);
  let look = 0;
  let before = 0;
  for (const extent of finishedExtents(map)) {
    const extentBytes = extent.end - extent.start;
    const unit = extentBytes >= 2 * UNIT ? Math.max(UNIT, sectorSize) : sectorSize;
    const start = alignUp(extent.start, unit);
    const end = extent.end === map.size ? extent.end : alignDown(extent.end, unit);
    for (; look < looks; look++) {
      const target = (look / looks) * total - before;
      if (target >= extentBytes) break;
      // A look in front of the end gets a whole stretch as well.
      const from = Math.min(
        alignDown(extent.start + Math.floor(target), unit),
        alignDown(end - 1, unit),
      );
      const whole = Math.max(start, Math.min(from, alignUp(Math.max(0, end - length), unit)));
      if (whole < end) yield { start: whole, end: Math.min(end, whole + length) };
    }
    before += extentBytes;
  }
}

function* finishedExtents(map: FileMap): Generator<{ start: number; end: number }> {
  const mask = maskOf(FINISHED);
  const extent = { end: 0, status: FINISHED };
  for (let at = 0; at < map.size; at = extent.end) {
    const start = map.find(at, map.size, mask);
    if (start < 0) return;
    map.extentAt(start, map.size, extent);
    yield { start, end: extent.end };
  }
}

function spread(samples: readonly Sample[], count: number): Sample[] {
  if (samples.length <= count) return [...samples];
  return Array.from(
    { length: count },
    (_, index) => samples[Math.floor(((index + 0.5) * samples.length) / count)]!,
  );
}

function touches(
  one: { readonly start: number; readonly end: number },
  other: { readonly start: number; readonly end: number },
): boolean {
  return one.start < other.end && other.start < one.end;
}
