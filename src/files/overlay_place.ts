// Warnings about the place where an overlay lies. `checkOverlayPlace` refuses the places that cannot work.
import { printable } from "../base/printable.ts";
import { type PlaceFinding, TYPES_WITHOUT_HOLES } from "./place.ts";
import { gatherPlaceFacts } from "./place_facts.ts";

/**
 * Looks at the place of an overlay for a source of `size` bytes.
 * @throws {SystemError} as `checkPlace`.
 */
export function overlayWarnings(
  overlayPath: string,
  devicePath: string,
  size: number,
): PlaceFinding[] {
  const facts = gatherPlaceFacts({ imagePath: overlayPath, devicePath, size });
  const where = `the file system at "${printable(facts.mountPoint)}" (${facts.type})`;
  const warnings: Omit<PlaceFinding, "severity">[] = [];
  if (facts.relation === "on the same disk") {
    warnings.push({
      message: `the overlay lies on the same disk as the source "${printable(devicePath)}"`,
      hints: ["if that disk is failing, name an overlay on another one: each write wears it"],
    });
  }
  if (facts.inMemory !== "no") {
    const verb = facts.inMemory === "yes" ? "is" : "is perhaps";
    warnings.push({
      message: `${where} ${verb} in memory: what clients write is lost at power-off`,
      hints: ["name an overlay on a disk, unless it is to be forgotten"],
    });
  }
  if (TYPES_WITHOUT_HOLES.includes(facts.type ?? "")) {
    warnings.push({
      message: `${where} has no sparse files: a write far into the overlay first fills ` +
        `everything before it with zeros, which can take minutes`,
      hints: ["name an overlay on ext4, XFS, Btrfs or NTFS"],
    });
  }
  return warnings.map((warning) => ({ severity: "warn", ...warning }));
}
