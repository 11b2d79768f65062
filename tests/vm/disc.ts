// Discs for the drive of a virtual machine.

import { noise, type TestFolder } from "../harness/test_folder.ts";
import { tool } from "../harness/tool.ts";

/** An ISO 9660 disc with `count` files of a mebibyte: file0.bin and so on. @returns its path. */
export async function makeDisc(folder: TestFolder, name: string, count: number): Promise<string> {
  const files = folder.file(`${name}.files`);
  Deno.mkdirSync(files);
  for (let index = 0; index < count; index++) {
    Deno.writeFileSync(`${files}/file${index}.bin`, contents(name, index));
  }
  const disc = folder.file(`${name}.iso`);
  const label = `DISC_${name.toUpperCase()}`;
  await tool("genisoimage", ["-quiet", "-r", "-V", label, "-o", disc, files]);
  return disc;
}

/** What one of its files holds. */
export function discFile(folder: TestFolder, name: string, index: number): Uint8Array {
  return Deno.readFileSync(folder.file(`${name}.files/file${index}.bin`));
}

function contents(name: string, index: number): Uint8Array {
  return noise(1 << 20, name.charCodeAt(0) * 1000 + index);
}
