// Where the finished bytes of an image or an overlay are holes, for clients that ask for NBD's block status.
import type { DescribedExtent } from "../nbd/backend.ts";
import { ENXIO } from "../sys/errno.ts";
import { trySeekData, trySeekHole } from "../sys/fd.ts";

/**
 * Says whether `extent`, which begins at `offset` and which the map calls finished, is a hole of the file; cuts
 * it where that changes. The map is asked first: a hole in a `+` extent reads as zeros, now and later.
 */
export function describeData(fd: number, offset: number, extent: DescribedExtent): void {
  extent.zero = false;
  const data = trySeekData(fd, offset);
  // No data until the end of the file; behind that there is nothing, which is not zero but lost.
  if (data === -ENXIO) extent.zero = trySeekHole(fd, extent.end - 1) >= 0;
  else if (data > offset) {
    extent.zero = true;
    extent.end = Math.min(extent.end, data);
  } else if (data === offset) {
    const hole = trySeekHole(fd, offset);
    if (hole > offset) extent.end = Math.min(extent.end, hole);
  }
}
