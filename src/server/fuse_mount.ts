// Shows the device as a plain file: mounts it, starts the threads that serve it, and unmounts it. Main thread;
// nothing here waits for the device, but nothing here may look into the file either, once it is mounted.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { Interrupts } from "../fuse/interrupts.ts";
import { type Mount, mounts } from "../host/mounts.ts";
import { PARKED_PER_SESSION } from "../shared/shared_state.ts";
import { EACCES, EPERM, errnoMessage, errnoName } from "../sys/errno.ts";
import { createEventFd } from "../sys/eventfd.ts";
import { closeFd } from "../sys/fd.ts";
import { MNT_DETACH } from "../sys/mount.ts";
import { SystemError } from "../sys/system_error.ts";
import { awaitStart } from "./await_start.ts";
import type { Observer } from "./events.ts";
import { dismissThreads, FUSE_TYPE, type Lanes, mountFuse } from "./fuse_device.ts";
import { MountPoint } from "./fuse_mount_point.ts";
import { FuseThread } from "./fuse_thread.ts";
import { type Serving, sessionInit } from "./serving.ts";
import { requireThreads } from "./thread_room.ts";
import { withTimeout } from "./with_timeout.ts";

/**
 * Threads that serve a mounted file: session numbers of the shared state to keep for one. The kernel spreads
 * the reads of one process over them, and each looks for sequential reads in its own share only: 32 MiB in
 * steps of 128 KiB cost 67 device reads with one thread, 69 with two, 244 with four.
 */
export const FUSE_THREADS = 2;

/** How long the threads may take to notice that the file is no longer mounted, milliseconds. */
const END_MS = 1000;

/** What to show, and as which file. */
export interface FuseMountOptions extends Serving {
  /** As it was named on the command line. */
  readonly path: string;
  /** Permission bits for copies of the device; the file itself is read-only. */
  readonly mode: number;
  /** The first of FUSE_THREADS session numbers of its own. */
  readonly firstSession: number;
  /** Resolves when the run is to end: then the mount does not begin either. */
  readonly stopped: Promise<unknown>;
}

/** A device shown as a file. */
export class FuseMount {
  /**
   * Resolves when no thread serves the file any more, because `end` or another program has unmounted it; the
   * latter has been reported then. The mount uses image and shared memory no longer.
   */
  readonly ended: Promise<void>;
  /** Absolute path of the file. */
  readonly path: string;
  readonly #options: FuseMountOptions;
  readonly #observe: Observer;
  readonly #point: MountPoint;
  readonly #mountId: number;
  readonly #threads: readonly FuseThread[];
  #ending = false;

  /**
   * Mounts the file and waits until it is served.
   * @throws {UserError} when that cannot be, {StartStopped} when the run ends first; nothing is left behind then.
   */
  static async start(options: FuseMountOptions, observe: Observer): Promise<FuseMount> {
    requireThreads(FUSE_THREADS, `the ${FUSE_THREADS} threads of a mounted file`);
    const info = (message: string) => observe({ event: "info", message });
    const point = MountPoint.prepare(options.path, info);
    let fuse: FuseMount;
    try {
      fuse = new FuseMount(options, point, observe);
    } catch (error) {
      point.remove();
      point[Symbol.dispose]();
      throw error;
    }
    try {
      const refused = await fuse.#negotiated();
      if (refused === undefined) return fuse;
      throw new UserError(`cannot show the device as "${printable(options.path)}": ${refused}`, {
        hints: [OTHER_WAY],
      });
    } catch (error) {
      await fuse.end();
      void options.users.gone.then(() => fuse.close());
      throw error;
    }
  }

