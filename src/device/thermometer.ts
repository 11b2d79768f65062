// Reads a drive's temperature by the descriptor that it is open by, also after it has come back under another name.
// Reader thread: a read may take as long as the drive likes.
import { SysfsBlock } from "../host/sysfs.ts";
import { parseCelsius, temperatureFile } from "../host/temperature_file.ts";
import { closeFd, identityOf, openFile } from "../sys/fd.ts";
import { NativeMemory } from "../sys/memory.ts";
import { O_RDONLY } from "../sys/open_flags.ts";
import { SystemError } from "../sys/system_error.ts";
import type { TryPread } from "./file.ts";

/** Longer than any number in sysfs, bytes. */
const TEXT_BYTES = 64;

/** @param tryPread makes the read. @returns degrees Celsius; undefined: the drive does not tell. */
export function readCelsius(deviceFd: number, tryPread: TryPread): number | undefined {
  try {
    const path = temperatureFile(new SysfsBlock(identityOf(deviceFd).rdev).disk.diskPath("."));
    return path === undefined ? undefined : parseCelsius(readText(path, tryPread));
  } catch (error) {
    // It has gone meanwhile, or answers with an error.
    if (error instanceof SystemError) return undefined;
    throw error;
  }
}

function readText(path: string, tryPread: TryPread): string {
  const fd = openFile(path, O_RDONLY);
  const memory = NativeMemory.allocate(TEXT_BYTES);
  try {
    const length = tryPread(fd, memory.address, TEXT_BYTES, 0);
    return new TextDecoder().decode(memory.bytes.slice(0, Math.max(0, length)));
  } finally {
    memory.release();
    closeFd(fd);
  }
}
