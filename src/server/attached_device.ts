// One attachment to the kernel, from its connections to its end: the threads that answer them, the thread that
// the kernel keeps meanwhile, and the one that has partitions looked for. Main thread; nothing here waits for
// the device, and nothing here opens it.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { freeKernelDevice } from "../host/kernel_device.ts";
import { NBD_FLAG_READ_ONLY } from "../nbd/constants.ts";
import { kernelBlocks, kernelTimeoutSeconds } from "../nbd/kernel_export.ts";
import { SESSION_REQUESTS } from "../shared/shared_state.ts";
import { ringEventFd } from "../sys/eventfd.ts";
import { closeFd } from "../sys/fd.ts";
import { limitReceive, socketPair } from "../sys/socket.ts";
import type { AttachMessage, AttachOrder } from "../workers/attach_init.ts";
import { awaitStart } from "./await_start.ts";
import type { Observer } from "./events.ts";
import { KernelThread } from "./kernel_thread.ts";
import { type Serving, sessionInit } from "./serving.ts";
import { Thread } from "./thread.ts";
import { requireThreads } from "./thread_room.ts";
import { withTimeout } from "./with_timeout.ts";

const REPORT = "this is a bug in blkcache; please report it with the lines above";
/** Threads besides those that answer: one is kept by the kernel, one has partitions looked for. */
export const KERNEL_THREADS = 2;
/** A session gives its memory back when the kernel has been silent for so long, milliseconds. */
const SILENT_MS = 1000;
/** How long it may take to let go: first it is asked, then its connections are cut. Milliseconds. */
const POLITE_MS = 500;
const FIRM_MS = 1000;
/**
 * At the end what was written is passed on for as long as it goes on: without a single request in this time, in
 * milliseconds, something hangs. A busy machine may need some seconds for the first.
 */
const FLUSH_SILENCE_MS = 5000;

/** What to attach, and as which device. */
export interface AttachOptions extends Serving {
  /** The device, as it was named on the command line. */
  readonly path: string;
  /** Session numbers of its own, with eventfds: one connection each. */
  readonly sessions: readonly number[];
}

/** One attachment to the kernel's NBD client, from its connections to its end. Main thread. */
export class AttachedDevice {
  /** Resolves when no thread uses image and shared memory any more. */
  readonly ended: Promise<void>;
  readonly #deviceNumber: number;
  readonly #options: AttachOptions;
  readonly #observe: Observer;
  readonly #name: string;
  readonly #threads: readonly KernelThread[];
  /** The other ends of their connections, until the holder has them. */
  #kernelSockets: readonly number[];
  #holder: Thread<AttachOrder, AttachMessage> | undefined;
  #watcher: Thread<AttachOrder, AttachMessage> | undefined;
  #isWritable = false;
  readonly #flushed = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();

  /**
   * Starts the threads that answer the kernel, if the device is free: then `begin`.
   * @throws {KernelDeviceBusy} when it may become free; {UserError} when it cannot be attached.
   */
  static prepare(options: AttachOptions, observe: Observer): AttachedDevice {
    const threads = options.sessions.length + KERNEL_THREADS;
    requireThreads(threads, `the ${threads} threads of an attached device`);
    const { deviceNumber } = freeKernelDevice(options.path);
    const { size, sectorSize } = options.served;
    if (kernelBlocks(size, sectorSize).blocks === 0) {
      throw new UserError(`${size} bytes are too few for a block device of the kernel's`, {
        hints: ["leave --attach out: NBD clients take any size"],
      });
    }
    return new AttachedDevice(deviceNumber, options, observe);
  }

