// How much memory a run may have, looked at once at its start. Main thread.
import { formatSize } from "../base/sizes.ts";
import { memoryLimit, readKernelFile } from "../host/memory_limit.ts";
import { adviseRandom, shareHeap } from "../sys/memory.ts";
import type { Observer } from "./events.ts";
import type { ServeOptions } from "./serve_options.ts";

const MIB = 1024 * 1024;
/** What a run needs with one client, measured in a control group: see README. */
const LEAST_BYTES = 96 * MIB;
/** The same with a mounted or an attached device, whose sessions are threads of their own; with a page too. */
const LEAST_WITH_MORE_BYTES = 128 * MIB;
/** Below this the pages of the image would crowd out the program's own; above, they speed up hits. */
const SHORT_BYTES = 384 * MIB;

/**
 * Whether memory must be spared. Says so when there is less than the run needs.
 * @param limit bytes.
 */
export function isMemoryShort(
  { mount, attach }: ServeOptions,
  observe: Observer,
  limit = memoryLimit(),
): boolean {
  if (limit >= SHORT_BYTES) return false;
  shareHeap();
  const hasMore = mount !== undefined || attach !== undefined;
  const least = hasMore ? LEAST_WITH_MORE_BYTES : LEAST_BYTES;
  if (limit < LEAST_BYTES) readCodeInSmallPieces();
  if (limit < least) {
    observe({
      event: "warning",
      message: `there are ${formatSize(limit)} of memory for blkcache, and it needs ${
        formatSize(least)
      }: it may become very slow, or be ended by the kernel`,
      hints: ["end other programs, or give it more; the map is saved while it runs"],
    });
  }
  return true;
}

/**
 * The kernel reads what lies around a page of code as well, which pushes other pages out when there is no room
 * even for what is needed: signals are heard sooner without it, though all else takes longer.
 */
function readCodeInSmallPieces(): void {
  for (const line of (readKernelFile("/proc/self/maps") ?? "").split("\n")) {
    const [, start, end] = /^([\da-f]+)-([\da-f]+) r.* \//.exec(line) ?? [];
    if (start === undefined) continue;
    const from = BigInt(`0x${start}`);
    adviseRandom(from, BigInt(`0x${end}`) - from);
  }
}
