// What an optical drive says of its disc, and what it can be told (linux/cdrom.h). The descriptor may
// come from an O_NONBLOCK open, which works without a disc. All throw SystemError: ENOTTY or EINVAL when
// it is no optical drive, ENOSYS when the drive cannot do it, ENOMEDIUM without a disc.
import { tryIoctlBytes, tryIoctlValue, unwrapIoctl } from "./ioctl.ts";

export const CDROMREADTOCHDR = 0x5305;
export const CDROMREADTOCENTRY = 0x5306;
export const CDROM_SELECT_SPEED = 0x5322;
export const CDROM_DRIVE_STATUS = 0x5326;
export const CDROM_MEDIA_CHANGED = 0x5325;
export const CDROM_LOCKDOOR = 0x5329;
/** Kernel 5.15 and later. Unlike CDROM_MEDIA_CHANGED it takes nothing away from other callers. */
export const CDROM_TIMED_MEDIA_CHANGE = 0x5396;

// Answers of CDROM_DRIVE_STATUS.
export const CDS_NO_INFO = 0;
export const CDS_NO_DISC = 1;
export const CDS_TRAY_OPEN = 2;
export const CDS_DRIVE_NOT_READY = 3;
export const CDS_DISC_OK = 4;

/** CDROM_DRIVE_STATUS asks for the current disc, not for a slot of a changer. */
export const CDSL_CURRENT = 0x7fffffff;
export const CDROM_LBA = 0x01;
/** Bit of `TocEntry.control`: the track holds data, not sound. */
export const CDROM_DATA_TRACK = 0x04;
/** The "track" that begins where the last one ends. */
export const CDROM_LEADOUT = 0xaa;
export const MEDIA_CHANGED_FLAG = 1;

/** One of the CDS_ constants. Does not wait for the drive to become ready. */
export function cdromDriveStatus(fd: number): number {
  const result = tryIoctlValue(fd, CDROM_DRIVE_STATUS, CDSL_CURRENT);
  return unwrapIoctl(result, "CDROM_DRIVE_STATUS", fd);
}

/** Asks the drive whether the medium has changed since any program has asked so last. */
export function cdromMediaChanged(fd: number): boolean {
  const result = tryIoctlValue(fd, CDROM_MEDIA_CHANGED, CDSL_CURRENT);
  return unwrapIoctl(result, "CDROM_MEDIA_CHANGED", fd) !== 0;
}

/** `changed`: since the time given. `lastChangeMs`: monotonic clock of the kernel, 0 for never. */
export interface MediaChange {
  changed: boolean;
  lastChangeMs: number;
}

/**
 * Asks the drive whether the medium has changed since `lastMs`, the `lastChangeMs` of an earlier answer
 * or 0. Notices an ejected or inserted disc before the disk sequence number does.
 */
export function cdromTimedMediaChange(fd: number, lastMs: number): MediaChange {
  // struct cdrom_timed_media_change_info { __s64 last_media_change; __u64 media_flags; }
  const info = new BigInt64Array([BigInt(lastMs), 0n]);
  const bytes = new Uint8Array(info.buffer);
  const result = tryIoctlBytes(fd, CDROM_TIMED_MEDIA_CHANGE, bytes);
  unwrapIoctl(result, "CDROM_TIMED_MEDIA_CHANGE", fd);
  return {
    changed: (info[1]! & BigInt(MEDIA_CHANGED_FLAG)) !== 0n,
    lastChangeMs: Number(info[0]!),
  };
}

/** Sets the reading speed in multiples of the medium's 1x; 0 is the fastest. EIO: the drive cannot. */
export function cdromSelectSpeed(fd: number, factor: number): void {
  unwrapIoctl(tryIoctlValue(fd, CDROM_SELECT_SPEED, factor), "CDROM_SELECT_SPEED", fd);
}

/** Locks or unlocks the door: EBUSY when another process has the drive open. */
export function cdromLockDoor(fd: number, locked: boolean): void {
  unwrapIoctl(tryIoctlValue(fd, CDROM_LOCKDOOR, locked ? 1 : 0), "CDROM_LOCKDOOR", fd);
}

/** Numbers of the first and the last track. */
export function cdromReadTocHeader(fd: number): { firstTrack: number; lastTrack: number } {
  // struct cdrom_tochdr { __u8 cdth_trk0, cdth_trk1; }
  const header = new Uint8Array(2);
  unwrapIoctl(tryIoctlBytes(fd, CDROMREADTOCHDR, header), "CDROMREADTOCHDR", fd);
  return { firstTrack: header[0]!, lastTrack: header[1]! };
}

/** Where a track begins, in frames (sectors of 2048 bytes on a data disc), and its control bits. */
export interface TocEntry {
  track: number;
  control: number;
  startFrameIndex: number;
}

/** @param track a track's number, or CDROM_LEADOUT. */
export function cdromReadTocEntry(fd: number, track: number): TocEntry {
  // struct cdrom_tocentry { __u8 track, adr:4 ctrl:4, format; union { int lba; } addr; __u8 datamode; }
  const entry = new Uint8Array(12);
  entry[0] = track;
  entry[2] = CDROM_LBA;
  unwrapIoctl(tryIoctlBytes(fd, CDROMREADTOCENTRY, entry), "CDROMREADTOCENTRY", fd);
  return {
    track,
    control: entry[1]! >> 4,
    startFrameIndex: new DataView(entry.buffer).getInt32(4, true),
  };
}
