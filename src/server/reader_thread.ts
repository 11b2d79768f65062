// The reader's thread as main sees it: main starts it when there is something to read, tells the user what it
// reports, and waits a moment for its end. Main thread.
import { assert } from "../base/assert.ts";
import { errnoMessage, errnoName } from "../sys/errno.ts";
import type {
  Opened,
  OpenInit,
  ReaderInit,
  ReaderMessage,
  ReaderOrder,
} from "../workers/reader_init.ts";
import type { FillEnd } from "../reader/fill/fill_parts.ts";
import type { Verified } from "../reader/fill/verification.ts";
import type { DescriptorUsers } from "./descriptor_users.ts";
import type { Observer } from "./events.ts";
import { Thread } from "./thread.ts";
import { printable } from "../base/printable.ts";
import { formatDuration, timeOfDay } from "../base/sizes.ts";

/** How long a device read may go on after the end of the run, milliseconds: then it is left behind. */
const PATIENCE_MS = 1500;
/** The same for the opening of a device: a moment for the reader to remove its new files, milliseconds. */
const OPENING_PATIENCE_MS = 500;

/** Differences from the image that are reported one by one. */
const MOST_DIFFERENCES = 5;

/** How a fill has ended. */
export interface FillResult {
  readonly reason: FillEnd;
  /** What came of reading again; undefined: that was not wanted. */
  readonly verified: Verified | undefined;
}

/** The reader's thread from main's side. Main thread. */
export class ReaderThread {
  /** Resolves when the reader has died of an error of ours: the run must end. */
  get failed(): Promise<void> {
    return this.#failed.promise;
  }
  /** Resolves when nothing more is read unasked, with the reason. */
  get filled(): Promise<FillResult> {
    return this.#filled.promise;
  }
  /** Resolves when the device, or the medium in it, is no longer there. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }
  /** Undefined until there is something to do. */
  #thread: Thread<ReaderOrder, ReaderMessage> | undefined;
  readonly #firstOrder: ReaderInit | OpenInit;
  readonly #failed = Promise.withResolvers<void>();
  readonly #filled = Promise.withResolvers<FillResult>();
  readonly #gone = Promise.withResolvers<void>();
  readonly #names: { devicePath: string; imagePath: string };
  readonly #users: DescriptorUsers;
  readonly #observe: Observer;
  /** Its medium can leave: then DriveLife tells the user. */
  readonly #isDrive: boolean;
  #isAbandoned = false;
  #differences = 0;
  #writesComplete = false;
  /** Clients write to the device: one that has gone is not opened again. */
  #isWritten = false;

  /**
   * @param firstOrder what to read, once it must `begin`; or which device to open at once.
   * @param users of the descriptors that it reads from and writes to.
   */
  constructor(
    firstOrder: ReaderInit | OpenInit,
    names: { devicePath: string; imagePath: string },
    users: DescriptorUsers,
    observe: Observer,
  ) {
    this.#names = { ...names };
    this.#users = users;
    this.#observe = observe;
    this.#firstOrder = firstOrder;
    this.#isDrive = "open" in firstOrder && firstOrder.isDrive;
    if ("open" in firstOrder) this.begin();
  }

  /** Whether the thread has been started. */
  get isRunning(): boolean {
    return this.#thread !== undefined;
  }

  /** Starts the thread, if it has not been started: from now on clients may wait for it. */
  begin(): void {
    if (this.#thread !== undefined) return;
    this.#thread = new Thread(new URL("../workers/reader.ts", import.meta.url), "reader", {
      heard: (message) => this.#hear(message),
      ended: (error) => {
        if (error === undefined) return;
        this.#warn(`the reader has ended by an error of blkcache: ${error}`, [
          "what was read is kept; start again to go on",
        ]);
        this.#failed.resolve();
      },
    }, this.#users);
    this.#thread.order(this.#firstOrder);
  }

  /**
   * The device, once it is open: then `read` or `abandon`.
   * @throws {UserError} when it cannot be opened; {MediumRefused}: another medium may do.
   * @throws {MediumLeft} when the medium is no longer in its drive.
   */
  get opened(): Promise<Opened> {
    assert(this.#thread !== undefined, "the reader was told to open a device");
    return this.#thread.ready.then(({ opened }) => opened);
  }

  /** After the end: whether device and image have all that clients have written. */
  get writesComplete(): boolean {
    return this.#writesComplete;
  }

  /** Reads the medium that was opened. */
  read(init: ReaderInit, imagePath: string): void {
    this.#names.imagePath = imagePath;
    this.#isWritten = init.writing !== undefined;
    this.#thread!.order(init);
  }

  /**
   * Lets go of the device, now or when it has been opened. The end has begun already: a thread that hangs in the
   * device sees that when the device answers.
   */
  abandon(): void {
    this.#isAbandoned = true;
    this.#thread!.order({ abandon: true });
  }

  /** Waits for the reader to end, for a while: the end has begun already. @returns false when it hangs. */
  async end(): Promise<boolean> {
    const patienceMs = this.#isAbandoned ? OPENING_PATIENCE_MS : PATIENCE_MS;
    return await this.#thread?.endsWithin(patienceMs) ?? true;
  }

  #hear(message: Exclude<ReaderMessage, { type: "ended" }>): void {
    const device = printable(this.#names.devicePath);
    const image = printable(this.#names.imagePath);
    switch (message.type) {
      case "readsFailed":
        return this.#warn(
          `cannot read "${device}" at ${message.offset} (${message.length} bytes): ` +
            `${said(message.errno)}` + (message.count > 1 ? `, and ${message.count - 1} more` : ""),
        );
      case "deviceGone":
        this.#gone.resolve();
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
        const name = message.path === this.#names.devicePath
          ? ""
          : ` as "${printable(message.path)}"`;
        const after = formatDuration(message.silentMs);
        return this.#observe({
          event: "info",
          message: `"${device}" answers again${name}, after ${after}`,
          device: message.path,
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
        return this.#filled.resolve(message);
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
      case "warning":
        return this.#warn(message.message, message.hints);
    }
  }

  #warn(message: string, hints: readonly string[] = []): void {
    this.#observe({ event: "warning", message, hints });
  }
}

function said(errno: number): string {
  return `${errnoMessage(errno)} (${errnoName(errno)})`;
}
