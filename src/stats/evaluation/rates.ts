/** Rates that follow from opened counts. */

/** What taking all rows at or above a threshold for yes comes to. */
export interface ThresholdPoint {
  /** Rows at or above the threshold. */
  readonly selected: number;
  /** Those of them with label yes. */
  readonly truePositives: number;
  /** Those of them with label no. */
  readonly falsePositives: number;
  /** Of the rows with label yes, the share that is selected: recall, sensitivity, gain. */
  readonly truePositiveRate: number;
  /** Of the rows with label no, the share that is selected. */
  readonly falsePositiveRate: number;
  /** Of the selected rows, the share with label yes. */
  readonly precision: number;
  /** Precision over the share of label yes among all rows. */
  readonly lift: number;
  /** Harmonic mean of precision and recall. */
  readonly f1: number;
}

/** Of all rows and of those at or above a threshold. */
export function pointOf(
  { rows, positives }: { readonly rows: number; readonly positives: number },
  { selected, truePositives }: { readonly selected: number; readonly truePositives: number },
): ThresholdPoint {
  const falsePositives = selected - truePositives;
  const precision = truePositives / selected;
  return {
    selected,
    truePositives,
    falsePositives,
    truePositiveRate: truePositives / positives,
    falsePositiveRate: falsePositives / (rows - positives),
    precision,
    lift: (precision * rows) / positives,
    f1: (2 * truePositives) / (positives + selected),
  };
}
