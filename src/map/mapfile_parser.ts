// Reads a GNU ddrescue mapfile. The grammar, as ddrescue 1.27 and 1.30 have it:
//
//   file        = { comment | blank } [ status-line { comment | blank | block-line } ]
//   comment     = '#' ... ; first on its line, white space aside
//   status-line = int phase [ pass ]     phase: ? * % / - F G +    pass: decimal, 1 if there is none
//   block-line  = int int status         status: ? * / - +
//   int         = as in C: decimal, 0x or leading-0 octal; not negative
//
// White space between them may be missing where nothing is ambiguous; what follows on the line does not
// matter. Blocks ascend and touch; loose ones (ddrescue's --loose-domain) may leave gaps, stand in any order,
// and overlap those of the same status. Only a block at 0 may have the size 0. The first may begin above 0.
//
// Positions are numbers here, so a block's bytes from 2^53 - 1 on are cut off; `exactEnds` tells of it.

import { LooseBlocks } from "./loose_blocks.ts";
import type { Mapfile } from "./mapfile.ts";
import { MapfileComments } from "./mapfile_comments.ts";
import { MapfileError } from "./mapfile_error.ts";
import { MapfileScanner } from "./mapfile_scanner.ts";
import { FINISHED, isPhase, type Phase, type Status, statusOf } from "./statuses.ts";

const NEWLINE = 0x0a;
const HASH = 0x23;
/** The shortest block line is `0+1+` and its end. */
const SHORTEST_BLOCK_LINE = 5;
const LARGEST = 2n ** 63n - 1n;

/** Status by its character code; 255: not a status. */
const STATUS_OF_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => {
  const status = statusOf(String.fromCharCode(byte));
  return status < 0 ? 255 : status;
});

/** How to read one. */
export interface ParseOptions {
  /** Gaps count as not tried, and blocks may stand in any order. */
  readonly isLoose?: boolean;
}

/**
 * Reads a mapfile; an empty one is fine and has no blocks.
 * @param content its bytes, or its text if nothing was left out (a byte order mark is refused).
 * @param path for messages.
 * @throws {MapfileError} where ddrescue refuses it too.
 */
export function parseMapfile(
  content: string | Uint8Array,
  path: string,
  { isLoose = false }: ParseOptions = {},
): Mapfile {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return new MapfileParser(bytes, path, isLoose).parse();
}

class MapfileParser {
  readonly #path: string;
  /** Undefined: blocks must ascend and touch. */
  readonly #loose: LooseBlocks | undefined;
  readonly #scanner: MapfileScanner;
  readonly #comments = new MapfileComments();
  readonly #positions: Float64Array;
  readonly #statuses: Uint8Array;
  #line = 0;
  #count = 0;
  #hasBlock = false;
  /** End of the last block, and the same when a number cannot hold it. */
  #end = 0;
  #largeEnd: bigint | undefined;
  /** Farthest end of all blocks and of the finished ones, if a number cannot hold it. */
  #largestEnd: bigint | undefined;
  #largestFinishedEnd: bigint | undefined;
  #finishedEnd = 0;
  #position = 0;
  #phase: Phase = "?";
  #pass = 1;

  constructor(bytes: Uint8Array, path: string, isLoose: boolean) {
    this.#path = path;
    this.#scanner = new MapfileScanner(bytes);
    // Generous, but untouched memory costs nothing.
    const mostBlocks = Math.ceil(bytes.length / SHORTEST_BLOCK_LINE);
    this.#loose = isLoose ? new LooseBlocks(mostBlocks) : undefined;
    // A gap before each.
    const mostExtents = isLoose ? 2 * mostBlocks : mostBlocks;
    this.#positions = new Float64Array(mostExtents);
    this.#statuses = new Uint8Array(mostExtents);
  }

