// What a map says of a byte, and what a rescue is doing: the characters are GNU ddrescue's.
// Source: the chapter "Mapfile structure" of its manual.

/** One of the five block statuses below. */
export type Status = number;

/** Bytes [start, end) of one status. */
export interface StatusRange {
  readonly start: number;
  readonly end: number;
  readonly status: Status;
}

/** `?` not tried yet. */
export const NON_TRIED = 0;
/** `*` a read of several sectors failed; which of them are bad is not known. */
export const NON_TRIMMED = 1;
/** `/` trimmed: a failing read on either side of it, the inside not tried sector by sector. */
export const NON_SCRAPED = 2;
/** `-` a single sector that was tried alone and could not be read. */
export const BAD_SECTOR = 3;
/** `+` the image has the data. The only status that means data. */
export const FINISHED = 4;

export const STATUS_COUNT = 5;

const CHARACTERS = "?*/-+";

/** The character of a status in a mapfile. */
export function statusChar(status: Status): string {
  return CHARACTERS[status];
}

/** The status of a mapfile's block character, or -1 when it is none. */
export function statusOf(character: string): Status {
  return character.length === 1 ? CHARACTERS.indexOf(character) : -1;
}

/** The bit of a status in a mask of statuses. */
export function maskOf(status: Status): number {
  return 1 << status;
}

/** The statuses of bytes of which a read has failed. */
export const FAILED = maskOf(NON_TRIMMED) | maskOf(NON_SCRAPED) | maskOf(BAD_SECTOR);

/** The statuses of bytes that the image does not have. */
export const MISSING = (1 << STATUS_COUNT) - 1 & ~maskOf(FINISHED);

/**
 * What a rescue is doing, the `current_status` of a mapfile: `?` copying, `*` trimming, `%` sweeping (from
 * ddrescue 1.30), `/` scraping, `-` retrying, `F` filling, `G` generating, `+` finished.
 */
export type Phase = "?" | "*" | "%" | "/" | "-" | "F" | "G" | "+";

const PHASES = "?*%/-FG+";

export function isPhase(character: string): character is Phase {
  return character.length === 1 && PHASES.includes(character);
}
