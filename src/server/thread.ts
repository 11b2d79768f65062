// One worker of ours from its start to its end, as main sees it. Main thread; nothing here blocks.
// The worker's side is workers/main_thread.ts.
import { UserError } from "../base/errors.ts";
import { MediumLeft, MediumRefused } from "../device/medium_errors.ts";
import { FileInUse } from "../host/lock_holder.ts";
import type { CarriedError, Refused, ThreadMessage } from "../workers/thread_messages.ts";
import { tryThreads } from "../sys/threads.ts";
import type { DescriptorUsers } from "./descriptor_users.ts";
import { withTimeout } from "./with_timeout.ts";

/** What main does with the messages of a thread and with its end. */
export interface ThreadHearer<Message extends ThreadMessage> {
  /** Gets each message but "ended", in the order in which the thread sent them, and none after its end. */
  heard?(message: Exclude<Message, { type: "ended" }>): void;
  /**
   * The thread uses none of its descriptors any more. Thread calls this once, in the step in which main hears of
   * the end: an error may follow the message, and by then the numbers may be other files' descriptors.
   * @param error of ours that the thread died of; undefined: it ended by itself.
   */
  ended?(error: string | undefined): void;
}

/** Errors that keep their class on the way from a thread to main; any other arrives as a UserError. */
const KINDS: Readonly<Record<string, new (message: string, options: ErrorDetails) => Error>> = {
  FileInUse,
  MediumLeft,
  MediumRefused,
};

type ErrorDetails = Pick<CarriedError, "hints" | "exitCode">;

/** A worker of ours: main sends it orders and hears its messages until it ends or is left behind. Main thread. */
export class Thread<Order, Message extends ThreadMessage> {
  /**
   * Resolves with the thread's message that it has begun its work. Rejects with the error that it was refused by, or
   * with a UserError when it ends before. There is no time limit: a busy machine takes as long as it takes.
   */
  readonly ready: Promise<Extract<Message, { type: "ready" }>>;
  /** Resolves when the thread uses none of its descriptors any more; never for one that hangs. */
  readonly ended: Promise<void>;
  readonly #name: string;
  readonly #worker: Worker;
  readonly #hearer: ThreadHearer<Message>;
  readonly #ready = Promise.withResolvers<Extract<Message, { type: "ready" }>>();
  readonly #ended = Promise.withResolvers<void>();
  #state: "runs" | "has ended" | "is left" = "runs";

  /**
   * Starts the thread. The caller has asked first whether one may be started (`requireThreads`).
   * @param entry of src/workers.
   * @param users of the descriptors that the thread is given; undefined: they are its own.
   */
  constructor(entry: URL, name: string, hearer: ThreadHearer<Message>, users?: DescriptorUsers) {
    this.#name = name;
    this.#hearer = hearer;
    this.ready = this.#ready.promise;
    this.ended = this.#ended.promise;
    // Not every caller waits for it.
    this.ready.catch(() => {});
    this.#worker = new Worker(entry, { type: "module", name });
    this.#worker.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#end(event.message);
    };
    users?.add(this.ended);
  }

  /** False: it has ended, and its descriptors are the caller's to close. */
  get isRunning(): boolean {
    return this.#state !== "has ended";
  }

  /** Sends an order: plain data. A thread that has ended gets none. */
  order(order: Order): void {
    if (this.#state === "runs") this.#worker.postMessage(order);
  }

  /** Waits for its end. @returns false after `timeoutMs` milliseconds: the thread hangs and is left behind. */
  endsWithin(timeoutMs: number): Promise<boolean> {
    return withTimeout(this.ended, timeoutMs);
  }

  /**
   * Leaves a thread behind that does not end by itself, and hears no more of it. It ends when the call returns that it
   * hangs in. Where no further thread can be had it stays: the runtime starts one for `terminate`, and ends the
   * process when it cannot.
   */
  leave(): void {
    if (this.#state !== "runs") return;
    this.#state = "is left";
    if (tryThreads(1) === 0) this.#worker.terminate();
  }

  #hear(message: Message): void {
    if (this.#state !== "runs") return;
    if (message.type === "ended") return this.#end(undefined);
    if (message.type === "ready") {
      this.#ready.resolve(message as Extract<Message, { type: "ready" }>);
    }
    if (isRefusal(message)) this.#ready.reject(errorOf(message.refusal));
    this.#hearer.heard?.(message as Exclude<Message, { type: "ended" }>);
  }

  #end(error: string | undefined): void {
    if (this.#state !== "runs") return;
    this.#state = "has ended";
    this.#hearer.ended?.(error);
    this.#ready.reject(
      new UserError(`the thread "${this.#name}" has ended before it was ready`, {
        hints: ["this is a bug in blkcache; please report it with the lines above"],
      }),
    );
    this.#ended.resolve();
  }
}

function isRefusal(message: ThreadMessage): message is Refused {
  return message.type === "refused";
}

/** The error that a thread has sent, as the class that it was. */
export function errorOf({ kind, message, hints, exitCode }: CarriedError): Error {
  return new (KINDS[kind] ?? UserError)(message, { hints, exitCode });
}
