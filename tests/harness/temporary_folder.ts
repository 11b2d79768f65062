// A folder of a test's own.

/** Runs `test` with a new folder, which is removed with all that is in it. */
export async function inFolder(test: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "blkcache-test-" });
  try {
    await test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Makes a file whose byte at `i` tells where it is, and returns its path. */
export function makeFile(folder: string, name: string, size: number): string {
  Deno.writeFileSync(`${folder}/${name}`, pattern(0, size));
  return `${folder}/${name}`;
}

/** Makes a file of nothing but a hole, and returns its path. */
export function makeHole(folder: string, name: string, size: number): string {
  Deno.writeFileSync(`${folder}/${name}`, new Uint8Array(0));
  Deno.truncateSync(`${folder}/${name}`, size);
  return `${folder}/${name}`;
}

/** The bytes that `makeFile` puts at [offset, offset + length). */
export function pattern(offset: number, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (offset + i) * 31 % 251);
}
