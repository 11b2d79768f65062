// Entry point of a thread that serves a mounted file: wiring only.
/// <reference lib="deno.worker" />
import { CachedFile } from "../session/cached_file.ts";
import { Interrupts } from "../fuse/interrupts.ts";
import { ParkedReads } from "../fuse/parked_reads.ts";
import { serveMount } from "../fuse/serve_mount.ts";
import { FileMap } from "../map/file_map.ts";
import { SESSION_BYTES, SESSION_REQUESTS, SharedState } from "../shared/shared_state.ts";
import { O_DIRECT } from "../sys/open_flags.ts";
import type { FuseInit, FuseMessage } from "./fuse_init.ts";
import { FuseBuffers, FuseKernel } from "./fuse_kernel.ts";

const tell = (message: FuseMessage) => self.postMessage(message);

self.onmessage = ({ data }: MessageEvent<FuseInit>) => {
  const { served, session, mode, uid, gid, timeMs } = data;
  const state = new SharedState(data.state, data.sessions);
  const map = FileMap.attach(served.map);
  const buffers = new FuseBuffers();
  const cached = new CachedFile({ ...served, map, state, session, output: buffers.output });
  // What goes through the page cache is read ahead by the kernel, and read again without us.
  const isComplete = () => served.touched === undefined && map.isFinished(0, served.size);
  const file = { mode, uid, gid, timeMs, isComplete };
  const kernel = new FuseKernel(data, state, buffers, cached);
  serveMount(kernel, file, new ParkedReads(cached), new Interrupts(data.interrupts), {
    timeoutMs: data.timeoutMs,
    directFlag: O_DIRECT,
    maxBackground: data.maxBackground,
    negotiated: (agreed) => tell({ type: "negotiated", agreed }),
    counters: {
      add(requests, bytes) {
        state.count(session, SESSION_REQUESTS, requests);
        state.count(session, SESSION_BYTES, bytes);
      },
    },
  });
  cached.endClient();
  buffers.release();
  tell({ type: "ended" });
  // By itself: for Worker.terminate the runtime starts a thread, and ends the process when there is none.
  self.close();
};
