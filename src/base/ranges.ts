// Arithmetic on byte ranges. Not bit tricks: offsets go beyond 2^32.

/** The largest multiple of `step` that is not above `value`. */
export function alignDown(value: number, step: number): number {
  return value - value % step;
}

/** The smallest multiple of `step` that is not below `value`. */
export function alignUp(value: number, step: number): number {
  const rest = value % step;
  return rest === 0 ? value : value + step - rest;
}

/** `value`, or the bound that it is beyond. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
