// How many clients fit into the file descriptors that the system gives us. Pure.

/** What the runtime opens for a thread of ours: two epolls, an eventfd, a socket, and three copies of 0, 1, 2. */
export const WORKER_DESCRIPTORS = 7;
/** What it opens for a moment while a thread starts: the program, a library, what the kernel says of itself. */
export const STARTING_DESCRIPTORS = 3;
/** A session: its thread, the client's socket, what wakes it. */
export const SESSION_DESCRIPTORS = WORKER_DESCRIPTORS + 2;
/**
 * Descriptors that are left alone, so that a session can be started for those who are here; twice as many for TCP,
 * so that there is one left for the Unix socket.
 */
export const DOOR_ROOM = {
  unix: SESSION_DESCRIPTORS + STARTING_DESCRIPTORS,
  tcp: 2 * SESSION_DESCRIPTORS + STARTING_DESCRIPTORS,
};
/** The reader: its thread, what wakes it, an io_uring for block devices. */
const READER_DESCRIPTORS = WORKER_DESCRIPTORS + 3;
/**
 * Device and image, each opened a second time for a while, the pool's doorbell, and the directories that are held
 * open: the socket's, the map's, that of --record-domain.
 */
export const MEDIUM_DESCRIPTORS = 8;
/** A drive's watcher: its thread, the drive for a look, a file of sysfs. */
const WATCHER_DESCRIPTORS = WORKER_DESCRIPTORS + 2;
/** A mounted file: two threads, each with two ways to the kernel and what wakes it, and the file below. */
const MOUNT_DESCRIPTORS = 2 * (WORKER_DESCRIPTORS + 3) + 2;
/** An attached device: two connections with both their ends, and two threads that talk to the kernel. */
const ATTACH_DESCRIPTORS = 2 * (WORKER_DESCRIPTORS + 3) + 2 * (WORKER_DESCRIPTORS + 1);
/** An overlay and its map, or a device that is written to and its record. */
const WRITING_DESCRIPTORS = 4;
/** What saving the map opens: the new file, the directory, and a look at each. They are held for it. */
export const SAVING_DESCRIPTORS = 4;

/** Connections to the page that are worth having it: a stream of events, and a request for the map. */
const FEWEST_PAGE_CONNECTIONS = 4;

/** What a run wants. */
export interface DescriptorNeeds {
  /** Descriptors that can still be opened; counting may stop at any number that is plenty. */
  readonly free: number;
  readonly maxClients: number;
  /** TCP addresses to listen on, beside the Unix socket. */
  readonly tcpListeners: number;
  /** Most connections to the page; 0: there is none. */
  readonly pageConnections: number;
  readonly hasWatcher: boolean;
  readonly hasMount: boolean;
  readonly hasAttachment: boolean;
  readonly hasWriting: boolean;
}

/** What it gets; no clients at all: `missing` descriptors are too many to be without. */
export type DescriptorBudget =
  | { readonly clients: number; readonly pageConnections: number }
  | { readonly clients: 0; readonly missing: number };

/** Descriptors that make all wishes come true. */
export function descriptorsWanted(needs: Omit<DescriptorNeeds, "free">): number {
  return fixed(needs) + needs.pageConnections + needs.maxClients * SESSION_DESCRIPTORS;
}

/** One client comes first, then a usable page, then both share the rest. */
export function descriptorBudget(needs: DescriptorNeeds): DescriptorBudget {
  const { free, maxClients, pageConnections } = needs;
  const fewest = Math.min(pageConnections, FEWEST_PAGE_CONNECTIONS);
  const left = free - fixed(needs) - fewest - SESSION_DESCRIPTORS;
  if (left < 0) return { clients: 0, missing: -left };
  // The page takes a quarter at most, and what the clients do not need.
  const forClients = (maxClients - 1) * SESSION_DESCRIPTORS;
  const morePage = Math.min(
    pageConnections - fewest,
    Math.max(Math.floor(left / 4), left - forClients),
  );
  const more = Math.floor((left - morePage) / SESSION_DESCRIPTORS);
  return { clients: Math.min(maxClients, 1 + more), pageConnections: fewest + morePage };
}

function fixed(needs: Omit<DescriptorNeeds, "free">): number {
  return MEDIUM_DESCRIPTORS + READER_DESCRIPTORS + STARTING_DESCRIPTORS + SAVING_DESCRIPTORS +
    1 + needs.tcpListeners +
    // Clients by TCP leave room for one on the Unix socket: without it none of them would ever be let in.
    (needs.tcpListeners > 0 ? SESSION_DESCRIPTORS : 0) +
    // The page's own socket.
    (needs.pageConnections > 0 ? 1 : 0) +
    (needs.hasWatcher ? WATCHER_DESCRIPTORS : 0) +
    (needs.hasMount ? MOUNT_DESCRIPTORS : 0) +
    (needs.hasAttachment ? ATTACH_DESCRIPTORS : 0) +
    (needs.hasWriting ? WRITING_DESCRIPTORS : 0);
}
