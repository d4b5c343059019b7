/** Words that events and reports share. */

/** `joining`: not heard from yet. `suspect`: has missed heartbeats. `lost`: given up, final. */
export const PEER_STATES = ['joining', 'up', 'suspect', 'lost'] as const;

/** What this party knows of another. */
export type PeerState = (typeof PEER_STATES)[number];
