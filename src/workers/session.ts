// Entry point of a session worker: accepts one client at a time, serves it, accepts the next. Wiring only.
/// <reference lib="deno.worker" />
import { CachedFile } from "../cache/cached_file.ts";
import { FileMap } from "../map/file_map.ts";
import {
  PARKED_PER_SESSION,
  PHASE_SERVING,
  SESSION_BYTES,
  SESSION_REQUESTS,
  SharedState,
} from "../shared/shared_state.ts";
import { SharedText } from "../shared/shared_text.ts";
import { drainEventFd } from "../sys/eventfd.ts";
import { closeFd } from "../sys/fd.ts";
import { EAGAIN, ECONNABORTED } from "../sys/errno.ts";
import { POLLIN, PollSet } from "../sys/poll.ts";
import { prepareClient, tryAccept } from "../sys/socket.ts";
import type { Target, Unavailable } from "../nbd/export.ts";
import { ParkedReads } from "../nbd/parked_reads.ts";
import { serveClient } from "../nbd/serve_client.ts";
import type { ServedMedium, SessionInit, SessionMessage } from "./session_init.ts";
import { SessionBuffers, SocketPeer } from "./socket_peer.ts";
import { writable } from "./writable.ts";

/** What the system keeps of replies that a client has not taken yet: a request of ordinary size. */
const SEND_BUFFER_BYTES = 1024 * 1024;
/** Pause after accept has failed for want of descriptors or memory, milliseconds. */
const ACCEPT_PAUSE_MS = 200;

const tell = (message: SessionMessage) => self.postMessage(message);

self.onmessage = ({ data }: MessageEvent<SessionInit>) => {
  const state = new SharedState(data.state, data.sessions);
  const buffers = new SessionBuffers();
  const { served } = data;
  const cached = served instanceof SharedArrayBuffer ? undefined : new CachedFile({
    ...served,
    map: FileMap.attach(served.map),
    state,
    session: data.session,
    output: buffers.output,
  });
  const written = cached && writable(served as ServedMedium, cached, buffers, tell);
  const target = cached
    ? new ParkedReads(written ?? cached)
    : new Reason(served as SharedArrayBuffer);
  const counters = {
    add(requests: number, bytes: number) {
      state.count(data.session, SESSION_REQUESTS, requests);
      state.count(data.session, SESSION_BYTES, bytes);
    },
  };
  const eventFd = state.eventFd(data.session);
  let lastViolation = "";
  for (;;) {
    const socket = acceptClient(data, state, target, cached);
    if (socket < 0) break;
    state.publishSocket(data.session, socket);
    tell({ type: "busy" });
    let message = "";
    try {
      const peer = new SocketPeer(socket, eventFd, buffers, cached);
      const options = { timeoutMs: data.timeoutMs, counters };
      const end = serveClient(peer, data.export, target, options);
      message = end.message;
      // Once for each cause: a client that comes again and again shall not fill a log.
      if (end.reason === "violation" && message !== lastViolation) {
        lastViolation = message;
        tell({ type: "warning", message: `a client was disconnected: ${message}`, hints: [] });
      }
    } finally {
      state.retractSocket(data.session);
      closeFd(socket);
    }
    cached?.endClient();
    written?.writer.endClient();
    buffers.output.discard();
    tell({ type: "left", message });
  }
  buffers.release();
  written?.writer.release();
  tell({ type: "ended" });
  // By itself: for Worker.terminate the runtime starts a thread, and ends the process when there is none.
  self.close();
};

/** Why there is nothing to serve, as it is when a client asks. */
class Reason implements Unavailable {
  readonly #text: SharedText;

  constructor(text: SharedArrayBuffer) {
    this.#text = new SharedText(text);
  }

  get unavailable(): string {
    return this.#text.get();
  }
}

/**
 * Blocks until a client is there. Woken by the session's eventfd.
 * @returns its socket, or -1 when the run is over or nobody needs this session any more.
 */
function acceptClient(
  data: SessionInit,
  state: SharedState,
  target: Target,
  cached: CachedFile | undefined,
): number {
  const eventFd = state.eventFd(data.session);
  const poll = new PollSet(data.listeners.length + 1);
  poll.set(data.listeners.length, eventFd, POLLIN);
  let pauseMs = 0;
  let isFree = true;
  while (state.phase === PHASE_SERVING) {
    // Reads of the last client that the device still works on end by ringing the eventfd.
    while (target instanceof ParkedReads && target.nextEnded() >= 0);
    const waiting = cached?.waiting ?? 0;
    const isDismissed = state.isDismissed(data.session);
    if (isDismissed && waiting === 0) break;
    // Another session takes the next client as long as the device works on much of what the last has left.
    const takesNext: boolean = !isDismissed && waiting <= PARKED_PER_SESSION / 2;
    if (takesNext !== isFree) tell({ type: takesNext ? "free" : "occupied" });
    isFree = takesNext;
    const ready = isFree && pauseMs === 0;
    data.listeners.forEach((fd, index) => poll.set(index, ready ? fd : -1, POLLIN));
    if (cached?.armWakeUp() ?? true) poll.wait(ready ? -1 : Math.max(pauseMs, ACCEPT_PAUSE_MS));
    cached?.disarmWakeUp();
    drainEventFd(eventFd);
    pauseMs = 0;
    for (const [index, fd] of data.listeners.entries()) {
      if (poll.revents(index) === 0) continue;
      const socket = tryAccept(fd);
      if (socket >= 0) {
        prepareClient(socket, SEND_BUFFER_BYTES);
        return socket;
      }
      if (socket !== -EAGAIN && socket !== -ECONNABORTED) pauseMs = ACCEPT_PAUSE_MS;
    }
  }
  return -1;
}
