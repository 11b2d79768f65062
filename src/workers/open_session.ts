// Opens a session on its own thread, whichever protocol it answers. Wiring only.
import { FileMap } from "../map/file_map.ts";
import { CachedFile } from "../session/cached_file.ts";
import { SESSION_BYTES, SESSION_REQUESTS, SharedState } from "../shared/shared_state.ts";
import type { NativeMemory } from "../sys/memory.ts";
import type { SessionInit } from "./session_init.ts";

/** A session on its own thread: the device behind its cache, and the session's part of the shared memory. */
export interface OpenSession {
  readonly state: SharedState;
  /** The session's number in it. */
  readonly number: number;
  readonly map: FileMap;
  readonly cached: CachedFile;
  /** Adds the requests that the session answers to its part of the shared memory. */
  readonly counters: { add(requests: number, bytes: number): void };
}

/** @param output the session's send buffer. */
export function openSession(init: SessionInit, output: NativeMemory): OpenSession {
  const { served, session } = init;
  const state = new SharedState(init.state, init.sessions);
  const map = FileMap.attach(served.map);
  return {
    state,
    number: session,
    map,
    cached: new CachedFile({ ...served, map, state, session, output }),
    counters: {
      add(requests, bytes) {
        state.count(session, SESSION_REQUESTS, requests);
        state.count(session, SESSION_BYTES, bytes);
      },
    },
  };
}
