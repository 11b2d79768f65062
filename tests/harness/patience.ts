// How long tests wait for what has to come.

/**
 * Nothing that is waited for takes longer, on a machine that has ten times as much to do as it can. Only a failure
 * costs this time. Milliseconds.
 */
export const PATIENCE_MS = 120_000;
