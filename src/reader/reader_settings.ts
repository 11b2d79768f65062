// The user's settings of the reader. The command line makes this record (cli/serve_request.ts), and main hands it
// unchanged to the reader's thread.

/** The user's settings of the reader. Plain data. */
export interface ReaderSettings {
  /** How often the reader tries a sector marked `-` again when a client asks for it. */
  readonly retries: number;
  /** How long a client waits for a read, milliseconds; 0: for ever. The read goes on when the client has been answered. */
  readonly timeoutMs: number;
  /** The fill pauses while the drive is hotter, degrees Celsius; undefined: it may get as hot as it likes. */
  readonly mostCelsius?: number | undefined;
}
