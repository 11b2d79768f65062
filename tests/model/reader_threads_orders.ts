// What the threads of reader_threads_test need to begin. Each makes the device's bytes for itself.

export const SECTOR = 512;
export const DEVICE_BYTES = 16 * 2 ** 20;

export interface Orders {
  state: SharedArrayBuffer;
  sessions: number;
  map: SharedArrayBuffer;
  /** Descriptor. */
  image: number;
  /** Of a session worker; -1 for the reader's. */
  session: number;
  seed: number;
  bad: number[];
  /** Requests that a session makes. */
  requests: number;
}

/** What a session worker has seen. */
export interface Seen {
  hits: number;
  misses: number;
  unreadable: number;
  /** The first thing that was wrong, or "". */
  finding: string;
}
