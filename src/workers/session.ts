// Entry point of a session worker: serves the clients that main hands to it, one after the other. Wiring only.
/// <reference lib="deno.worker" />
import { CachedFile } from "../session/cached_file.ts";
import { FileMap } from "../map/file_map.ts";
import { unpackNegotiated } from "../nbd/negotiated.ts";
import { ParkedReads } from "../nbd/parked_reads.ts";
import { serveClient } from "../nbd/serve_client.ts";
import type { SessionEnd } from "../nbd/session_end.ts";
import { MemoryBudget, POOL_REPLIES } from "../shared/memory_budget.ts";
import {
  PARKED_PER_SESSION,
  PHASE_SERVING,
  SESSION_BYTES,
  SESSION_REQUESTS,
  SharedState,
} from "../shared/shared_state.ts";
import { drainEventFd } from "../sys/eventfd.ts";
import { closeFd } from "../sys/fd.ts";
import { POLLIN, PollSet } from "../sys/poll.ts";
import type { SessionInit, SessionMessage } from "./session_init.ts";
import { SessionBuffers, SocketPeer } from "./socket_peer.ts";
import { writable } from "./writable.ts";

const tell = (message: SessionMessage) => self.postMessage(message);

self.onmessage = ({ data }: MessageEvent<SessionInit>) => {
  const { served, session, timeoutMs } = data;
  const state = new SharedState(data.state, data.sessions);
  const buffers = new SessionBuffers();
  const cached = new CachedFile({
    ...served,
    map: FileMap.attach(served.map),
    state,
    session,
    output: buffers.output,
  });
  const memory = new MemoryBudget(state, session, POOL_REPLIES);
  const written = writable(served, cached, buffers, tell);
  const parked = new ParkedReads(written ?? cached);
  const counters = {
    add(requests: number, bytes: number) {
      state.count(session, SESSION_REQUESTS, requests);
      state.count(session, SESSION_BYTES, bytes);
    },
  };
  const eventFd = state.eventFd(session);
  tell({ type: "started" });
  while (awaitClient(state, session, cached)) {
    const socket = state.socket(session);
    let end: SessionEnd = { reason: "gone", message: "" };
    const peer = new SocketPeer(socket, eventFd, buffers, cached, memory);
    try {
      const negotiated = unpackNegotiated(state.negotiated(session));
      end = serveClient(peer, parked, negotiated, { timeoutMs, counters });
    } finally {
      state.retractSocket(session);
      if (end.reason !== "idle") closeFd(socket);
    }
    cached.endClient();
    written?.writer.endClient();
    peer.giveRoomBack();
    buffers.output.discard();
    if (end.reason === "violation") tell({ type: "violation", message: end.message });
    const isFree = takesNext(cached);
    if (end.reason === "idle") tell({ type: "idle", isFree });
    else tell({ type: "left", message: end.message, isFree });
  }
  buffers.release();
  written?.writer.release();
  tell({ type: "ended" });
  // By itself: for Worker.terminate the runtime starts a thread, and ends the process when there is none.
  self.close();
};

/** Others take the next client as long as the device works on much of what the last one has left. */
function takesNext({ pending }: CachedFile): boolean {
  return pending.underWay <= PARKED_PER_SESSION / 2;
}

/**
 * Blocks until there is a client. Woken by the session's eventfd.
 * @returns false when the run is over, or nobody needs this session any more.
 */
function awaitClient(
  state: SharedState,
  session: number,
  cached: CachedFile,
): boolean {
  const eventFd = state.eventFd(session);
  const poll = new PollSet(1);
  poll.set(0, eventFd, POLLIN);
  let isFree = takesNext(cached);
  for (;;) {
    if (state.socket(session) >= 0) return true;
    if (state.phase !== PHASE_SERVING) return false;
    // Reads of the last client that the device still works on end by ringing the eventfd.
    while (cached.nextEnded() >= 0);
    if (state.isDismissed(session) && cached.pending.underWay === 0) return false;
    if (!isFree && takesNext(cached)) {
      isFree = true;
      tell({ type: "free" });
    }
    if (cached.armWakeUp()) poll.wait(-1);
    cached.disarmWakeUp();
    drainEventFd(eventFd);
  }
}
