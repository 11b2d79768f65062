// Decides which requests the live page answers, and the headers of every answer. The page knows no secret but the names of
// files; still, no other site that is open in the same browser shall read it.

/** Headers of every answer. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
};

/** Why a request is refused: status and sentence; undefined: it is not. */
export function refusalOf(
  request: Pick<Request, "method" | "headers">,
): { status: number; reason: string } | undefined {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { status: 405, reason: "only GET and HEAD" };
  }
  if (!isAddress(request.headers.get("host") ?? "")) {
    return {
      status: 421,
      reason: "ask for this page by an address or as localhost, not by a name",
    };
  }
  const site = request.headers.get("sec-fetch-site");
  const isNavigation = request.headers.get("sec-fetch-mode") === "navigate";
  if (site !== null && site !== "same-origin" && site !== "none" && !isNavigation) {
    return { status: 403, reason: "asked for by another site" };
  }
  return undefined;
}

/**
 * Whether a Host header names an address, or localhost. Behind any other name may be a site that has just
 * pointed it here (DNS rebinding). The port may be another: that of a tunnel.
 */
function isAddress(host: string): boolean {
  const [, name = ""] = /^(\[[\da-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i.exec(host) ?? [];
  if (name.toLowerCase() === "localhost") return true;
  if (name.startsWith("[")) return URL.canParse(`http://${name}/`);
  const parts = name.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}
