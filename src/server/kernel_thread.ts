// A thread that answers one of the kernel's connections, as main sees it.
import { closeFd } from "../sys/fd.ts";
import { SHUT_RDWR, shutdownSocket } from "../sys/socket.ts";
import type { KernelSessionInit, KernelSessionMessage } from "../workers/attach_init.ts";
import type { DescriptorUsers } from "./descriptor_users.ts";
import type { Observer } from "./events.ts";
import { Thread } from "./thread.ts";

/** Owns our end of the connection and closes it when the thread has ended: the kernel notices that. */
export class KernelThread {
  readonly #socket: number;
  readonly #thread: Thread<KernelSessionInit, KernelSessionMessage>;

  /** @param name of the device, for messages. */
  constructor(init: KernelSessionInit, name: string, users: DescriptorUsers, observe: Observer) {
    const { session, socket } = init;
    this.#socket = socket;
    const entry = new URL("../workers/kernel_session.ts", import.meta.url);
    this.#thread = new Thread(entry, `kernel ${session}`, {
      heard(message) {
        if (message.type === "warning") {
          observe({ event: "warning", message: message.message, hints: message.hints });
        } else if (message.type === "left") {
          observe({ event: "debug", message: `${name}: ${message.message}` });
        }
      },
      ended(error) {
        closeFd(socket);
        if (error === undefined) return;
        observe({
          event: "warning",
          message: `a connection of ${name} has ended by an error of blkcache: ${error}`,
          hints: [],
        });
      },
    }, users);
    this.#thread.order(init);
  }

  /** Resolves when the connection has ended, or the thread has died. */
  get ended(): Promise<void> {
    return this.#thread.ended;
  }

  /**
   * Resolves when it waits for the kernel, with the transmission flags that the kernel is to be told; undefined: it has
   * ended before.
   */
  get serving(): Promise<number | undefined> {
    return this.#thread.ready.then(({ flags }) => flags, () => undefined);
  }

  /** Ends the connection, whatever the thread is doing. */
  cut(): void {
    if (this.#thread.isRunning) shutdownSocket(this.#socket, SHUT_RDWR);
  }
}
