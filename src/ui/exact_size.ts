// Sizes for those who compare them.

import { formatSize } from "../base/sizes.ts";

/** `1.5 MiB (1572864 bytes)`. */
export function exactSize(bytes: number): string {
  return bytes < 1024 ? formatSize(bytes) : `${formatSize(bytes)} (${bytes} bytes)`;
}
