// Looks at devices on a thread that can be left behind: one that hangs keeps neither the others nor main waiting.
// Main thread.
import { UserError } from "../base/errors.ts";
import { type BlockDeviceInfo, describeSilentDevice } from "../device/block_listing.ts";
import type { SourceContent } from "../identity/source_content.ts";
import { SysfsBlock } from "../host/sysfs.ts";
import { endWorker, requireThreads } from "../server/thread_room.ts";
import type { LookMessage, LookOrder } from "../workers/look_init.ts";

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
  #worker: Worker | undefined;

  /** @param silenceMs how long the device may give no sign of life, milliseconds. */
  async look(order: LookOrder, silenceMs: number): Promise<DeviceLook> {
    const worker = this.#worker ??= this.#start();
    let info: BlockDeviceInfo | undefined;
    const { promise, resolve, reject } = Promise.withResolvers<DeviceLook>();
    const giveUp = () => {
      this.#leave();
      const silent = describeSilentDevice(new SysfsBlock(order.device));
      resolve({
        info: info === undefined ? silent : { ...info, answers: false },
        content: undefined,
        refusal: undefined,
      });
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    worker.onmessage = ({ data }: MessageEvent<LookMessage>) => {
      clearTimeout(timer);
      if (data.type === "described") info = data.info;
      if (data.type === "done") {
        return resolve({ info: info!, content: data.content, refusal: undefined });
      }
      if (data.type === "refused") {
        return resolve({
          info: info ?? describeSilentDevice(new SysfsBlock(order.device)),
          content: undefined,
          refusal: new UserError(data.message, data),
        });
      }
      timer = setTimeout(giveUp, silenceMs);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      clearTimeout(timer);
      reject(new Error(event.message));
    };
    worker.postMessage(order);
    return await promise;
  }

  [Symbol.dispose](): void {
    this.#leave();
  }

  #start(): Worker {
    requireThreads(1, "the thread that looks at a device");
    return new Worker(new URL("../workers/look.ts", import.meta.url), {
      type: "module",
      name: "look",
    });
  }

  /** A thread that hangs ends when its device answers. */
  #leave(): void {
    if (this.#worker !== undefined) endWorker(this.#worker);
    this.#worker = undefined;
  }
}
