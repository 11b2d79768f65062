// How main makes threads leave that block in the kernel's queue of readers: nothing but a request, or the end
// of the mount, wakes them there. A notice to the kernel that asks for cached bytes of the file comes back as a
// request (FUSE_NOTIFY_REPLY), and no program waits for it; one thread receives it.
// Source: include/uapi/linux/fuse.h, struct fuse_notify_retrieve_out.

import { FUSE_NOTIFY_RETRIEVE, FUSE_OUT_HEADER_BYTES, FUSE_ROOT_ID } from "./constants.ts";

const NOTIFY_RETRIEVE_OUT_BYTES = 32;

/** The notice, which asks for no bytes at all. To be written once for each thread, by any lane. */
export function leaveNotice(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FUSE_OUT_HEADER_BYTES + NOTIFY_RETRIEVE_OUT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  // In the place of an error; the number of the request is 0.
  view.setInt32(4, FUSE_NOTIFY_RETRIEVE, true);
  view.setUint32(FUSE_OUT_HEADER_BYTES + 8, FUSE_ROOT_ID, true);
  return bytes;
}
