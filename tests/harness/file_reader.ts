// Reads of a file as src/filesystems wants them.

/** An open file; declare it with `using`. */
export interface FileReader extends Disposable {
  readonly size: number;
  /** Up to `length` bytes, fewer at the end. */
  readonly read: (offset: number, length: number) => Uint8Array;
}

export function readerOfFile(path: string): FileReader {
  const file = Deno.openSync(path);
  const size = file.seekSync(0, Deno.SeekMode.End);
  return {
    size,
    read: (offset, length) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      file.seekSync(offset, Deno.SeekMode.Start);
      for (let done = 0; done < bytes.length;) {
        const count = file.readSync(bytes.subarray(done));
        if (count === null) break;
        done += count;
      }
      return bytes;
    },
    [Symbol.dispose]: () => file.close(),
  };
}
