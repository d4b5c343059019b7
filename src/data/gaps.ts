/**
 * What can be done about values that are missing: said where a column has gaps, and where they come to a secret as NaN.
 */
export const GAP_WAYS =
  'fill them (query: coalesce), leave those rows out (query: WHERE … IS NOT NULL), or, to share the column, ' +
  'share a mask beside it (query: CASE WHEN … IS NULL THEN 0 ELSE 1 END)';
