// The messages that every thread of ours may send to main, and the memory that most are given. Plain data.

/** The shared memory of a generation; `SharedState` attaches to it. */
export interface SharedMemory {
  readonly state: SharedArrayBuffer;
  /** Session numbers in it. */
  readonly sessions: number;
}

/** An error for the user on its way from a thread to main. */
export interface CarriedError {
  /** Name of its class; server/thread.ts has those that main tells apart. */
  readonly kind: string;
  readonly message: string;
  readonly hints: readonly string[];
  readonly exitCode: number;
}

/** The thread cannot carry out its order, and says why. */
export interface Refused {
  readonly type: "refused";
  readonly refusal: CarriedError;
}

/** The last message: the thread uses none of its descriptors any more. */
export interface Ended {
  readonly type: "ended";
}

/** A sentence for the user. */
export interface Warning {
  readonly type: "warning";
  readonly message: string;
  readonly hints: readonly string[];
}

/** Any message of a thread. Those of type "ready", "refused" and "ended" mean the same for every thread. */
export interface ThreadMessage {
  readonly type: string;
}
