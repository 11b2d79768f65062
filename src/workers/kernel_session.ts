// Entry point of a thread that answers one of the kernel's connections: wiring only.
/// <reference lib="deno.worker" />
import { CachedFile } from "../cache/cached_file.ts";
import { FileMap } from "../map/file_map.ts";
import { transmissionFlags } from "../nbd/export.ts";
import { ParkedReads } from "../nbd/parked_reads.ts";
import { serveKernel } from "../nbd/serve_client.ts";
import { SESSION_BYTES, SESSION_REQUESTS, SharedState } from "../shared/shared_state.ts";
import type { KernelSessionInit, KernelSessionMessage } from "./attach_init.ts";
import { SessionBuffers, SocketPeer } from "./socket_peer.ts";
import { writable } from "./writable.ts";

const tell = (message: KernelSessionMessage) => self.postMessage(message);

self.onmessage = ({ data }: MessageEvent<KernelSessionInit>) => {
  const { session, served, socket, timeoutMs } = data;
  const state = new SharedState(data.state, data.sessions);
  const buffers = new SessionBuffers();
  const map = FileMap.attach(served.map);
  const cached = new CachedFile({ ...served, map, state, session, output: buffers.output });
  const written = writable(served, cached, buffers, tell);
  const peer = new SocketPeer(socket, state.eventFd(session), buffers, cached);
  const counters = {
    add(requests: number, bytes: number) {
      state.count(session, SESSION_REQUESTS, requests);
      state.count(session, SESSION_BYTES, bytes);
    },
  };
  tell({ type: "serving", flags: transmissionFlags(false, written?.writer) });
  const { message } = serveKernel(peer, new ParkedReads(written ?? cached), {
    timeoutMs,
    counters,
  });
  cached.endClient();
  written?.writer.endClient();
  buffers.release();
  written?.writer.release();
  tell({ type: "ended", message });
  // By itself: for Worker.terminate the runtime starts a thread, and ends the process when there is none.
  self.close();
};
