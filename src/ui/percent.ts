// Percentages that never promise too much.

/** `24.5%`; "100%" only when nothing is missing and "0%" only when nothing is there. */
export function formatPercent(part: number, whole: number): string {
  if (part <= 0 || whole <= 0) return "0%";
  if (part >= whole) return "100%";
  const text = (part / whole * 100).toFixed(1);
  if (text === "0.0") return "<0.1%";
  return text === "100.0" ? ">99.9%" : `${text}%`;
}
