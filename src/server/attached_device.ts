// One attachment to the kernel, from its connections to its end: the threads that answer them, the thread that
// the kernel keeps meanwhile, and the one that has partitions looked for. Main thread; nothing here waits for
// the device, and nothing here opens it.
import { printable } from "../base/printable.ts";
import { UserError } from "../base/errors.ts";
import { freeKernelDevice } from "../file/kernel_device.ts";
import { NBD_FLAG_READ_ONLY } from "../nbd/constants.ts";
import { kernelBlocks, kernelTimeoutSeconds } from "../nbd/kernel_export.ts";
import type { SharedState } from "../shared/shared_state.ts";
import { EPERM, errnoMessage, errnoName } from "../sys/errno.ts";
import { ringEventFd } from "../sys/eventfd.ts";
import { closeFd } from "../sys/fd.ts";
import { socketPair } from "../sys/socket.ts";
import type { AttachMessage, AttachOrder } from "../workers/attach_init.ts";
import type { ServedMedium } from "../workers/session_init.ts";
import type { Observer } from "./events.ts";
import { KernelThread } from "./kernel_thread.ts";
import { withTimeout } from "./with_timeout.ts";

/** How long the kernel may take to set the device up, milliseconds. */
const START_MS = 20_000;
/** How long it may take to let go: first it is asked, then its connections are cut. Milliseconds. */
const POLITE_MS = 500;
const FIRM_MS = 1000;
/** How long what was written may take to be passed on at the end, milliseconds. */
const FLUSH_MS = 1500;

/** What to attach, and as which device. */
export interface AttachOptions {
  /** The device, as it was named on the command line. */
  readonly path: string;
  readonly state: SharedState;
  /** Session numbers that nobody else uses, with eventfds: one connection each. */
  readonly sessions: readonly number[];
  readonly served: ServedMedium;
  readonly timeoutMs: number;
}

/** See the head of this file. */
export class AttachedDevice {
  /** Resolves when no thread uses image and shared memory any more. */
  readonly ended: Promise<void>;
  readonly #options: AttachOptions;
  readonly #observe: Observer;
  readonly #name: string;
  readonly #threads: readonly KernelThread[];
  /** The other ends of their connections, until the holder has them. */
  #kernelSockets: readonly number[];
  #holder: Worker | undefined;
  #watcher: Worker | undefined;
  #isWritable = false;
  readonly #answer = Promise.withResolvers<AttachMessage>();
  readonly #flushed = Promise.withResolvers<void>();
  readonly #released = Promise.withResolvers<void>();

  /**
   * Attaches and waits until the kernel has the device.
   * @throws {UserError} when that cannot be; nothing is left behind then.
   */
  static async start(options: AttachOptions, observe: Observer): Promise<AttachedDevice> {
    const { device } = freeKernelDevice(options.path);
    const { size, sectorSize } = options.served;
    if (kernelBlocks(size, sectorSize).blocks === 0) {
      throw new UserError(`${size} bytes are too few for a block device of the kernel's`, {
        hints: ["leave --attach out: NBD clients take any size"],
      });
    }
    const attached = new AttachedDevice(options, observe);
    try {
      await attached.#begin(device);
    } catch (error) {
      await attached.end();
      throw error;
    }
    return attached;
  }

  private constructor(options: AttachOptions, observe: Observer) {
    this.#options = options;
    this.#observe = observe;
    this.#name = `"${printable(options.path)}"`;
    const { state, sessions, served, timeoutMs } = options;
    const pairs = sessions.map(() => socketPair());
    this.#kernelSockets = pairs.map(([, kernels]) => kernels);
    this.#threads = sessions.map((session, index) =>
      new KernelThread(
        {
          state: state.buffer,
          sessions: state.sessions,
          session,
          served,
          timeoutMs,
          socket: pairs[index]![0],
        },
        this.#name,
        observe,
      )
    );
    this.ended = Promise.all([this.#released.promise, ...this.#threads.map(({ ended }) => ended)])
      .then(() => {
        this.#holder?.terminate();
        this.#watcher?.terminate();
      });
  }

  /** @param device its packed number. @throws {UserError} when the kernel does not take it. */
  async #begin(device: number): Promise<void> {
    const { path, served, timeoutMs } = this.#options;
    const [flags] = await this.#inTime(Promise.all(this.#threads.map(({ serving }) => serving)));
    this.#isWritable = (flags! & NBD_FLAG_READ_ONLY) === 0;
    const sockets = this.#kernelSockets;
    this.#kernelSockets = [];
    const blocks = kernelBlocks(served.size, served.sectorSize);
    const timeoutSeconds = kernelTimeoutSeconds(timeoutMs);
    const exported = { ...blocks, flags: flags!, timeoutSeconds };
    this.#holder = this.#start({ type: "hold", path, sockets, exported });
    this.#watcher = this.#start({ type: "watch", path, device });
    const answer = await this.#inTime(this.#answer.promise);
    if (answer.type === "attached") return this.#sayAttached();
    const errno = "errno" in answer ? answer.errno : 0;
    throw this.#refusal(
      errno === 0 ? "it was detached" : `${errnoMessage(errno)} (${errnoName(errno)})`,
      errno === EPERM ? "run it as root" : "dmesg may say why; or name another device",
    );
  }

  async #inTime<T>(promise: Promise<T>): Promise<T> {
    if (await withTimeout(promise, START_MS)) return await promise;
    throw this.#refusal("the kernel does not answer", "dmesg may say why");
  }

  #refusal(reason: string, hint: string): UserError {
    return new UserError(`cannot attach ${this.#name}: ${reason}`, { hints: [hint] });
  }

  #start(order: AttachOrder): Worker {
    const worker = new Worker(new URL("../workers/attach.ts", import.meta.url), {
      type: "module",
      name: order.type,
    });
    worker.onmessage = ({ data }: MessageEvent<AttachMessage>) => this.#hear(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#warn(`a thread of ${this.#name} has ended by an error of blkcache: ${event.message}`);
      if (order.type === "hold") this.#hear({ type: "detached", errno: 0 });
    };
    worker.postMessage(order);
    return worker;
  }

  #hear(message: AttachMessage): void {
    if (message.type === "scanned") return this.#sayPartitions(message.partitions);
    if (message.type === "flushed") return this.#flushed.resolve();
    this.#answer.resolve(message);
    if (message.type !== "attached") this.#release();
  }

  /** The kernel's ends of the connections are closed: nobody talks to ours any more. */
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

  /** What programs have written reaches the sessions, unless that takes too long. They still serve. */
  async flush(): Promise<void> {
    if (!this.#isWritable) return;
    this.#order({ type: "flush" });
    await withTimeout(this.#flushed.promise, FLUSH_MS);
  }

  /**
   * Has the kernel let go. What still waits for a read is told EIO.
   * @returns when `ended`, or after a while with a thread stuck (in a disk that the image is on).
   */
  async end(): Promise<void> {
    if (this.#holder === undefined) {
      for (const socket of this.#kernelSockets) closeFd(socket);
      this.#kernelSockets = [];
      this.#release();
    }
    this.#order({ type: "detach" });
    const { sessions, state } = this.#options;
    for (const session of sessions) ringEventFd(state.eventFd(session));
    if (await withTimeout(this.ended, POLITE_MS)) return;
    for (const thread of this.#threads) thread.cut();
    await withTimeout(this.ended, FIRM_MS);
  }

  #order(order: AttachOrder): void {
    this.#watcher?.postMessage(order);
  }

  #warn(message: string, hints: readonly string[] = []): void {
    this.#observe({ event: "warning", message, hints });
  }
}
