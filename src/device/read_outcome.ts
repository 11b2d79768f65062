// The meaning of a device read's result.
import {
  EBADMSG,
  EILSEQ,
  EIO,
  ENODATA,
  ENODEV,
  ENOLINK,
  ENOMEDIUM,
  ENXIO,
  EREMOTEIO,
  ESHUTDOWN,
  ETIMEDOUT,
} from "../sys/errno.ts";

/** Some bytes were read. */
export const GOOD = 0;
/** A sector in the range cannot be read, as far as the device says. */
export const UNREADABLE = 1;
/** The device is no longer there: unplugged, ejected, or a file cut short. Says nothing about sectors. */
export const GONE = 2;
/** The system could not do it now (memory, alignment, rights). Says nothing about sectors. */
export const REFUSED = 3;

/**
 * @param result bytes read, 0 for an end of file in the middle of the device, or -errno.
 *
 * The block layer turns a SCSI Medium Error into ENODATA; ETIMEDOUT, ENOLINK, EREMOTEIO and EILSEQ
 * of timeouts, transport, target and protection errors (linux: block/blk-core.c, blk_errors). EBADMSG is a
 * file system's checksum error.
 */
export function outcomeOf(result: number): number {
  if (result > 0) return GOOD;
  switch (-result) {
    case EIO:
    case ENODATA:
    case EREMOTEIO:
    case ETIMEDOUT:
    case ENOLINK:
    case EILSEQ:
    case EBADMSG:
      return UNREADABLE;
    case 0:
    case ENXIO:
    case ENODEV:
    case ENOMEDIUM:
    case ESHUTDOWN:
      return GONE;
    default:
      return REFUSED;
  }
}
