// What the program's exit code means: the one table. Help, manual, README, JSON and page repeat it, and
// `tests/meta/exit_codes_test.ts` compares them. Scripts rely on it: changed only on purpose.

/** Success: everything is read, or the user ended a run that had not promised to complete. */
export const EXIT_DONE = 0;
/** Something failed; the message says what. */
export const EXIT_FAILURE = 1;
/** The command line was wrong; nothing was touched. */
export const EXIT_USAGE = 2;
/** All has been tried, and some of the device could not be read. */
export const EXIT_UNREADABLE = 3;
/** The device stopped answering, or has gone, before the end. */
export const EXIT_NOT_ANSWERING = 4;
/** The disk of the image is full. */
export const EXIT_NO_ROOM = 5;
/** A limit that the user has set has ended the reading. */
export const EXIT_LIMIT = 6;
/** 128 and the number of SIGHUP, SIGINT, SIGTERM, as shells say it of a program that died of one. */
export const EXIT_HUNG_UP = 129;
export const EXIT_INTERRUPTED = 130;
export const EXIT_TERMINATED = 143;

/** Codes and what they mean, in order. */
export const EXIT_CODES: readonly (readonly [codes: readonly number[], meaning: string])[] = [
  [[EXIT_DONE], "done: everything is read; without --exit-when-complete also an ordered end"],
  [[EXIT_FAILURE], "failure"],
  [[EXIT_USAGE], "wrong usage, nothing was touched"],
  [[EXIT_UNREADABLE], "finished, some areas are unreadable"],
  [[EXIT_NOT_ANSWERING], "the device stopped answering"],
  [[EXIT_NO_ROOM], "no room for the image"],
  [[EXIT_LIMIT], "a limit such as --max-errors or --max-hours"],
  [
    [EXIT_HUNG_UP, EXIT_INTERRUPTED, EXIT_TERMINATED],
    "interrupted before the end (SIGHUP, SIGINT, SIGTERM)",
  ],
];

/** What `code` means, as the table has it. */
export function exitMeaning(code: number): string {
  return EXIT_CODES.find(([codes]) => codes.includes(code))?.[1] ?? "unknown";
}
