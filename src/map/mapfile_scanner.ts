// Reads numbers and characters from the bytes of a mapfile, exactly as ddrescue's C library does, odd
// spellings included: the same file must get the same verdict. It never goes beyond the line's end.

const NEWLINE = 0x0a;
const SPACE = 0x20;
const PLUS = 0x2b;
const MINUS = 0x2d;
const ZERO = 0x30;
const LETTER_X = 0x78;

/** The largest number of ddrescue (INT64_MAX): larger ones are cut to it, smaller negative ones to INT64_MIN. */
const LARGEST = 2n ** 63n - 1n;

/** Value of a digit by its character code; 255: not a digit. */
const DIGITS = new Uint8Array(256).fill(255);
for (let digit = 0; digit < 16; digit++) {
  DIGITS[digit.toString(16).charCodeAt(0)] = digit;
  DIGITS[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/** A position in the bytes; the caller sees to it that it stands in a line. */
export class MapfileScanner {
  readonly #bytes: Uint8Array;
  /** Index of the next byte. */
  at = 0;
  /** The last number read, or the nearest safe integer when that cannot hold it. */
  value = 0;
  /** The last number read when `value` cannot hold it. */
  large: bigint | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  /** Skips white space. @returns the byte after it, NEWLINE at the end of the line and of the file. */
  skipBlanks(): number {
    const bytes = this.#bytes;
    let at = this.at;
    for (; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte !== SPACE && (byte < 0x09 || byte > 0x0d || byte === NEWLINE)) break;
    }
    this.at = at;
    return at < bytes.length ? bytes[at] : NEWLINE;
  }

  /** Moves behind the next newline. @returns the skipped text without the newline. */
  skipLine(): Uint8Array {
    const bytes = this.#bytes;
    const start = this.at;
    let at = start;
    while (at < bytes.length && bytes[at] !== NEWLINE) at++;
    this.at = at + 1;
    return bytes.subarray(start, at);
  }

  /** The next byte that is no white space, which is taken; NEWLINE, not taken, when there is none. */
  character(): number {
    const byte = this.skipBlanks();
    if (byte !== NEWLINE) this.at++;
    return byte;
  }

  /**
   * Reads a number into `value` as scanf's %lli does: sign, decimal, 0x (alone it is 0), leading-0 octal.
   * @returns false when there is none.
   */
  integer(): boolean {
    const first = this.#sign();
    const bytes = this.#bytes;
    if (bytes[this.at] !== ZERO) return this.#digits(first, 10);
    if ((bytes[this.at + 1] | 0x20) !== LETTER_X) return this.#digits(first, 8);
    this.at += 2;
    this.#digits(first, 16);
    return true;
  }

  /** Reads a number into `value` as scanf's %d does: sign, decimal, and only its low 32 bits are kept. */
  decimal(): boolean {
    if (!this.#digits(this.#sign(), 10)) return false;
    this.value = Number(BigInt.asIntN(32, this.large ?? BigInt(this.value)));
    return true;
  }

  /** Takes white space and a sign. @returns the sign's byte, or 0. */
  #sign(): number {
    const byte = this.skipBlanks();
    if (byte !== PLUS && byte !== MINUS) return 0;
    this.at++;
    return byte;
  }

  #digits(sign: number, base: number): boolean {
    const bytes = this.#bytes;
    const start = this.at;
    let at = start;
    let value = 0;
    while (at < bytes.length && DIGITS[bytes[at]] < base) {
      value = value * base + DIGITS[bytes[at++]];
    }
    this.at = at;
    this.large = undefined;
    if (value > Number.MAX_SAFE_INTEGER) {
      value = Number.MAX_SAFE_INTEGER;
      this.large = largeValue(bytes.subarray(start, at), base, sign === MINUS);
    }
    this.value = sign === MINUS ? 0 - value : value;
    return at > start;
  }
}

function largeValue(digits: Uint8Array, base: number, isNegative: boolean): bigint {
  let value = 0n;
  for (const digit of digits) {
    value = value * BigInt(base) + BigInt(DIGITS[digit]);
    if (value > LARGEST) return isNegative ? -LARGEST - 1n : LARGEST;
  }
  return isNegative ? -value : value;
}
