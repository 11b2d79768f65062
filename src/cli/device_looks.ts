// Looks at devices on a thread that can be left behind: one that hangs keeps neither the others nor main waiting.
// Main thread.
import { UserError } from "../base/errors.ts";
import { type BlockDeviceInfo, describeSilentDevice } from "../device/block_listing.ts";
import type { SourceContent } from "../identity/source_content.ts";
import { SysfsBlock } from "../host/sysfs.ts";
import { errorOf, Thread } from "../server/thread.ts";
import { requireThreads } from "../server/thread_room.ts";
import type { LookMessage, LookOrder } from "../workers/look_init.ts";
import type { Ended } from "../workers/thread_messages.ts";

/** The result of a look. */
export interface DeviceLook {
  /** With `answers` false when the device has been silent for too long. */
  readonly info: BlockDeviceInfo;
  /** Undefined when it was not read. */
  readonly content: SourceContent | undefined;
  /** Why it could not be read. */
  readonly refusal: UserError | undefined;
}

/** Declare it with `using`. One look at a time. */
export class DeviceLooks implements Disposable {
  #thread: Thread<LookOrder, LookMessage> | undefined;
  #heard: (message: Exclude<LookMessage, Ended>) => void = () => {};
  #died: (error: string) => void = () => {};

  /** @param silenceMs how long the device may give no sign of life, milliseconds. */
  async look(order: LookOrder, silenceMs: number): Promise<DeviceLook> {
    const thread = this.#thread ??= this.#start();
    let info: BlockDeviceInfo | undefined;
    const silent = () => info ?? describeSilentDevice(new SysfsBlock(order.deviceNumber));
    const { promise, resolve, reject } = Promise.withResolvers<DeviceLook>();
    const giveUp = () => {
      this.#leave();
      resolve({ info: { ...silent(), answers: false }, content: undefined, refusal: undefined });
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    this.#heard = (message) => {
      clearTimeout(timer);
      switch (message.type) {
        case "described":
          info = message.info;
          break;
        case "done":
          return resolve({ info: info!, content: message.content, refusal: undefined });
        case "refused":
          return resolve({
            info: silent(),
            content: undefined,
            refusal: errorOf(message.refusal) as UserError,
          });
      }
      timer = setTimeout(giveUp, silenceMs);
    };
    this.#died = (error) => {
      clearTimeout(timer);
      reject(new Error(error));
    };
    thread.order(order);
    return await promise;
  }

  [Symbol.dispose](): void {
    this.#leave();
  }

  #start(): Thread<LookOrder, LookMessage> {
    requireThreads(1, "the thread that looks at a device");
    return new Thread(new URL("../workers/look.ts", import.meta.url), "look", {
      heard: (message) => this.#heard(message),
      ended: (error) => {
        this.#thread = undefined;
        this.#died(error ?? "the thread has ended");
      },
    });
  }

  /** A thread that hangs ends when its device answers. */
  #leave(): void {
    this.#thread?.leave();
    this.#thread = undefined;
  }
}