  /** @param deviceNumber its packed number. */
  private constructor(deviceNumber: number, options: AttachOptions, observe: Observer) {
    this.#deviceNumber = deviceNumber;
    this.#options = options;
    this.#observe = observe;
    this.#name = `"${printable(options.path)}"`;
    const { sessions, users } = options;
    const pairs = sessions.map(() => socketPair());
    for (const [own] of pairs) limitReceive(own, SILENT_MS);
    this.#kernelSockets = pairs.map(([, kernels]) => kernels);
    this.#threads = sessions.map((session, index) =>
      new KernelThread(
        { ...sessionInit(options, session), socket: pairs[index]![0] },
        this.#name,
        users,
        observe,
      )
    );
    this.ended = Promise.all([this.#released.promise, ...this.#threads.map(({ ended }) => ended)])
      .then(() => {});
  }

  /**
   * Attaches the device and waits until the kernel has it.
   * @param stopped resolves when that is not wanted any more.
   * @throws {UserError} when the kernel does not take it; {StartStopped}. Then `end`.
   */
  async begin(stopped: Promise<unknown>): Promise<void> {
    const { path, served, timeoutMs } = this.#options;
    const awaited = <T>(started: Promise<T>) =>
      awaitStart(`the kernel to take ${this.#name}`, started, stopped, this.#observe);
    const [flags] = await awaited(Promise.all(this.#threads.map(({ serving }) => serving)));
    if (flags === undefined) {
      throw new UserError(`cannot attach ${this.#name}: its threads have ended`, {
        hints: [REPORT],
      });
    }
    this.#isWritable = (flags & NBD_FLAG_READ_ONLY) === 0;
    const sockets = this.#kernelSockets;
    this.#kernelSockets = [];
    const blocks = kernelBlocks(served.size, served.sectorSize);
    const timeoutSeconds = kernelTimeoutSeconds(timeoutMs);
    const exported = { ...blocks, flags, timeoutSeconds };
    this.#holder = this.#start({
      type: "hold",
      path,
      deviceNumber: this.#deviceNumber,
      sockets,
      exported,
    });
    this.#watcher = this.#start({ type: "watch", path, deviceNumber: this.#deviceNumber });
    // The holder is never ready: it refuses, or holds the device until it ends.
    await awaited(Promise.race([this.#watcher.ready, this.#holder.ready]));
    this.#sayAttached();
  }

  #start(order: AttachOrder): Thread<AttachOrder, AttachMessage> {
    const entry = new URL("../workers/attach.ts", import.meta.url);
    const thread = new Thread<AttachOrder, AttachMessage>(entry, order.type, {
      heard: (message) => {
        if (message.type === "scanned") this.#sayPartitions(message.partitions);
        else if (message.type === "flushed") this.#flushed.resolve();
      },
      ended: (error) => {
        if (error !== undefined) {
          this.#warn(`a thread of ${this.#name} has ended by an error of blkcache: ${error}`);
        }
        if (order.type === "hold") this.#release();
      },
    });
    thread.order(order);
    return thread;
  }

  /** The kernel's ends of the connections are closed, so ours have no peer any more. */
  #release(): void {
    for (const thread of this.#threads) thread.cut();
    this.#released.resolve();
  }

  #sayAttached(): void {
    this.#observe({ event: "info", message: `the kernel has it as ${this.#name}` });
    const { size, sectorSize } = this.#options.served;
    const { blockSize, blocks } = kernelBlocks(size, sectorSize);
    const rest = size - blockSize * blocks;
    if (rest === 0) return;
    this.#warn(`the last ${rest} bytes are not part of ${this.#name}`, [
      `the kernel counts in sectors of ${blockSize} bytes; NBD clients get all of it`,
    ]);
  }

  #sayPartitions(partitions: readonly string[]): void {
    if (partitions.length === 0) return;
    const paths = partitions.map((name) => printable(`/dev/${name}`)).join(", ");
    this.#observe({ event: "info", message: `partitions of ${this.#name}: ${paths}` });
  }

  /** What programs have written reaches the sessions, which still serve. */
  async flush(): Promise<void> {
    if (!this.#isWritable) return;
    this.#watcher?.order({ type: "flush" });
    for (let before = -1, requests = this.#requests; requests !== before;) {
      if (await withTimeout(this.#flushed.promise, FLUSH_SILENCE_MS)) return;
      before = requests;
      requests = this.#requests;
    }
    this.#warn(`what programs have written to ${this.#name} last may be missing`, [
      "the disk that it goes to does not answer",
    ]);
  }

  /** That the kernel has made until now. */
  get #requests(): number {
    const { state, sessions } = this.#options;
    return sessions.reduce((sum, session) => sum + state.countOf(session, SESSION_REQUESTS), 0);
  }

  /**
   * Makes the kernel release the device. Reads that still wait get EIO.
   * @returns when `ended`, or after a while with a thread stuck (in a disk that the image is on).
   */
  async end(): Promise<void> {
    if (this.#holder === undefined) {
      for (const socket of this.#kernelSockets) closeFd(socket);
      this.#kernelSockets = [];
      this.#release();
    }
    this.#watcher?.order({ type: "detach" });
    const { sessions, state } = this.#options;
    for (const session of sessions) ringEventFd(state.eventFd(session));
    if (await withTimeout(this.ended, POLITE_MS)) return;
    for (const thread of this.#threads) thread.cut();
    await withTimeout(this.ended, FIRM_MS);
  }

  #warn(message: string, hints: readonly string[] = []): void {
    this.#observe({ event: "warning", message, hints });
  }
}
