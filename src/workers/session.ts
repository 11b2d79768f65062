// Entry point of a session worker: serves the clients that main hands to it, one after the other. Wiring only.
/// <reference lib="deno.worker" />
import { unpackNegotiated } from "../nbd/negotiated.ts";
import type { SessionEnd } from "../nbd/session_end.ts";
import type { CachedFile } from "../session/cached_file.ts";
import { PARKED_PER_SESSION } from "../shared/shared_state.ts";
import { drainEventFd } from "../sys/eventfd.ts";
import { closeFd } from "../sys/fd.ts";
import { POLLIN, PollSet } from "../sys/poll.ts";
import { MainThread } from "./main_thread.ts";
import { NbdSession } from "./nbd_session.ts";
import type { SessionInit, SessionMessage } from "./session_init.ts";

const main = new MainThread<SessionInit, SessionMessage>();
const { tell } = main;

main.obey((init) => {
  const session = new NbdSession(init, tell);
  const { state, number, cached } = session;
  tell({ type: "ready" });
  while (awaitClient(session)) {
    const socket = state.socket(number);
    const peer = session.peer(socket);
    let end: SessionEnd = { reason: "gone", message: "" };
    try {
      end = session.serve(peer, unpackNegotiated(state.negotiated(number)));
    } finally {
      state.retractSocket(number);
      if (end.reason !== "idle") closeFd(socket);
    }
    session.endClient(peer);
    if (end.reason === "violation") tell({ type: "violation", message: end.message });
    const isFree = takesNext(cached);
    if (end.reason === "idle") tell({ type: "idle", isFree });
    else tell({ type: "left", message: end.message, isFree });
  }
  session.release();
  main.end();
});

/** Other sessions take the next client while the device still works on much of what the last client asked for. */
function takesNext({ pending }: CachedFile): boolean {
  return pending.underWay <= PARKED_PER_SESSION / 2;
}

/**
 * Blocks until there is a client. Woken by the session's eventfd.
 * @returns false when the run is over, or main has dismissed this session.
 */
function awaitClient({ state, number, eventFd, cached }: NbdSession): boolean {
  const poll = new PollSet(1);
  poll.set(0, eventFd, POLLIN);
  let isFree = takesNext(cached);
  for (;;) {
    if (state.socket(number) >= 0) return true;
    if (state.ending) return false;
    // Reads of the last client that the device still works on end by ringing the eventfd.
    while (cached.nextEnded() >= 0);
    if (state.isDismissed(number) && cached.pending.underWay === 0) return false;
    if (!isFree && takesNext(cached)) {
      isFree = true;
      tell({ type: "free" });
    }
    if (cached.armWakeUp()) poll.wait(-1);
    cached.disarmWakeUp();
    drainEventFd(eventFd);
  }
}
