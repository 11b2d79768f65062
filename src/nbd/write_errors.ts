// Error replies to writes. Only a few error numbers may appear on the wire; they have Linux's values.

import {
  NBD_EINVAL,
  NBD_EIO,
  NBD_ENOMEM,
  NBD_ENOSPC,
  NBD_ENOTSUP,
  NBD_EPERM,
  NBD_ESHUTDOWN,
} from "./constants.ts";
import { type ErrorReply, errorReply, SHUTTING_DOWN } from "./request_rules.ts";

// Of Linux (asm-generic/errno.h), for want of a number of their own on the wire.
const EACCES = 13;
const EFBIG = 27;
const EROFS = 30;
const EDQUOT = 122;

const NOT_WRITTEN = errorReply(NBD_EIO, "the data cannot be written");
const NO_ROOM = errorReply(NBD_ENOSPC, "there is no room for the data");
const NOT_ALLOWED = errorReply(NBD_EPERM, "writing is not allowed");

const REFUSALS: ReadonlyMap<number, ErrorReply> = new Map([
  [NBD_EPERM, NOT_ALLOWED],
  [EACCES, NOT_ALLOWED],
  [EROFS, NOT_ALLOWED],
  [NBD_ENOMEM, errorReply(NBD_ENOMEM, "there is no memory for the data")],
  [NBD_EINVAL, errorReply(NBD_EINVAL, "the device does not take such a write")],
  [NBD_ENOSPC, NO_ROOM],
  [EFBIG, NO_ROOM],
  [EDQUOT, NO_ROOM],
  [NBD_ENOTSUP, errorReply(NBD_ENOTSUP, "zeros are not faster than data here")],
  [NBD_ESHUTDOWN, SHUTTING_DOWN],
]);

/** The reply to a write that has failed with an error number of Linux. */
export function refusalOfErrno(errno: number): ErrorReply {
  return REFUSALS.get(errno) ?? NOT_WRITTEN;
}
