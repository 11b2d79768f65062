// Fits a run into what the system lets the process have, before anything is opened. Main thread.
import { UserError } from "../base/errors.ts";
import { detect } from "../device/detect.ts";
import { Removable } from "../device/removable.ts";
import { freeDescriptors } from "../sys/process_limits.ts";
import { KERNEL_THREADS } from "./attached_device.ts";
import { KERNEL_CONNECTIONS } from "./attachment.ts";
import { descriptorBudget, descriptorsWanted } from "./descriptor_budget.ts";
import { FUSE_THREADS } from "./fuse_mount.ts";
import type { ServeOptions } from "./serve_options.ts";
import { POOL_THREADS, requireThreads } from "./thread_room.ts";

/** What a run gets. */
export interface Fitted {
  readonly options: ServeOptions;
  /** Most connections to the page. */
  readonly pageConnections: number;
  /** Says what the limits have cut down: a sentence and hints. */
  readonly warning: { readonly message: string; readonly hints: readonly string[] } | undefined;
}

const HINTS = ["raise the limit: ulimit -n 1024, or LimitNOFILE=1024 in a systemd unit"];

/** What is no device at all is for the run to say. */
function isDrive(devicePath: string): boolean {
  try {
    return detect(devicePath) === Removable;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/**
 * @param pageConnections wanted; 0 without a page.
 * @throws {UserError} when not even one client could be served.
 */
export function fitToLimits(options: ServeOptions, pageConnections: number): Fitted {
  const { maxClients, mount, attach, overlayPath, writeThrough } = options;
  const hasWatcher = !options.offline && isDrive(options.devicePath);
  const needs = {
    maxClients,
    tcpListeners: options.listen.length,
    pageConnections,
    hasWatcher,
    hasMount: mount !== undefined,
    hasAttachment: attach !== undefined,
    hasWriting: writeThrough || overlayPath !== undefined,
  };
  const free = freeDescriptors(descriptorsWanted(needs));
  const budget = descriptorBudget({ ...needs, free });
  if ("missing" in budget) {
    throw new UserError(
      `the limit of file descriptors is ${budget.missing} too low to serve even one client`,
      {
        hints: HINTS,
      },
    );
  }
  const threads = 2 + (hasWatcher ? 1 : 0) +
    (mount === undefined ? 0 : FUSE_THREADS) +
    (attach === undefined ? 0 : KERNEL_CONNECTIONS + KERNEL_THREADS);
  requireThreads(
    threads,
    `the ${threads + POOL_THREADS} threads that are needed to serve anybody`,
    POOL_THREADS,
  );
  return {
    options: { ...options, maxClients: budget.clients },
    pageConnections: budget.pageConnections,
    warning: budget.clients === maxClients ? undefined : {
      message: `there are too few file descriptors for ${maxClients} clients at a time: ` +
        `${budget.clients} can be served, more wait`,
      hints: HINTS,
    },
  };
}