  parse(): Mapfile {
    const scanner = this.#scanner;
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    let hasStatus = false;
    while (!scanner.atEnd) {
      this.#line++;
      const first = scanner.skipBlanks();
      if (first === HASH) {
        this.#comments.add(decoder.decode(scanner.skipLine()));
        continue;
      }
      if (first !== NEWLINE) {
        if (hasStatus) this.#blockLine();
        else this.#statusLine();
        hasStatus = true;
      }
      scanner.skipLine();
    }
    const extents = this.#loose?.inOrder((line) => {
      this.#line = line;
      this.#fail("the block overlaps one of another status");
    });
    for (const { start, end, status } of extents ?? []) this.#add(start, end, status);
    return {
      positions: this.#positions.slice(0, this.#count),
      statuses: this.#statuses.slice(0, this.#count),
      size: this.#count === 0 ? 0 : this.#end,
      position: this.#position,
      phase: this.#phase,
      pass: this.#pass,
      comments: this.#comments.comments,
      settings: this.#comments.settings,
      ...this.#largestEnd !== undefined && {
        exactEnds: {
          size: this.#largestEnd,
          finished: this.#largestFinishedEnd ?? BigInt(this.#finishedEnd),
        },
      },
    };
  }

  #statusLine(): void {
    const scanner = this.#scanner;
    if (!scanner.integer()) this.#fail("expected the status line: position, phase and pass");
    if (scanner.value < 0) this.#fail("the current position is negative");
    this.#position = scanner.value;
    const phase = String.fromCharCode(scanner.character());
    if (!isPhase(phase)) {
      if (this.#isBlock(phase)) {
        this.#fail(
          "there is no status line (position, phase and pass) before the first block",
          'put the line "0x0 ? 1" before it',
        );
      }
      this.#fail("the current status must be one of ? * % / - F G +");
    }
    this.#phase = phase;
    if (!scanner.decimal()) return;
    if (scanner.value < 1) this.#fail("the current pass must be 1 or more");
    this.#pass = scanner.value;
  }

  /** Whether the status line, up to the first character of what should be a phase, is a block line. */
  #isBlock(first: string): boolean {
    const scanner = this.#scanner;
    if (!/\d/.test(first)) return false;
    scanner.at--;
    return scanner.integer() && STATUS_OF_BYTE[scanner.character()] !== 255;
  }

  #blockLine(): void {
    const scanner = this.#scanner;
    if (!scanner.integer()) this.#fail("expected a block: position, size and status");
    const start = scanner.value;
    const largeStart = scanner.large;
    if (!scanner.integer()) this.#fail("expected a block: position, size and status");
    const size = scanner.value;
    const status = STATUS_OF_BYTE[scanner.character()];
    if (status === 255) this.#fail("the status of a block must be one of ? * / - +");
    if (start < 0 || size < 0) this.#fail("a block has a negative position or size");
    if (size === 0 && start !== 0) this.#fail("only a block at position 0 may have the size 0");
    const end = Math.min(start + size, Number.MAX_SAFE_INTEGER);
    if (this.#loose !== undefined) {
      this.#loose.add(start, end, status, this.#line);
    } else if (this.#hasBlock && !this.#touches(start, largeStart)) {
      this.#fail(
        "the blocks do not touch: each must begin where the one before it ends",
        "as a domain it is accepted with --loose-domain",
      );
    } else {
      this.#add(start, end, status);
    }
    this.#hasBlock = true;
    const isLarge = largeStart !== undefined || scanner.large !== undefined ||
      start + size > Number.MAX_SAFE_INTEGER;
    this.#largeEnd = isLarge
      ? smaller((largeStart ?? BigInt(start)) + (scanner.large ?? BigInt(size)), LARGEST)
      : undefined;
    if (this.#largeEnd !== undefined) this.#noteLargeEnd(this.#largeEnd, status);
    else if (status === FINISHED) this.#finishedEnd = Math.max(this.#finishedEnd, end);
  }

  #noteLargeEnd(end: bigint, status: Status): void {
    this.#largestEnd = larger(this.#largestEnd, end);
    if (status === FINISHED) this.#largestFinishedEnd = larger(this.#largestFinishedEnd, end);
  }

  #touches(start: number, largeStart: bigint | undefined): boolean {
    if (largeStart === undefined && this.#largeEnd === undefined) return start === this.#end;
    return (largeStart ?? BigInt(start)) === (this.#largeEnd ?? BigInt(this.#end));
  }

  #add(start: number, end: number, status: Status): void {
    this.#end = end;
    if (start === end || this.#count > 0 && this.#statuses[this.#count - 1] === status) return;
    this.#positions[this.#count] = start;
    this.#statuses[this.#count] = status;
    this.#count++;
  }

  #fail(
    sentence: string,
    hint = "name a mapfile that ddrescue or blkcache has written, or put that line right",
  ): never {
    throw new MapfileError(this.#path, this.#line, sentence, { hints: [hint] });
  }
}

function larger(left: bigint | undefined, right: bigint): bigint {
  return left !== undefined && left > right ? left : right;
}

function smaller(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}
