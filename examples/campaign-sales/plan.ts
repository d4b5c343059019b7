/** What both parties agree on beforehand. Everybody reads it. */
export const plan = {
  key: 'customer',
  /** The campaign of a customer is its place in this list. */
  campaigns: ['search', 'social', 'video', 'radio', 'mail', 'none'],
  /** A campaign with fewer buyers is not shown: a sum of few would say what one of them has spent. */
  buyersMin: 10,
  /** What one customer can have spent at most, in euros. */
  eurosMax: 2_000,
} as const;
