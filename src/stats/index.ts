/**
 * Statistics of tables that several parties have and none may see. `vertical` and `horizontal` make a table of secrets,
 * functions make statistics of it, and each opens only what it says, only where it is asked to.
 */
export {
  type Inflation,
  type InflationOptions,
  partialCorrelation,
  varianceInflation,
} from './adjusted.ts';
export type { SecretCategory, SecretColumn, SecretColumnOptions } from './column.ts';
export { secretColumn } from './column.ts';
export {
  type ConfidenceOptions,
  type CorrelationOptions,
  type Correlations,
  type Covariances,
  correlation,
  covariance,
  type PairMatrix,
} from './correlation.ts';
export {
  type ChiSquareTest,
  type Crosstab,
  type CrosstabOptions,
  crosstab,
  type TwoProportions,
  twoProportions,
} from './crosstab.ts';
export type {
  AnyColumnOptions,
  CategoryColumnOptions,
  NumberColumnOptions,
  PartyColumns,
} from './declared.ts';
export { type DescribeOptions, type Description, describe } from './describe.ts';
export {
  type EncodedAt,
  type Encoding,
  type EncodingOptions,
  encoding,
} from './encoding/encoding.ts';
export { readEncoding, writeEncoding } from './encoding/file.ts';
export type { FittedEncoding, FittedRule, Learned } from './encoding/fitted.ts';
export type {
  BinRules,
  ColumnRules,
  EncodedColumns,
  EncodingRules,
  Fill,
  NumberRules,
  NumberSourceRules,
  OneHotRules,
  SourceRules,
  WordRules,
  WordSourceRules,
} from './encoding/rules.ts';
export { encodingText } from './encoding/text.ts';
export {
  type Auc,
  type BinaryEvaluation,
  type BucketsOptions,
  binaryEvaluation,
  type EvaluationOptions,
  type KolmogorovSmirnov,
} from './evaluation/binary.ts';
export type { Calibration, CalibrationBucket, ThresholdCurve } from './evaluation/buckets.ts';
export type { OperatingPoint } from './evaluation/points.ts';
export type { Labels } from './evaluation/ranked.ts';
export type { ThresholdPoint } from './evaluation/rates.ts';
export {
  brierScore,
  type RegressionEvaluation,
  type ResidualBin,
  type ResidualOptions,
  regressionEvaluation,
  type SquaredError,
} from './evaluation/regression.ts';
export { type GroupByOptions, type GroupNumbers, type GroupSummary, groupBy } from './group-by.ts';
export {
  type AnalysisOfVariance,
  anova,
  type Group,
  type GroupTestOptions,
  type WelchTest,
  welchTest,
} from './groups.ts';
export {
  type Frequency,
  frequencies,
  type Histogram,
  type HistogramOptions,
  histogram,
} from './histogram.ts';
export { type HorizontalOptions, horizontal } from './horizontal.ts';
export {
  type HorizontalLifeTableOptions,
  type LifeTable,
  type LifeTableOptions,
  lifeTable,
  type VerticalLifeTableOptions,
  verticalLifeTable,
} from './life-table.ts';
export { type MannWhitneyOptions, type MannWhitneyTest, mannWhitney } from './mann-whitney.ts';
export type { RowsOption } from './parts.ts';
export { type Quantiles, quantiles } from './quantiles.ts';
export { type HistogramData, histogramChart } from './report/histogram.ts';
export { htmlReport, type ReportPage, type ReportSection } from './report/page.ts';
export type { Chart } from './report/plane.ts';
export {
  type CalibrationData,
  type CalibrationSeries,
  calibrationChart,
  type RocCurve,
  type RocData,
  rocChart,
} from './report/scores.ts';
export { type SurvivalData, type SurvivalLine, survivalChart } from './report/survival.ts';
export type { Cell, ReportTable } from './report/table.ts';
export { type SecretKey, secretKey } from './secret-key.ts';
export type { MinimumOptions } from './small.ts';
export { type RankCorrelations, spearman } from './spearman.ts';
export { populationStability, type StabilityOptions } from './stability.ts';
export {
  type OpenedNumbers,
  type Opening,
  type ResultsOf,
  type Statistic,
  type StatisticParts,
  statistic,
  together,
} from './statistic.ts';
export {
  type KaplanMeierOptions,
  kaplanMeier,
  type LogRank,
  logRank,
  type SurvivalCurve,
  type SurvivalPoint,
} from './survival.ts';
export { type SecretTable, secretTable } from './table.ts';
export { type CategoryNames, type NumberNames, type VerticalOptions, vertical } from './vertical.ts';
