// Entry point of a thread that serves a mounted file: wiring only.
/// <reference lib="deno.worker" />
import { Interrupts } from "../fuse/interrupts.ts";
import { ParkedReads } from "../fuse/parked_reads.ts";
import { serveMount } from "../fuse/serve_mount.ts";
import { O_DIRECT } from "../sys/open_flags.ts";
import type { FuseInit, FuseMessage } from "./fuse_init.ts";
import { FuseBuffers, FuseKernel } from "./fuse_kernel.ts";
import { MainThread } from "./main_thread.ts";
import { openSession } from "./open_session.ts";

const main = new MainThread<FuseInit, FuseMessage>();

main.obey((init) => {
  const { served, mode, uid, gid, timeMs, timeoutMs, maxBackground } = init;
  const buffers = new FuseBuffers();
  const { state, map, cached, counters } = openSession(init, buffers.output);
  // The kernel reads ahead in its page cache and re-reads from it without us: --record-domain would miss those reads.
  const isComplete = () => served.touched === undefined && map.isFinished(0, served.size);
  const file = { mode, uid, gid, timeMs, isComplete };
  const kernel = new FuseKernel(init, state, buffers, cached);
  serveMount(kernel, file, new ParkedReads(cached), new Interrupts(init.interrupts), {
    timeoutMs,
    directFlag: O_DIRECT,
    maxBackground,
    negotiated: (agreed) => main.tell({ type: "ready", agreed }),
    counters,
  });
  cached.endClient();
  buffers.release();
  main.end();
});
