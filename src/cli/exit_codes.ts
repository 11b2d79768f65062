// What the program's exit code means. Scripts rely on it: changed only on purpose.

/** Everything that was asked for was done. */
export const EXIT_DONE = 0;
/** Something failed; the message says what. */
export const EXIT_FAILURE = 1;
/** The command line was wrong; nothing was touched. */
export const EXIT_USAGE = 2;
/** Finished, but some areas of the device could not be read. */
export const EXIT_UNREADABLE = 3;

/** Code and meaning, in order, for the help screen. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT_DONE, "done"],
  [EXIT_FAILURE, "failure"],
  [EXIT_USAGE, "wrong usage, nothing was touched"],
  [EXIT_UNREADABLE, "finished, some areas are unreadable"],
];
