// The reader worker as main sees it: started when there is something to read, heard, and at the end waited for,
// but not for long.
import { assert } from "../base/assert.ts";
import { UserError } from "../base/errors.ts";
import { MediumLeft, MediumRefused } from "../device/medium_errors.ts";
import { errnoMessage, errnoName } from "../sys/errno.ts";
import type {
  Opened,
  OpenInit,
  ReaderInit,
  ReaderMessage,
  ReaderOrder,
} from "../workers/reader_init.ts";
import { FileInUse } from "../opening/file_in_use.ts";
import type { FillEnd } from "../reader/fill/fill.ts";
import type { Verified } from "../reader/fill/verification.ts";
import type { Observer } from "./events.ts";
import { withTimeout } from "./with_timeout.ts";
import { printable } from "../base/printable.ts";
import { formatDuration, timeOfDay } from "../base/sizes.ts";

/** How long a device read may go on after the end of the run, milliseconds: then it is left behind. */
const PATIENCE_MS = 1500;
/** The same for the opening of a device: a moment for the reader to remove what it has made, milliseconds. */
const OPENING_PATIENCE_MS = 500;

/** Differences from the image that are told one by one. */
const MOST_DIFFERENCES = 5;

/** How a fill has ended. */
export interface FillResult {
  readonly reason: FillEnd;
  /** What came of reading again; undefined: that was not wanted. */
  readonly verified: Verified | undefined;
}

/**
 * The reader worker from main's side: starts it, hears it, and waits for its end for a limited
 * time.
 */
export class ReaderThread {
  /** Resolves when the reader has died of an error of ours: the run must end. */
  readonly failed: Promise<void>;
  /** Resolves when nothing more is read unasked, with the reason. */
  readonly filled: Promise<FillResult>;
  /** Resolves when the device, or the medium in it, is no longer there. */
  readonly gone: Promise<void>;
  /** Resolves when the thread uses none of its descriptors any more. */
  readonly ended: Promise<void>;
  /** Undefined until there is something to do. */
  #worker: Worker | undefined;
  readonly #firstOrder: ReaderInit | OpenInit;
  #setFailed!: () => void;
  #setFilled!: (result: FillResult) => void;
  #setGone!: () => void;
  #setEnded!: () => void;
  readonly #names: { device: string; imagePath: string };
  readonly #observe: Observer;
  /** A medium that can leave: what that means is said by others. */
  readonly #isDrive: boolean;
  #answer: PromiseWithResolvers<Opened> | undefined;
  #isAbandoned = false;
  #differences = 0;
  #writesComplete = false;
  /** Clients write to the device: one that has gone is not opened again. */
  #isWritten = false;

  /** @param firstOrder what to read, once it must `begin`; or which device to open at once. */
  constructor(
    firstOrder: ReaderInit | OpenInit,
    names: { device: string; imagePath: string },
    observe: Observer,
  ) {
    this.#names = { ...names };
    this.#observe = observe;
    this.#firstOrder = firstOrder;
    this.#isDrive = "open" in firstOrder && firstOrder.isDrive;
    this.failed = new Promise((resolve) => this.#setFailed = resolve);
    this.filled = new Promise((resolve) => this.#setFilled = resolve);
    this.gone = new Promise((resolve) => this.#setGone = resolve);
    this.ended = new Promise((resolve) => this.#setEnded = resolve);
    if (!("open" in firstOrder)) return;
    this.#answer = Promise.withResolvers();
    this.begin();
  }

  /** Whether the thread has been started. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** Starts the thread, if it has not been started: from now on somebody may wait for it. */
  begin(): void {
    if (this.#worker !== undefined) return;
    this.#worker = new Worker(new URL("../workers/reader.ts", import.meta.url), {
      type: "module",
      name: "reader",
    });
    this.#worker.onmessage = ({ data }: MessageEvent<ReaderMessage>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#observe({
        event: "warning",
        message: `the reader has ended by an error of blkcache: ${event.message}`,
        hints: ["what was read is kept; start again to go on"],
      });
      this.#answer?.reject(new UserError("the reader has ended"));
      this.#setEnded();
      this.#setFailed();
    };
    this.#order(this.#firstOrder);
  }

