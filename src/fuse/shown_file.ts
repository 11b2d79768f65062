// How the device looks as a file.

/** Attributes of the file, and what decides how it is opened. One for each session's thread. */
export interface ShownFile {
  /** Permission bits: the kernel checks them. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Time of all three stamps, milliseconds since 1970. */
  readonly timeMs: number;
  /**
   * True when every byte of the device is cached, so that no read can fail or wait any more, and no recorder wants
   * to know what is read.
   */
  isComplete(): boolean;
}
