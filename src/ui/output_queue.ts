// Writes to stdout and stderr without ever blocking the thread: a stopped terminal or a full pipe must
// not keep main from saving the map. A reader that has gone is no error. Text that a file
// on a full disk does not take is lost, and remembered as `trouble`.

/** The part of `Deno.stdout` and `Deno.stderr` that is needed. */
export interface Sink {
  write(bytes: Uint8Array): Promise<number>;
}

/** Most characters that wait for a slow reader; further text is dropped. */
const MAX_PENDING = 1 << 20;
const RETRY_MS = 20;

/** Text on its way out, in order, also between the sinks of one queue. */
export class OutputQueue {
  #pending: { sink: Sink; text: string }[] = [];
  #pendingLength = 0;
  #gone = new Set<Sink>();
  #draining: Promise<void> | undefined;
  readonly #troubles = new Map<Sink, Error>();

  /** Why text for `sink` was lost; undefined: none was, or the reader has gone. */
  trouble(sink: Sink): Error | undefined {
    return this.#troubles.get(sink);
  }

  /** Queues `text` for `sink`. Returns at once. */
  write(sink: Sink, text: string): void {
    if (this.#gone.has(sink) || this.#pendingLength + text.length > MAX_PENDING) return;
    this.#pendingLength += text.length;
    const last = this.#pending.at(-1);
    if (last?.sink === sink) last.text += text;
    else this.#pending.push({ sink, text });
    this.#draining ??= this.#drain();
  }

  /** Resolves when everything is out, at the latest after `timeoutMs`. */
  async flush(timeoutMs = Infinity): Promise<void> {
    const drained = this.#draining;
    if (drained === undefined || timeoutMs === Infinity) return await drained;
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, timeoutMs);
    await Promise.race([drained, timeout.promise]);
    clearTimeout(timer);
  }

  async #drain(): Promise<void> {
    for (let next; (next = this.#pending.shift()) !== undefined;) {
      this.#pendingLength -= next.text.length;
      if (!this.#gone.has(next.sink)) await this.#send(next.sink, next.text);
    }
    this.#draining = undefined;
  }

  async #send(sink: Sink, text: string): Promise<void> {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) {
      try {
        bytes = bytes.subarray(await sink.write(bytes));
      } catch (error) {
        if (error instanceof Deno.errors.WouldBlock) {
          // Another program that shares the terminal made it non-blocking.
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
          continue;
        }
        // EPIPE, or EIO from a terminal that has hung up: no reader is left.
        this.#gone.add(sink);
        const isUnheard = error instanceof Deno.errors.BrokenPipe || errorCode(error) === "EIO";
        if (!isUnheard) this.#troubles.set(sink, error as Error);
        return;
      }
    }
  }
}

/** As Deno gives it to errors of the system. */
function errorCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