  private constructor(options: FuseMountOptions, point: MountPoint, observe: Observer) {
    this.path = point.path;
    this.#options = options;
    this.#observe = observe;
    this.#point = point;
    const timeMs = Date.now();
    const mode = options.mode & READ_ONLY;
    const lanes = mountSaying(options.path, point.target, mode);
    const mountId = point.mountId();
    if (mountId === undefined) {
      for (const fd of lanes.flat()) closeFd(fd);
      const file = `"${printable(options.path)}"`;
      throw new UserError(`${file} has been unmounted or removed at this moment`, {
        hints: ["start again"],
      });
    }
    this.#mountId = mountId;
    const numbers = Array.from(
      { length: FUSE_THREADS },
      (_, index) => options.firstSession + index,
    );
    for (const number of numbers) options.state.setEventFd(number, createEventFd());
    const interrupts = Interrupts.memory();
    this.#threads = numbers.map((session, index) =>
      new FuseThread(
        {
          ...sessionInit(options, session),
          threads: numbers,
          interrupts,
          lanes: lanes[index]!,
          mode,
          uid: Deno.uid()!,
          gid: Deno.gid()!,
          timeMs,
          // Half of the slots: the other half is for reads that a program waits for.
          maxBackground: FUSE_THREADS * PARKED_PER_SESSION / 2,
        },
        options.users,
        (error) => this.#died(error),
      )
    );
    this.ended = Promise.all(this.#threads.map(({ ended }) => ended)).then(() => {
      if (!this.#ending) this.#over();
    });
  }

  /** @returns why it cannot be served, or undefined. */
  async #negotiated(): Promise<string | undefined> {
    const answers = this.#threads.map(({ negotiated }) => negotiated);
    // It rejects when no thread is left to agree.
    const first = Promise.any(answers).catch(() => undefined);
    const what = `the kernel to show "${printable(this.#options.path)}"`;
    const agreed = await awaitStart(what, first, this.#options.stopped, this.#observe);
    if (agreed) return undefined;
    return agreed === false ? "the kernel's FUSE is too old" : "the threads have ended";
  }

  /** No thread serves it any more, and that was not our wish. */
  #over(): void {
    const file = printable(this.#options.path);
    if (this.#mounted() === undefined) {
      this.#removeFile();
      this.#observe({ event: "info", message: `"${file}" has been unmounted` });
    } else {
      // By `umount -f` while it was in use, or the threads have died.
      this.#warn(`"${file}" can no longer be read`, []);
    }
  }

  #died(error: string): void {
    this.#observe({
      event: "warning",
      message: `a thread that serves "${printable(this.#options.path)}" has ended by an error of ` +
        `blkcache: ${error}`,
      hints: ["the reads that it had have failed; the other threads go on"],
    });
  }

  /**
   * Unmounts the file, and removes it if it was made here. Programs that use it lose it all the same, and a
   * warning says so: the file goes first, its users get errors afterwards (see `serveMount`). The end has begun.
   * @returns when `ended`, or after END_MS with a thread stuck (in a disk that the image is on).
   */
  async end(): Promise<void> {
    this.#ending = true;
    this.#unmount();
    this.#removeFile();
    dismissThreads(this.#threads.filter(({ isRunning }) => isRunning).map(({ lanes }) => lanes));
    await withTimeout(this.ended, END_MS);
  }

  /** Gives back what the threads were woken with. To be called once neither they nor the reader run. */
  close(): void {
    for (const { session } of this.#threads) closeFd(this.#options.state.eventFd(session));
    this.#point[Symbol.dispose]();
  }

  #unmount(): void {
    const file = printable(this.#options.path);
    const mount = this.#mounted();
    if (mount === undefined || this.#tryUnmount(mount, 0) === undefined) return;
    const error = this.#tryUnmount(mount, MNT_DETACH);
    if (error === undefined) {
      this.#warn(`"${file}" was still in use and has been taken from its users`, []);
    } else {
      this.#warn(`cannot unmount "${file}": ${said(error)}`, [`umount ${mount.mountPoint}`]);
    }
  }

  #tryUnmount(mount: Mount, flags: number): SystemError | UserError | undefined {
    try {
      this.#point.unmount(mount, flags);
      return undefined;
    } catch (error) {
      if (error instanceof SystemError || error instanceof UserError) return error;
      throw error;
    }
  }

  /** Our mount, wherever it is by now: a program may have unmounted it, moved it, or mounted on top of it. */
  #mounted(): Mount | undefined {
    return mounts().find(({ id, type }) => id === this.#mountId && type === FUSE_TYPE);
  }

  #removeFile(): void {
    try {
      this.#point.remove();
    } catch (error) {
      const file = printable(this.#options.path);
      this.#warn(`cannot remove the empty file "${file}": ${said(error)}`, []);
    }
  }

  #warn(message: string, hints: readonly string[]): void {
    this.#observe({ event: "warning", message, hints });
  }
}

function mountSaying(file: string, path: string, mode: number): Lanes[] {
  try {
    return mountFuse(path, mode, FUSE_THREADS);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const noRight = error.errno === EPERM || error.errno === EACCES;
    throw new UserError(`cannot show the device as "${printable(file)}": ${said(error)}`, {
      hints: [noRight ? "run it as root" : "modprobe fuse", OTHER_WAY],
      cause: error,
    });
  }
}

const READ_ONLY = 0o444;
const OTHER_WAY = "serve it without a mount, and run: nbdfuse FILE URI";

function said(error: unknown): string {
  if (error instanceof SystemError) {
    return `${errnoMessage(error.errno)} (${errnoName(error.errno)})`;
  }
  return error instanceof Error ? error.message : String(error);
}
