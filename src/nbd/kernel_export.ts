// How the Linux kernel's NBD client learns of an export: it does not negotiate.

/** What the kernel waits beyond the time after which a client gets an error. */
const GRACE_SECONDS = 30;
/**
 * For clients that wait for ever. Some kernels take 0 for 30 seconds, and then give up one connection after
 * the other; more than 2^31 ticks of a thousandth of a second is too much.
 */
const FOR_EVER_SECONDS = 1_000_000;

const LARGEST_BLOCK = 4096;
const SMALLEST_BLOCK = 512;

/**
 * The kernel counts in blocks: of the sector size if that can be, else the largest that the size is a
 * multiple of. Bytes behind the last multiple of 512 are not part of the device.
 * @returns the block size in bytes, and the number of blocks.
 */
export function kernelBlocks(
  size: number,
  sectorSize: number,
): { blockSize: number; blocks: number } {
  let blockSize = SMALLEST_BLOCK;
  while (
    blockSize < LARGEST_BLOCK && sectorSize % (blockSize * 2) === 0 && size % (blockSize * 2) === 0
  ) blockSize *= 2;
  return { blockSize, blocks: Math.floor(size / blockSize) };
}

/** How long a connection may leave a request of the kernel's unanswered: longer than the session does. */
export function kernelTimeoutSeconds(timeoutMs: number): number {
  return timeoutMs === 0 ? FOR_EVER_SECONDS : Math.ceil(timeoutMs / 1000) + GRACE_SECONDS;
}
