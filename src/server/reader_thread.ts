// The reader worker as main sees it: started once, heard, and at the end waited for, but not for long.
import { errnoMessage, errnoName } from "../sys/errno.ts";
import type { ReaderInit, ReaderMessage } from "../workers/reader_init.ts";
import type { FillEnd } from "../reader/fill/fill.ts";
import type { Observer } from "./events.ts";
import { withTimeout } from "./with_timeout.ts";
import { printable } from "../base/printable.ts";

/** How long a device read may go on after the end of the run, milliseconds: then it is left behind. */
const PATIENCE_MS = 1500;

/** See the head of this file. */
export class ReaderThread {
  /** Resolves when the reader has died of an error of ours: the run must end. */
  readonly failed: Promise<void>;
  /** Resolves when nothing more is read unasked, with the reason. */
  readonly filled: Promise<FillEnd>;
  readonly #ended: Promise<void>;
  #setFailed!: () => void;
  #setFilled!: (reason: FillEnd) => void;
  #setEnded!: () => void;
  readonly #names: { device: string; imagePath: string };
  readonly #observe: Observer;

  constructor(
    init: ReaderInit,
    names: { device: string; imagePath: string },
    observe: Observer,
  ) {
    this.#names = names;
    this.#observe = observe;
    this.failed = new Promise((resolve) => this.#setFailed = resolve);
    this.filled = new Promise((resolve) => this.#setFilled = resolve);
    this.#ended = new Promise((resolve) => this.#setEnded = resolve);
    const worker = new Worker(new URL("../workers/reader.ts", import.meta.url), {
      type: "module",
      name: "reader",
    });
    worker.onmessage = ({ data }: MessageEvent<ReaderMessage>) => this.#hear(data);
    worker.onerror = (event) => {
      event.preventDefault();
      observe({
        event: "warning",
        message: `the reader has ended by an error of blkcache: ${event.message}`,
        hints: ["what was read is kept; start again to go on"],
      });
      this.#setEnded();
      this.#setFailed();
    };
    worker.postMessage(init);
  }

  /** Waits for the reader to end, for a while: the phase is ENDING already. @returns false when it hangs. */
  async end(): Promise<boolean> {
    return await withTimeout(this.#ended, PATIENCE_MS);
  }

  #hear(message: ReaderMessage): void {
    const device = printable(this.#names.device);
    const image = printable(this.#names.imagePath);
    switch (message.type) {
      case "readsFailed":
        return this.#warn(
          `cannot read "${device}" at ${message.offset} (${message.length} bytes): ` +
            `${said(message.errno)}` + (message.count > 1 ? `, and ${message.count - 1} more` : ""),
        );
      case "deviceGone":
        return this.#warn(
          `"${device}" has gone${message.errno ? `: ${said(message.errno)}` : ""}`,
          [
            "what is cached is still served; stop, plug it in and start again to go on",
          ],
        );
      case "imageFailed":
        return this.#warn(`cannot write the image "${image}": ${said(message.errno)}`, [
          "reading goes on without caching; make room and caching goes on by itself",
        ]);
      case "imageRecovered":
        return this.#observe({
          event: "info",
          message: `the image "${image}" can be written again`,
        });
      case "mapFull":
        return this.#warn("there is no memory left for the map: reading goes on without caching");
      case "fillEnded":
        return this.#setFilled(message.reason);
      case "ended":
        return this.#setEnded();
    }
  }

  #warn(message: string, hints: readonly string[] = []): void {
    this.#observe({ event: "warning", message, hints });
  }
}

function said(errno: number): string {
  return `${errnoMessage(errno)} (${errnoName(errno)})`;
}
