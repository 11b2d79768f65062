// Invariants of our own code. What a user, a device or a client can cause is never an assertion.

/** One of our own invariants does not hold: a bug, never caught. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

/** @throws {AssertionError} when `condition` is falsy. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
