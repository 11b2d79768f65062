// A thread that answers one of the kernel's connections, as main sees it.
import { closeFd } from "../sys/fd.ts";
import { SHUT_RDWR, shutdownSocket } from "../sys/socket.ts";
import type { Observer } from "./events.ts";
import type { KernelSessionInit, KernelSessionMessage } from "../workers/attach_init.ts";

/** Owns our end of the connection and closes it when the thread has ended: the kernel notices that. */
export class KernelThread {
  /** Resolves when the connection has ended, or the thread has died. */
  readonly ended: Promise<void>;
  /** Resolves when it waits for the kernel: the transmission flags that the kernel is to be told. */
  readonly serving: Promise<number>;
  readonly #socket: number;
  #isRunning = true;

  /** @param name of the device, for messages. */
  constructor(init: KernelSessionInit, name: string, observe: Observer) {
    this.#socket = init.socket;
    const worker = new Worker(new URL("../workers/kernel_session.ts", import.meta.url), {
      type: "module",
      name: `kernel ${init.session}`,
    });
    const ended = Promise.withResolvers<void>();
    const serving = Promise.withResolvers<number>();
    this.ended = ended.promise;
    this.serving = serving.promise;
    const end = () => {
      // An error may follow the message of the end: by then the numbers may be other files' descriptors.
      if (!this.#isRunning) return;
      this.#isRunning = false;
      closeFd(init.socket);
      ended.resolve();
    };
    worker.onmessage = ({ data }: MessageEvent<KernelSessionMessage>) => {
      if (data.type === "serving") return serving.resolve(data.flags);
      if (data.type === "warning") {
        return observe({ event: "warning", message: data.message, hints: data.hints });
      }
      if (data.message !== "") observe({ event: "debug", message: `${name}: ${data.message}` });
      end();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      observe({
        event: "warning",
        message: `a connection of ${name} has ended by an error of blkcache: ${event.message}`,
        hints: [],
      });
      end();
    };
    worker.postMessage(init);
  }

  /** Ends the connection, whatever the thread is doing. */
  cut(): void {
    if (this.#isRunning) shutdownSocket(this.#socket, SHUT_RDWR);
  }
}
