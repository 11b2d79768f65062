// What outlives the generations of a run.
import type { Observer } from "./events.ts";
import type { Listeners } from "./listeners.ts";
import type { About, ServeOptions } from "./serve_options.ts";

/** What outlives the generations of a run. */
export interface Run {
  readonly options: ServeOptions;
  readonly about: About;
  readonly listeners: Listeners;
  readonly observe: Observer;
  /** Descriptor of the device for writes; undefined: it is not written to. */
  readonly writeFd: number | undefined;
  /** Resolves when the user wants the run to end. */
  readonly stopped: Promise<unknown>;
  /** Media come and go. */
  readonly isDrive: boolean;
  /** Memory is short. */
  readonly sparesMemory: boolean;
  /** Whether the run continues from the image when the device has gone. */
  readonly outlivesDevice: boolean;
}
