// The one way in which a change of a map can fail.

/** The map cannot hold one more run. It is as it was before the call. */
export class FileMapFullError extends Error {
  override name = "FileMapFullError";
  /** Runs that it can hold. */
  readonly maxTransitions: number;

  constructor(maxTransitions: number) {
    super(`the map is full: it holds at most ${maxTransitions} areas`);
    this.maxTransitions = maxTransitions;
  }
}
