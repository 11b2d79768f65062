// A rescue as the reader works on it. Bytes that it has read have gone to the reads that waited at that time.
import { Rescue, type RescueStart } from "./rescue.ts";

/** A rescue under way, with the position up to which its results were handed out. */
export class PendingRescue extends Rescue {
  /** Requests with an `arrival` up to this number have been given all that it has read. */
  readonly lastArrival: number;
  /** Some bytes that it has read are not in the image: reads that have come since need them read again. */
  unkept = false;
  /** Number of its last turn. Turns keeps it. */
  lastTurn = 0;

  constructor(
    start: number,
    end: number,
    sectorSize: number,
    begin: RescueStart,
    lastArrival: number,
  ) {
    super(start, end, sectorSize, begin);
    this.lastArrival = lastArrival;
  }
}
