// The streams of events that open pages listen to (server-sent events, WHATWG HTML section 9.2).

import { MOST_STREAMS, MOST_WAITING_BYTES } from "./limits.ts";

type Controller = ReadableStreamDefaultController<Uint8Array>;

/** Sends each event to all of them. */
export class EventStreams {
  readonly #controllers = new Set<Controller>();

  /** A new stream that begins with some events; undefined when there are too many. */
  open(
    first: readonly (readonly [name: string, data: unknown])[],
  ): ReadableStream<Uint8Array> | undefined {
    if (this.#controllers.size >= MOST_STREAMS) return undefined;
    let own: Controller;
    return new ReadableStream({
      start: (controller) => {
        own = controller;
        this.#controllers.add(controller);
        for (const [name, data] of first) {
          if (data !== null) controller.enqueue(encoded(name, data));
        }
      },
      cancel: () => {
        this.#controllers.delete(own);
      },
    }, { highWaterMark: MOST_WAITING_BYTES, size: (chunk) => chunk!.length });
  }

  /** Null is not sent. */
  send(name: string, data: unknown): void {
    if (data === null || this.#controllers.size === 0) return;
    const bytes = encoded(name, data);
    for (const controller of this.#controllers) {
      if ((controller.desiredSize ?? 0) >= bytes.length) controller.enqueue(bytes);
    }
  }

  /** Ends all of them. */
  close(): void {
    for (const controller of this.#controllers) controller.close();
    this.#controllers.clear();
  }
}

/** JSON has no line breaks of its own, which would end the data. */
function encoded(name: string, data: unknown): Uint8Array {
  return new TextEncoder().encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
}
