// Discs for the drive of a virtual machine.

import { noise, type TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

/** An ISO 9660 disc of about `mebibytes` with files of a megabyte of noise. @returns its path. */
export async function makeDisc(
  folder: TestFolder,
  name: string,
  mebibytes: number,
): Promise<string> {
  const files = folder.file(`${name}.files`);
  Deno.mkdirSync(files);
  for (let index = 0; index < mebibytes; index++) {
    const seed = name.charCodeAt(0) * 1000 + index;
    Deno.writeFileSync(`${files}/file${index}.bin`, noise(1 << 20, seed));
  }
  const disc = folder.file(`${name}.iso`);
  const label = `DISC_${name.toUpperCase()}`;
  await tool("genisoimage", ["-quiet", "-r", "-V", label, "-o", disc, files]);
  return disc;
}
