// Compares bytes of the device with those of the image. Reader thread only.
import { alignDown } from "../base/ranges.ts";
import { pread } from "../sys/fd.ts";

/** Of one image. */
export class ImageComparison {
  readonly #imageFd: number;
  #bytes = new Uint8Array(0);

  constructor(imageFd: number) {
    this.#imageFd = imageFd;
  }

  /**
   * Where `bytes`, which belong at `offset`, first differ from the image.
   * @returns an offset of the device, or -1 when they are the same.
   * @throws {SystemError} when the image cannot be read.
   */
  firstDifference(bytes: Uint8Array<ArrayBuffer>, offset: number): number {
    if (this.#bytes.length < bytes.length) this.#bytes = new Uint8Array(bytes.length);
    const known = this.#bytes.subarray(0, bytes.length);
    const count = pread(this.#imageFd, known, offset);
    const words = alignDown(count, 4) / 4;
    const one = new Int32Array(known.buffer, 0, words);
    const other = new Int32Array(bytes.buffer, bytes.byteOffset, words);
    let at = 0;
    while (at < words && one[at] === other[at]) at++;
    for (at *= 4; at < count; at++) if (known[at] !== bytes[at]) return offset + at;
    return count < bytes.length ? offset + count : -1;
  }
}
