// What is served as a block device of the kernel, for one medium: attached at its start, or, when the device is
// still in use for the one before, as soon as it is free. Main thread.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { PHASE_SERVING } from "../shared/shared_state.ts";
import { createEventFd } from "../sys/eventfd.ts";
import { closeFd } from "../sys/fd.ts";
import { AttachedDevice, type AttachOptions } from "./attached_device.ts";
import type { Observer } from "./events.ts";
import { withTimeout } from "./with_timeout.ts";

/** Session numbers of the shared state to keep for an attachment: the kernel has a queue for each connection. */
export const KERNEL_CONNECTIONS = 2;

/** Milliseconds between two looks whether a device that is in use has become free. */
const LOOK_MS = 1000;
/** How long the end is waited for, milliseconds. */
const END_MS = 2000;

/** See the head of this file. */
export class Attachment {
  /** Resolves after `end`, when image and shared memory are no longer used by it. */
  readonly ended: Promise<void>;
  readonly #options: AttachOptions;
  readonly #observe: Observer;
  readonly #ending = Promise.withResolvers<"ending">();
  #setEnded!: () => void;
  #device: AttachedDevice | undefined;
  /** Settles when there is a device, or is not going to be one. */
  #attempt: Promise<void> = Promise.resolve();

  /**
   * @param patient a device that cannot be had is said, and waited for.
   * @throws {UserError} otherwise, when it cannot be had; nothing is left behind then.
   */
  static async start(
    options: AttachOptions,
    observe: Observer,
    patient: boolean,
  ): Promise<Attachment> {
    for (const session of options.sessions) options.state.setEventFd(session, createEventFd());
    const attachment = new Attachment(options, observe);
    try {
      await attachment.#attach();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (!patient) {
        attachment.close();
        throw error;
      }
      const { message } = error;
      observe({
        event: "warning",
        message,
        hints: [...error.hints, "what is served now is attached as soon as that is done"],
      });
      attachment.#attempt = attachment.#attachWhenFree();
    }
    return attachment;
  }

  private constructor(options: AttachOptions, observe: Observer) {
    this.#options = options;
    this.#observe = observe;
    this.ended = new Promise((resolve) => this.#setEnded = resolve);
  }

  async #attach(): Promise<void> {
    const device = this.#device = await AttachedDevice.start(this.#options, this.#observe);
    void device.ended.then(() => this.#over());
  }

  /** Somebody has detached it: that is said, and no more; who wants it again starts again. */
  #over(): void {
    if (this.#options.state.phase !== PHASE_SERVING) return;
    const name = printable(this.#options.path);
    this.#observe({ event: "info", message: `"${name}" has been detached` });
  }

  async #attachWhenFree(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ending = this.#ending.promise;
    for (;;) {
      const pause = new Promise<void>((resolve) => timer = setTimeout(resolve, LOOK_MS));
      if (await Promise.race([pause, ending]) === "ending") break;
      try {
        await this.#attach();
        break;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    }
    clearTimeout(timer);
  }

  /** What programs have written is passed on, while it can be: before the phase is ENDING. */
  async flush(): Promise<void> {
    if (this.#options.state.phase === PHASE_SERVING) await this.#device?.flush();
  }

  /** Has the kernel let go. The phase is ENDING already. @returns when `ended`, or after a while. */
  async end(): Promise<void> {
    this.#ending.resolve("ending");
    const ending = this.#attempt.then(() => this.#device?.end());
    void ending.then(() => this.#device?.ended).then(this.#setEnded);
    await withTimeout(ending, END_MS);
  }

  /** Gives back what the threads were woken with. To be called once neither they nor the reader run. */
  close(): void {
    for (const session of this.#options.sessions) closeFd(this.#options.state.eventFd(session));
  }
}
