// The ways in besides NBD clients: a mounted file, a device of the kernel's. Both live as long as their medium.
// Main thread.
import { printable } from "../base/printable.ts";
import { Attachment, KERNEL_CONNECTIONS } from "./attachment.ts";
import { FUSE_THREADS, FuseMount } from "./fuse_mount.ts";
import type { Run } from "./run.ts";
import type { ServeOptions } from "./serve_options.ts";
import type { Serving } from "./serving.ts";

/** Session numbers of the shared state that they need. */
export function otherSessions({ mount, attach }: ServeOptions): number {
  return (mount === undefined ? 0 : FUSE_THREADS) + (attach === undefined ? 0 : KERNEL_CONNECTIONS);
}

/** The mounted file and the attached device of a medium. Main thread. */
export class OtherWays {
  readonly #mount: FuseMount | undefined;
  readonly #attachment: Attachment | undefined;
  /** Resolves when the file is no longer mounted; undefined: none is. */
  readonly unmounted: Promise<void> | undefined;
  /** Resolves when image and shared memory are no longer used here. */
  readonly ended: Promise<unknown>;

  /**
   * Opens those that the user wants.
   * @param firstSession the first of `otherSessions` numbers of its own.
   * @param mode permission bits for copies of the device.
   * @throws {UserError} when one cannot be had, {StartStopped} when the run ends first; nothing is left behind then.
   */
  static async open(
    run: Run,
    serving: Serving,
    mode: number,
    firstSession: number,
  ): Promise<OtherWays> {
    const mount = await showAsFile(run, serving, mode, firstSession);
    try {
      const firstAttached = firstSession + (mount === undefined ? 0 : FUSE_THREADS);
      return new OtherWays(mount, await attachToKernel(run, serving, firstAttached));
    } catch (error) {
      serving.state.end();
      await mount?.end();
      void serving.users.gone.then(() => mount?.close());
      throw error;
    }
  }

  private constructor(mount: FuseMount | undefined, attachment: Attachment | undefined) {
    this.#mount = mount;
    this.#attachment = attachment;
    this.unmounted = mount?.ended;
    this.ended = Promise.all([mount?.ended, attachment?.ended]);
  }

  /** What programs have written into the device is passed on. The end has not begun yet. */
  async flush(): Promise<void> {
    await this.#attachment?.flush();
  }

  /** Closes them. The end has begun already. @returns when `ended`, or after a while. */
  async end(): Promise<void> {
    await Promise.all([this.#mount?.end(), this.#attachment?.end()]);
  }

  /** Gives back what the threads were woken with. To be called once neither they nor the reader run. */
  close(): void {
    this.#mount?.close();
    this.#attachment?.close();
  }
}

async function showAsFile(
  { options, observe, stopped }: Run,
  serving: Serving,
  mode: number,
  firstSession: number,
): Promise<FuseMount | undefined> {
  if (options.mount === undefined) return undefined;
  const path = options.mount;
  const mount = await FuseMount.start({ ...serving, path, mode, firstSession, stopped }, observe);
  observe({ event: "info", message: `the device is shown as "${printable(mount.path)}"` });
  return mount;
}

async function attachToKernel(
  { options, observe, stopped }: Run,
  serving: Serving,
  firstSession: number,
): Promise<Attachment | undefined> {
  if (options.attach === undefined) return undefined;
  const path = options.attach;
  const sessions = Array.from({ length: KERNEL_CONNECTIONS }, (_, index) => firstSession + index);
  return await Attachment.start({ ...serving, path, sessions, stopped }, observe);
}
