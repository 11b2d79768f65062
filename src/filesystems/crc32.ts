// CRC-32 of a GPT (UEFI 2.10, 5.3.2: the polynomial of IEEE 802.3, reflected).

const POLYNOMIAL = 0xedb88320;

/** The checksum of all the parts, one after the other, as an unsigned number. */
export function crc32(...parts: readonly Uint8Array[]): number {
  let crc = 0xffffffff;
  for (const bytes of parts) {
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ ((crc & 1) === 1 ? POLYNOMIAL : 0);
    }
  }
  return ~crc >>> 0;
}
