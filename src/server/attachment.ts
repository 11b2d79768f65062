// What is served as a block device of the kernel, for one medium: attached at its start, or, when the device is
// still in use for the one before, as soon as it is free. Main thread.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { createEventFd } from "../sys/eventfd.ts";
import { closeFd } from "../sys/fd.ts";
import { KernelDeviceBusy } from "../host/kernel_device.ts";
import { AttachedDevice, type AttachOptions } from "./attached_device.ts";
import { StartStopped } from "./await_start.ts";
import type { Observer } from "./events.ts";
import { withTimeout } from "./with_timeout.ts";

/** Session numbers of the shared state to keep for an attachment: the kernel has a queue for each connection. */
export const KERNEL_CONNECTIONS = 2;

/** Milliseconds between two looks whether a device that is in use has become free. */
const LOOK_MS = 1000;
/** How long the end is waited for, milliseconds. */
const END_MS = 2000;

/** A medium to attach, and the end of the run. */
export interface AttachmentOptions extends AttachOptions {
  /** Resolves when the run is to end: then nothing is attached either. */
  readonly stopped: Promise<unknown>;
}

/**
 * The kernel block device of one medium: attached at its start, or as soon as the previous one is
 * free. Main thread.
 */
export class Attachment {
  /** Resolves after `end`, when image and shared memory are no longer used by it. */
  readonly ended: Promise<void>;
  readonly #options: AttachmentOptions;
  readonly #observe: Observer;
  readonly #ending = Promise.withResolvers<"ending">();
  #setEnded!: () => void;
  #device: AttachedDevice | undefined;
  /** Resolves when the threads of the last device, or of an attempt that has failed, have ended. */
  #lastEnded: Promise<unknown> = Promise.resolve();
  /** Settles when there is a device, or is not going to be one. */
  #attempt: Promise<void> = Promise.resolve();

  /**
   * If a device still has users of an earlier run, it says so and waits for them.
   * @throws {UserError} when the device cannot be attached, {StartStopped} when the run ends first; then nothing is
   *   left behind.
   */
  static async start(options: AttachmentOptions, observe: Observer): Promise<Attachment> {
    for (const session of options.sessions) options.state.setEventFd(session, createEventFd());
    const attachment = new Attachment(options, observe);
    try {
      await attachment.#attach(options.stopped, observe);
    } catch (error) {
      if (!(error instanceof KernelDeviceBusy)) {
        void options.users.gone.then(() => attachment.close());
        throw error;
      }
      observe({
        event: "warning",
        message: error.message,
        hints: [...error.hints, "what is served now is attached as soon as that is done"],
      });
      attachment.#attempt = attachment.#attachWhenFree();
    }
    return attachment;
  }

  private constructor(options: AttachmentOptions, observe: Observer) {
    this.#options = options;
    this.#observe = observe;
    this.ended = new Promise((resolve) => this.#setEnded = resolve);
  }

  async #attach(stopped: Promise<unknown>, observe: Observer): Promise<void> {
    const device = AttachedDevice.prepare(this.#options, observe);
    this.#lastEnded = device.ended;
    try {
      await device.begin(stopped);
    } catch (error) {
      await device.end();
      throw error;
    }
    this.#device = device;
    void device.ended.then(() => this.#over());
  }

  /** A program has detached the device: report it and stop. Attaching again needs a restart. */
  #over(): void {
    if (this.#options.state.ending) return;
    const name = printable(this.#options.path);
    this.#observe({ event: "info", message: `"${name}" has been detached` });
  }

  async #attachWhenFree(): Promise<void> {
    const ending = this.#ending.promise;
    // The status has its place meanwhile.
    const observe: Observer = (event) => event.event === "waiting" || this.#observe(event);
    for (;;) {
      const pause = Promise.withResolvers<void>();
      const timer = setTimeout(pause.resolve, LOOK_MS);
      // The same session numbers: the threads of an earlier attempt have ended first.
      const next = Promise.all([pause.promise, this.#lastEnded]);
      const first = await Promise.race([next, ending]);
      clearTimeout(timer);
      if (first === "ending") return;
      try {
        return await this.#attach(ending, observe);
      } catch (error) {
        if (!(error instanceof UserError || error instanceof StartStopped)) throw error;
      }
    }
  }

  /** What programs have written is passed on, while it can be: before the end has begun. */
  async flush(): Promise<void> {
    if (!this.#options.state.ending) await this.#device?.flush();
  }

  /** Has the kernel let go. The end has begun already. @returns when `ended`, or after a while. */
  async end(): Promise<void> {
    this.#ending.resolve("ending");
    const ending = this.#attempt.then(() => this.#device?.end());
    void ending.then(() => this.#lastEnded).then(this.#setEnded);
    await withTimeout(ending, END_MS);
  }

  /** Gives back what the threads were woken with. To be called once neither they nor the reader run. */
  close(): void {
    for (const session of this.#options.sessions) closeFd(this.#options.state.eventFd(session));
  }
}
