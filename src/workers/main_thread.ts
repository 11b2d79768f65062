// Main as a worker of ours sees it: orders come in, messages go out. Main's side is server/thread.ts.
/// <reference lib="deno.worker" />
import { UserError } from "../base/errors.ts";
import { EXIT_FAILURE } from "../base/exit_codes.ts";
import type { Ended, Refused } from "./thread_messages.ts";

/** Main, from inside a worker. Each entry point makes one. */
export class MainThread<Order, Message> {
  /** Calls `hear` with each order, one after the other. */
  obey(hear: (order: Order) => void): void {
    self.onmessage = ({ data }: MessageEvent<Order>) => hear(data);
  }

  /** Sends a message: plain data. */
  readonly tell = (message: Message | Refused): void => self.postMessage(message);

  /** Tells main that the thread cannot carry out its order. Main gets an error of the same class, without a cause. */
  refuse(error: Error): void {
    const { hints, exitCode } = error instanceof UserError
      ? error
      : { hints: [], exitCode: EXIT_FAILURE };
    this.tell({
      type: "refused",
      refusal: { kind: error.name, message: error.message, hints, exitCode },
    });
  }

  /** Ends the thread, which has let go of all its descriptors. */
  end(): void {
    self.postMessage({ type: "ended" } satisfies Ended);
    // By itself: for Worker.terminate the runtime starts a thread, and ends the process when there is none.
    self.close();
  }
}
