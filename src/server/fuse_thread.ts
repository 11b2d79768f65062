// A thread that serves a mounted file, as main sees it.
import { closeFd } from "../sys/fd.ts";
import type { Lanes } from "./fuse_device.ts";
import type { FuseInit, FuseMessage } from "../workers/fuse_init.ts";

/** Owns the thread's two lanes and closes them when it has ended: the kernel then fails what it had. */
export class FuseThread {
  readonly session: number;
  readonly lanes: Lanes;
  /** False: its lanes are closed. */
  isRunning = true;
  /** Resolves when the file is no longer mounted, or the thread has died. */
  readonly ended: Promise<void>;
  /** Resolves if it was this thread that the kernel has talked to first: whether they have agreed. */
  readonly negotiated: Promise<boolean>;

  /** @param died is told when it has ended by an error of ours. */
  constructor(init: FuseInit, died: (error: string) => void) {
    this.session = init.session;
    this.lanes = init.lanes;
    const worker = new Worker(new URL("../workers/fuse.ts", import.meta.url), {
      type: "module",
      name: `fuse ${init.session}`,
    });
    const ended = Promise.withResolvers<void>();
    const negotiated = Promise.withResolvers<boolean>();
    this.ended = ended.promise;
    this.negotiated = negotiated.promise;
    const end = () => {
      // An error may follow the message of the end: by then the numbers may be other files' descriptors.
      if (!this.isRunning) return;
      this.isRunning = false;
      for (const fd of init.lanes) closeFd(fd);
      ended.resolve();
    };
    worker.onmessage = ({ data }: MessageEvent<FuseMessage>) => {
      if (data.type === "negotiated") negotiated.resolve(data.agreed);
      else end();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      died(event.message);
      end();
    };
    worker.postMessage(init);
  }
}
