// Entry point of a thread that answers one of the kernel's connections: wiring only.
/// <reference lib="deno.worker" />
import { CachedFile } from "../session/cached_file.ts";
import { FileMap } from "../map/file_map.ts";
import { transmissionFlags } from "../nbd/export.ts";
import { type Negotiated, SIMPLE } from "../nbd/negotiated.ts";
import { ParkedReads } from "../nbd/parked_reads.ts";
import { serveClient } from "../nbd/serve_client.ts";
import type { SessionEnd } from "../nbd/session_end.ts";
import { MemoryBudget, POOL_REPLIES } from "../shared/memory_budget.ts";
import { SESSION_BYTES, SESSION_REQUESTS, SharedState } from "../shared/shared_state.ts";
import type { KernelSessionInit, KernelSessionMessage } from "./attach_init.ts";
import { SessionBuffers, SocketPeer } from "./socket_peer.ts";
import { writable } from "./writable.ts";

/** It takes what `transmissionFlags(false)` says. */
const KERNEL_CLIENT: Negotiated = { mode: SIMPLE, contexts: [] };

const tell = (message: KernelSessionMessage) => self.postMessage(message);

self.onmessage = ({ data }: MessageEvent<KernelSessionInit>) => {
  const { session, served, socket, timeoutMs } = data;
  const state = new SharedState(data.state, data.sessions);
  const buffers = new SessionBuffers();
  const map = FileMap.attach(served.map);
  const cached = new CachedFile({ ...served, map, state, session, output: buffers.output });
  const written = writable(served, cached, buffers, tell);
  const memory = new MemoryBudget(state, session, POOL_REPLIES);
  const peer = new SocketPeer(socket, state.eventFd(session), buffers, cached, memory);
  const counters = {
    add(requests: number, bytes: number) {
      state.count(session, SESSION_REQUESTS, requests);
      state.count(session, SESSION_BYTES, bytes);
    },
  };
  tell({ type: "serving", flags: transmissionFlags(false, written?.writer) });
  const parked = new ParkedReads(written ?? cached);
  let end: SessionEnd;
  // The kernel does not negotiate. While it is silent, the memory is given back.
  while (
    (end = serveClient(peer, parked, KERNEL_CLIENT, { timeoutMs, counters })).reason === "idle"
  ) {
    cached.endClient();
    written?.writer.endClient();
    peer.giveRoomBack();
    buffers.output.discard();
  }
  cached.endClient();
  written?.writer.endClient();
  buffers.release();
  written?.writer.release();
  tell({ type: "ended", message: end.message });
  // By itself: for Worker.terminate the runtime starts a thread, and ends the process when there is none.
  self.close();
};