  /**
   * The device, once it is open: then `read` or `abandon`.
   * @throws {UserError} when it cannot be opened; {MediumRefused}: another medium may do.
   * @throws {MediumLeft} when the medium is no longer in its drive.
   */
  get opened(): Promise<Opened> {
    assert(this.#answer !== undefined, "the reader was told to open a device");
    return this.#answer.promise;
  }

  /** After the end: whether device and image have all that clients have written. */
  get writesComplete(): boolean {
    return this.#writesComplete;
  }

  /** Reads the medium that was opened. */
  read(init: ReaderInit, imagePath: string): void {
    this.#names.imagePath = imagePath;
    this.#isWritten = init.writing !== undefined;
    this.#order(init);
  }

  /**
   * Lets go of the device, now or when it has been opened. The phase is ENDING already: the thread may hang in
   * the device, and when it does not any more, it finds that out by itself.
   */
  abandon(): void {
    this.#isAbandoned = true;
    this.#order({ abandon: true });
    this.#answer?.promise.catch(() => {});
  }

  /** Waits for the reader to end, for a while: the phase is ENDING already. @returns false when it hangs. */
  async end(): Promise<boolean> {
    if (this.#worker === undefined) this.#setEnded();
    return await withTimeout(this.ended, this.#isAbandoned ? OPENING_PATIENCE_MS : PATIENCE_MS);
  }

  #order(order: ReaderOrder): void {
    this.#worker!.postMessage(order);
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
        this.#setGone();
        if (this.#isDrive) return;
        return this.#warn(
          `"${device}" has gone${message.errno ? `: ${said(message.errno)}` : ""}`,
          [
            "what is cached is still served; stop, plug it in and start again to go on",
          ],
        );
      case "silent":
        return this.#warn(
          `"${device}" has stopped answering since ${timeOfDay(message.sinceMs)}: ` +
            (message.errno === 0 ? "it is not there" : said(message.errno)),
          [
            "nothing is called bad meanwhile; it is tried again after 5 s, later each minute",
            "what helps: power it off and on, another cable or port; " +
            (this.#isWritten
              ? "if it goes and comes back, stop and start again"
              : "it is taken up again by itself when it is the same for certain"),
          ],
        );
      case "answers": {
        const name = message.path === this.#names.device ? "" : ` as "${printable(message.path)}"`;
        const after = formatDuration(message.silentMs);
        return this.#observe({
          event: "info",
          message: `"${device}" answers again${name}, after ${after}`,
        });
      }
      case "imageFailed":
        return this.#warn(`cannot write the image "${image}": ${said(message.errno)}`, [
          "only what clients ask for is read from the device meanwhile",
          "make room and it goes on by itself",
        ]);
      case "imageRecovered":
        return this.#observe({
          event: "info",
          message: `the image "${image}" can be written again`,
        });
      case "mapFull":
        return this.#warn("there is no memory left for the map: reading goes on without caching");
      case "fillEnded":
        return this.#setFilled(message);
      case "differs":
        if (++this.#differences > MOST_DIFFERENCES) return;
        return this.#warn(
          `at ${message.offset} "${device}" has another byte now than the image "${image}"`,
          ["the image keeps what was read first; make another one to see which is right"],
        );
      case "writeFailed":
        return this.#warn(`${message.what} "${device}": ${said(message.errno)}`, [
          "the client has been told; what the device has there is read again when somebody asks",
        ]);
      case "writesEnded":
        this.#writesComplete = message.complete;
        return;
      case "opened":
        return this.#answer!.resolve(message.opened);
      case "refused": {
        const { message: sentence, ofMedium, isInUse, ...options } = message.refusal;
        const kind = ofMedium ? MediumRefused : isInUse ? FileInUse : UserError;
        return this.#answer!.reject(new kind(sentence, options));
      }
      case "mediumLeft":
        return this.#answer!.reject(new MediumLeft());
      case "warning":
        return this.#warn(message.message, message.hints);
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
