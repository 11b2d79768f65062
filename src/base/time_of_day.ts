// Moments as a person reads them off a clock. Pure.

/** Hours and minutes here, "09:05". @param timeMs milliseconds since 1970. */
export function timeOfDay(timeMs: number): string {
  return new Date(timeMs).toTimeString().slice(0, 5);
}
