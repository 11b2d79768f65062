// How much the program says on stderr.

/** From the least to the most talkative. */
export const LOG_LEVELS = ["error", "warning", "info", "debug"] as const;

/** Messages of this level and the ones before it are shown. */
export type LogLevel = typeof LOG_LEVELS[number];

/** True when a message of `level` is shown with `--log-level shown`. */
export function isShown(level: LogLevel, shown: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(shown);
}
