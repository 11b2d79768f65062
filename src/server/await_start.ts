// Waits for threads of ours, or for the kernel, to begin their work: on a busy or emulated machine that takes as long as
// it takes, so there is no limit but the user's patience. Main thread.
import type { Observer } from "./events.ts";
import { WaitingNote } from "./waiting_note.ts";

/** The run is to end, while something that it needs has not begun yet. */
export class StartStopped extends Error {
  override name = "StartStopped";
}

/**
 * @param what completes the sentence `waiting for ... (12 s); Ctrl-C ends`.
 * @param stopped resolves when the run is to end.
 * @throws {StartStopped} when it is.
 */
export async function awaitStart<T>(
  what: string,
  started: Promise<T>,
  stopped: Promise<unknown>,
  observe: Observer,
): Promise<T> {
  using _note = new WaitingNote(what, observe);
  const first = await Promise.race([
    started.then((value) => ({ value })),
    stopped.then(() => undefined),
  ]);
  if (first === undefined) throw new StartStopped("the run ends before it has begun");
  return first.value;
}
