"""Writes the expected numbers of the statistics module, and the two simulated data sets, from one seed.

    python3.11 -m venv .venv && .venv/bin/pip install -r test/stats/expected/requirements.txt
    .venv/bin/python test/stats/expected/make.py && npx biome format --write test/stats

Its output is committed; `npm test` runs no Python. Each JSON file says which versions made it. A gap is null, in data and in results; what a
library answers with NaN is null, and infinity is the word "Infinity".
"""

import json
import math
import platform
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm
from lifelines import KaplanMeierFitter
from lifelines.statistics import multivariate_logrank_test
from scipy import special, stats
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import KBinsDiscretizer, MinMaxScaler, OneHotEncoder, StandardScaler
from statsmodels.stats.outliers_influence import variance_inflation_factor
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

SEED = 16
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
DATA = ROOT / "test/stats/data"
NAMES = ["lifelines", "numpy", "pandas", "scikit-learn", "scipy", "statsmodels"]
PS = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1]


def plain(value):
    """JSON has no NaN, no infinity and no numpy."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray, pd.Series)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return None if math.isnan(value) else value if math.isfinite(value) else ("-" if value < 0 else "") + "Infinity"
    return value


def write(name, of, **cases):
    made = {"by": "test/stats/expected/make.py", "seed": SEED, "python": platform.python_version()}
    made |= {library: version(library) for library in NAMES}
    text = json.dumps({"made": made, "of": of, **plain(cases)}, allow_nan=False)
    (HERE / f"{name}.json").write_text(text + "\n")


# Data


def simulate_survival(rng):
    """Two hospitals, two arms, days in whole weeks so that many tie; treatment lowers the hazard to 0.6, age raises it."""
    n = 600
    table = pd.DataFrame({"patient_id": [f"S{i:04d}" for i in range(n)]})
    table["hospital"] = rng.choice(["north", "south"], n, p=[0.6, 0.4])
    table["treated"] = rng.integers(0, 2, n)
    table["age"] = np.clip(rng.normal(62, 11, n).round(), 25, 95).astype(int)
    table["marker"] = rng.lognormal(1, 0.8, n).round(2)
    hazard = np.exp(-7.2 + 0.03 * (table.age - 62) + np.log(0.6) * table.treated + 0.15 * np.log(table.marker))
    death, censored = rng.exponential(1 / hazard), rng.uniform(100, 1900, n)
    table["days"] = (np.ceil(np.minimum(death, censored) / 7) * 7).astype(int)
    table["event"] = (death <= censored).astype(int)
    table.to_csv(DATA / "survival.csv", index=False)


def simulate_credit(rng):
    """A bank and a shop: incomes with gaps, a rare region, a constant column, an older and a newer wave whose incomes moved."""
    n = 3000
    table = pd.DataFrame({"customer_id": [f"K{i:05d}" for i in range(n)]})
    table["wave"] = (rng.random(n) < 0.4).astype(int)
    table["region"] = rng.choice(["east", "north", "west", "island"], n, p=[0.45, 0.35, 0.199, 0.001])
    table["age"] = np.clip(rng.gamma(9, 4.6, n).round(), 18, 90).astype(int)
    table["income"] = (rng.lognormal(7.8, 0.45, n) * (1 + 0.08 * table.wave)).round(-1)
    table["limit"] = (table.income * rng.uniform(0.5, 3, n)).round(-2)
    table["used"] = rng.beta(1.6, 3, n).round(3)
    table["orders"] = rng.poisson(3 + 4 * table.used)
    table["late"] = rng.poisson(np.exp(-1.4 + 1.6 * table.used))
    table["currency"] = 1
    odds = -2.6 + 1.9 * table.used + 0.5 * table.late - 0.00025 * (table.income - 2500) - 0.012 * (table.age - 41)
    table["default"] = (rng.random(n) < special.expit(odds)).astype(int)
    table.loc[rng.random(n) < 0.08, "income"] = np.nan
    table.loc[rng.random(n) < 0.05, "orders"] = np.nan
    table.to_csv(DATA / "credit.csv", index=False, float_format="%g")


def joined(folder, key):
    alice, bob = (pd.read_csv(ROOT / "examples" / folder / "data" / f"{name}.csv") for name in ("alice", "bob"))
    return alice.merge(bob, on=key).sort_values(key).reset_index(drop=True)


# Statistics of a column, and of several


def describe(column):
    x = pd.Series(column, dtype=float)
    seen = x.dropna()
    n, some = len(seen), len(seen) > 0
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        half = stats.t.ppf(0.975, n - 1) * stats.sem(seen) if n > 1 else math.nan
        return {
            "count": n,
            "gaps": int(x.isna().sum()),
            "mean": seen.mean(),
            "variance": seen.var(ddof=1),
            "populationVariance": seen.var(ddof=0),
            "deviation": seen.std(ddof=1),
            "skewness": stats.skew(seen) if some else math.nan,
            "skewnessUnbiased": stats.skew(seen, bias=False) if n > 2 else math.nan,
            "kurtosis": stats.kurtosis(seen) if some else math.nan,
            "kurtosisUnbiased": stats.kurtosis(seen, bias=False) if n > 3 else math.nan,
            "min": seen.min(),
            "max": seen.max(),
            "standardError": stats.sem(seen) if n > 1 else math.nan,
            "meanInterval95": [seen.mean() - half, seen.mean() + half],
        }


def quantiles(column):
    seen = pd.Series(column, dtype=float).dropna().to_numpy()
    ways = ["linear", "lower", "higher", "inverted_cdf"]
    return {"p": PS, **{way: np.quantile(seen, PS, method=way) for way in ways}}


def histogram(column, edges):
    seen = pd.Series(column, dtype=float).dropna()
    return {"edges": edges, "counts": np.histogram(seen, edges)[0], "below": (seen < edges[0]).sum(), "above": (seen > edges[-1]).sum()}


def correlation(x, y):
    both = pd.DataFrame({"x": x, "y": y}, dtype=float).dropna()
    n = len(both)
    if both.x.nunique() < 2 or both.y.nunique() < 2:
        return {"n": n, "pearson": None, "spearman": None, "covariance": both.x.cov(both.y)}
    pearson, spearman = stats.pearsonr(both.x, both.y), stats.spearmanr(both.x, both.y)
    return {
        "n": n,
        "covariance": both.x.cov(both.y),
        "pearson": {"r": pearson.statistic, "p": pearson.pvalue, "interval95": list(pearson.confidence_interval(0.95))},
        "spearman": {"r": spearman.statistic, "p": spearman.pvalue},
    }


def matrices(table, names):
    """All rows that have no gap in any of the columns."""
    whole = table[names].dropna()
    with_one = sm.add_constant(whole)
    inverse = np.linalg.inv(whole.corr())
    scale = np.sqrt(np.diag(inverse))
    return {
        "columns": names,
        "rows": len(whole),
        "covariance": whole.cov().to_numpy(),
        "pearson": whole.corr().to_numpy(),
        "spearman": whole.corr("spearman").to_numpy(),
        "partial": -inverse / np.outer(scale, scale) + 2 * np.eye(len(names)),
        "vif": [variance_inflation_factor(with_one.to_numpy(), i + 1) for i in range(len(names))],
    }


def crosstab(counts):
    counts = np.asarray(counts)
    out = {"counts": counts}
    seen = counts[counts.sum(1) > 0][:, counts.sum(0) > 0]
    if min(seen.shape) > 1:
        test = stats.chi2_contingency(seen, correction=False)
        cramer = math.sqrt(test.statistic / seen.sum() / (min(seen.shape) - 1))
        out["chiSquare"] = {"statistic": test.statistic, "df": test.dof, "p": test.pvalue, "cramersV": cramer}
        out["expected"] = test.expected_freq
    if counts.shape == (2, 2):
        if min(seen.shape) > 1:
            yates = stats.chi2_contingency(seen, correction=True)
            out["yates"] = {"statistic": yates.statistic, "p": yates.pvalue}
        exact = stats.fisher_exact(counts)
        out["fisher"] = {"oddsRatio": exact.statistic, "p": exact.pvalue}
    return out


def compare(a, b):
    """Two samples: Welch's t, and Mann-Whitney without an exact form, as ties demand."""
    a, b = (pd.Series(x, dtype=float).dropna() for x in (a, b))
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        welch = stats.ttest_ind(a, b, equal_var=False)
        interval = welch.confidence_interval(0.95)
        u = stats.mannwhitneyu(a, b, method="asymptotic")
        bare = stats.mannwhitneyu(a, b, method="asymptotic", use_continuity=False)
    return {
        "n": [len(a), len(b)],
        "difference": a.mean() - b.mean(),
        "welch": {"t": welch.statistic, "df": welch.df, "p": welch.pvalue, "interval95": list(interval)},
        "mannWhitney": {"u": u.statistic, "p": u.pvalue, "pWithoutContinuity": bare.pvalue},
    }


def anova(groups):
    groups = [pd.Series(x, dtype=float).dropna() for x in groups]
    groups = [x for x in groups if len(x) > 0]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = stats.f_oneway(*groups)
    n, k = sum(map(len, groups)), len(groups)
    return {"n": list(map(len, groups)), "f": test.statistic, "df": [k - 1, n - k], "p": test.pvalue}


def proportions(hits, of):
    z, p = proportions_ztest(hits, of)
    wald = confint_proportions_2indep(hits[0], of[0], hits[1], of[1], method="wald")
    return {"hits": hits, "of": of, "difference": hits[0] / of[0] - hits[1] / of[1], "z": z, "p": p, "wald95": list(wald)}


def group_by(keys, column, names):
    table = pd.DataFrame({"key": keys, "x": column})
    found = table.groupby("key").x
    by = found.agg(["count", "sum", "mean", "var", "min", "max"])
    rows = found.size()
    return [{"key": name, "rows": rows.get(name, 0), **(by.loc[name].to_dict() if name in by.index else {"count": 0, "sum": 0})} for name in names]


def stability(older, newer):
    """Population stability index of two lists of counts: sum of (b - a)·ln(b / a) of the shares, empty cells counted as a half."""
    a, b = (np.maximum(np.asarray(x, dtype=float), 0.5) / np.sum(x) for x in (older, newer))
    return {"older": older, "newer": newer, "index": ((b - a) * np.log(b / a)).sum()}


# Survival


def survival(days, event):
    fitted = KaplanMeierFitter().fit(days, event)
    table = fitted.event_table.iloc[1:]
    held = fitted.survival_function_.iloc[1:, 0]
    band = fitted.confidence_interval_.iloc[1:]
    sum_of = (table.observed / (table.at_risk * (table.at_risk - table.observed))).cumsum()
    return {
        "times": table.index.to_numpy(),
        "atRisk": table.at_risk.to_numpy(),
        "events": table.observed.to_numpy(),
        "censored": table.censored.to_numpy(),
        "survival": held.to_numpy(),
        "standardError": (held * np.sqrt(sum_of)).to_numpy(),
        "interval95": band.to_numpy(),
        "median": fitted.median_survival_time_,
    }


def log_rank(days, group, event):
    test = multivariate_logrank_test(days, group, event)
    return {"statistic": test.test_statistic, "df": len(set(group)) - 1, "p": test.p_value}


def survival_case(days, event, group):
    days, event, group = map(np.asarray, (days, event, group))
    curves = [{"group": name, **survival(days[group == name], event[group == name])} for name in sorted(set(group.tolist()))]
    return {"curves": curves, "logRank": log_rank(days, group, event)}


# Scores


def binary(y, score, rates=(0.01, 0.05, 0.1, 0.2)):
    y, score = np.asarray(y), np.asarray(score, dtype=float)
    fpr, tpr, cuts = metrics.roc_curve(y, score, drop_intermediate=False)
    precision, recall, pr_cuts = metrics.precision_recall_curve(y, score)
    gap = int(np.argmax(tpr - fpr))
    f1s = [metrics.f1_score(y, score >= cut) for cut in np.unique(score)]
    at = []
    for rate in rates:
        i = int(np.flatnonzero(fpr <= rate)[-1])
        at.append({"rate": rate, "threshold": cuts[i], "falsePositiveRate": fpr[i], "truePositiveRate": tpr[i]})
    out = {
        "positives": y.sum(),
        "auc": metrics.roc_auc_score(y, score),
        "ks": {"statistic": stats.ks_2samp(score[y == 1], score[y == 0]).statistic, "threshold": cuts[gap], "rise": tpr[gap] - fpr[gap]},
        "averagePrecision": metrics.average_precision_score(y, score),
        "pr": {"points": len(pr_cuts), "areaByTrapezia": metrics.auc(recall, precision)},
        "bestF1": {"f1": max(f1s), "threshold": np.unique(score)[int(np.argmax(f1s))]},
        "atFalsePositiveRate": at,
        "roc": roc_points(fpr, tpr, cuts),
    }
    if score.min() >= 0 and score.max() <= 1:
        out |= {"brier": metrics.brier_score_loss(y, score), "atHalf": at_half(y, score)}
        out |= {way: calibration(y, score, way) for way in ("uniform", "quantile")}
    if len(y) >= 50:
        out["lift"] = lift(y, score)
    return out


def roc_points(fpr, tpr, cuts):
    every = max(1, len(cuts) // 40)
    kept = [i for i in range(len(cuts)) if i % every == 0 or i == len(cuts) - 1]
    return {"threshold": cuts[kept], "falsePositiveRate": fpr[kept], "truePositiveRate": tpr[kept]}


def at_half(y, score):
    said = score >= 0.5
    (tn, fp), (fn, tp) = metrics.confusion_matrix(y, said, labels=[0, 1])
    none = {"zero_division": 0}
    return {
        **{"truePositives": tp, "falsePositives": fp, "trueNegatives": tn, "falseNegatives": fn},
        **{"accuracy": metrics.accuracy_score(y, said), "f1": metrics.f1_score(y, said, **none)},
        **{"precision": metrics.precision_score(y, said, **none), "recall": metrics.recall_score(y, said, **none)},
    }


def calibration(y, score, way):
    """A score on an edge belongs to the bin below it, as scikit-learn has it; bins without scores are left out."""
    edges = np.linspace(0, 1, 11) if way == "uniform" else np.percentile(score, np.linspace(0, 1, 11) * 100)
    counts = np.bincount(np.searchsorted(edges[1:-1], score), minlength=10)
    share, said = calibration_curve(y, score, n_bins=10, strategy=way)
    return {"edges": edges, "counts": counts, "meanScore": said, "share": share}


def lift(y, score):
    """Ten buckets of equal size (the first ones get what is left), best scores first, ties in the order of rows."""
    order = np.argsort(-score, kind="stable")
    buckets = np.array_split(y[order], 10)
    hits = np.array([bucket.sum() for bucket in buckets])
    sizes = np.array([len(bucket) for bucket in buckets])
    return {"sizes": sizes, "hits": hits, "lift": hits / sizes / y.mean(), "gain": hits.cumsum() / y.sum()}


def regression(y, said, edges):
    y, said = np.asarray(y, dtype=float), np.asarray(said, dtype=float)
    mse = metrics.mean_squared_error(y, said)
    return {
        "r2": metrics.r2_score(y, said) if np.ptp(y) > 0 else None,
        "mae": metrics.mean_absolute_error(y, said),
        "mse": mse,
        "rmse": math.sqrt(mse),
        "mape": metrics.mean_absolute_percentage_error(y, said) if (y != 0).all() else None,
        "residuals": {"edges": edges, "counts": np.histogram(y - said, edges)[0]},
    }


# Encodings: fitted to one column, applied to another


def tall(column):
    return np.asarray(column, dtype=float).reshape(-1, 1)


def fills(column):
    ways = {"mean": "mean", "median": "median", "mostFrequent": "most_frequent"}
    return {ours: SimpleImputer(strategy=way).fit(tall(column)).statistics_[0] for ours, way in ways.items()}


def scalers(column, other):
    standard, minmax = StandardScaler().fit(tall(column)), MinMaxScaler(clip=True).fit(tall(column))
    return {
        "standard": {"mean": standard.mean_[0], "scale": standard.scale_[0], "is": standard.transform(tall(other)).ravel()},
        "minmax": {"low": minmax.data_min_[0], "high": minmax.data_max_[0], "is": minmax.transform(tall(other)).ravel()},
    }


def bins(column, other, asked):
    way = KBinsDiscretizer(n_bins=asked, encode="ordinal", strategy="quantile", quantile_method="linear", subsample=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        way.fit(tall(column))
    return {"asked": asked, "bins": way.n_bins_[0], "edges": way.bin_edges_[0], "is": way.transform(tall(other)).ravel().astype(int)}


def one_hot(column, other, most):
    """Of max_categories the last is what has none of its own, which is not counted here."""
    way = OneHotEncoder(max_categories=most + 1, handle_unknown="infrequent_if_exist", sparse_output=False)
    way.fit(np.array(column, dtype=object).reshape(-1, 1))
    rare = [] if way.infrequent_categories_[0] is None else way.infrequent_categories_[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = way.transform(np.array(other, dtype=object).reshape(-1, 1)).astype(int)
    return {"most": most, "words": [word for word in way.categories_[0] if word not in rare], "is": made}


# What is written: one function a file


def make_distributions():
    """The tails, where 1 − cdf has nothing left; scipy's incomplete functions, since some of scipy.stats round x/(1 + x) first."""

    def beta(a, b, ratio):
        x, y = ratio / (1 + ratio), 1 / (1 + ratio)
        return (special.betainc(a, b, x), special.betaincc(a, b, x)) if ratio < 1 else (special.betaincc(b, a, y), special.betainc(b, a, y))

    rows = {name: [] for name in ["normalSf", "studentTSf", "chiSquareCdf", "chiSquareSf", "fCdf", "fSf"]}
    quantile = {name: [] for name in ["normalQuantile", "studentTQuantile", "chiSquareQuantile", "fQuantile"]}
    for z in [-38, -20, -3, -1.5, -0.1, 0, 1e-5, 0.5, 1.96, 5, 8.2, 20, 30, 37]:
        rows["normalSf"].append([z, stats.norm.sf(z)])
    for df in [1, 2, 3, 4.5, 10, 30, 100.7, 1000, 1e5, 1e6]:
        for t in [-6, -0.7, 0, 0.001, 0.1, 0.7, 1.5, 3, 6, 12, 30, 100, 1e4, 1e8]:
            lower, upper = beta(0.5, df / 2, t * t / df)
            rows["studentTSf"].append([t, df, upper / 2 if t > 0 else 0.5 + lower / 2])
    for df in [1, 2, 3, 5, 10, 50, 200, 1000, 1e5, 1e6]:
        for x in df * np.array([0.001, 0.1, 0.5, 0.9, 1, 1.1, 1.5, 2, 3, 5, 10, 30, 100, 700]):
            rows["chiSquareCdf"].append([x, df, special.gammainc(df / 2, x / 2)])
            rows["chiSquareSf"].append([x, df, special.gammaincc(df / 2, x / 2)])
    for df1 in [1, 2, 3, 7, 30, 500]:
        for df2 in [1, 3, 10, 60.5, 1000, 1e6]:
            for f in [1e-6, 0.01, 0.5, 1, 1.3, 2, 5, 20, 100, 1000]:
                lower, upper = beta(df1 / 2, df2 / 2, df1 * f / df2)
                rows["fCdf"].append([f, df1, df2, lower])
                rows["fSf"].append([f, df1, df2, upper])
    for p in [1e-300, 1e-20, 1e-6, 0.001, 0.025, 0.3, 0.5, 0.7, 0.975, 0.999, 1 - 1e-9]:
        quantile["normalQuantile"].append([p, special.ndtri(p)])
        if p >= 1e-20:
            quantile["studentTQuantile"] += [[p, df, stats.t.ppf(p, df)] for df in [1, 2, 5.5, 30, 1000]]
            quantile["chiSquareQuantile"] += [[p, df, stats.chi2.ppf(p, df)] for df in [1, 2, 7, 100, 1000]]
            quantile["fQuantile"] += [[p, *df, stats.f.ppf(p, *df)] for df in [(1, 10), (3, 20.5), (10, 500)]]
    kept = {name: [row for row in of if row[-1] > 1e-300] for name, of in rows.items()}
    write("distributions", "arguments, and the value last", **kept, **quantile)


def make_tables(cancer, bank, credit):
    counts = {
        "plain": [[8, 2], [1, 5]],
        "equal": [[10, 10], [10, 10]],
        "zero cell": [[3, 0], [0, 4]],
        "zero cell, one side": [[0, 7], [9, 3]],
        "empty row": [[0, 0], [4, 5]],
        "large": [[10234, 2001], [9990, 3005]],
        "very small p": [[900, 100], [120, 880]],
        "symmetric": [[3, 9], [9, 3]],
        "three by four": [[12, 5, 7, 1], [3, 9, 11, 4], [8, 8, 2, 15]],
        "empty column": [[12, 0, 7], [3, 0, 11]],
        "wave by default": pd.crosstab(credit.wave, credit.default).to_numpy(),
        "region by default": pd.crosstab(credit.region, credit.default).to_numpy(),
    }
    columns = {
        "plain": [3, 1, 4, 1, 5, 9, 2, 6],
        "constant": [2.5] * 6,
        "one": [7],
        "none": [None, None],
        "gaps": [1, None, 2, 8, None, 3, 5.5],
        "ties": [1, 1, 1, 2, 2, 3],
        "far from zero": [100000 + x for x in [0.25, 0.5, 0.75, 1.5]],
    }
    pairs = {
        "plain": ([1, 2, 3, 4, 5], [2, 1, 4, 3, 7]),
        "gaps on either side": ([1, None, 3, 4, 5, 6], [2, 5, None, 3, 9, 7]),
        "ties": ([1, 1, 2, 2, 3, 3], [4, 5, 4, 5, 6, 6]),
        "constant": ([1, 2, 3, 4], [5, 5, 5, 5]),
        "straight": ([1, 2, 3, 4], [10, 8, 6, 4]),
    }
    samples = {
        "plain": ([1.5, 2, 4, 7], [3, 5, 8, 9, 11]),
        "ties": ([1, 2, 2, 3, 3, 3], [2, 3, 3, 4, 4, 1]),
        "gaps": ([1, None, 4, 6], [None, 3, 9, 8, 7]),
        "both constant": ([2, 2, 2], [2, 2]),
        "one constant": ([2, 2, 2, 2], [1, 2, 3, 5]),
        "far apart": (list(range(50)), [x + 1000 for x in range(40)]),
    }
    several = {
        "plain": [[1, 2, 3], [2, 4, 6, 8], [5, 5, 9]],
        "an empty group": [[1, 2, 4], [], [2, 7, 7]],
        "equal means": [[1, 3], [2, 2], [0, 4]],
        "constant groups": [[1, 1], [2, 2]],
    }
    older, newer = (credit[credit.wave == wave] for wave in (0, 1))
    edges = [0, 1000, 1500, 2000, 2500, 3000, 4000, 6000, 20000]
    names = ["age", "income", "limit", "used", "orders", "late"]
    regions = ["east", "north", "west", "island", "nowhere"]
    write(
        "tables",
        "hand-made cases hold their data; others are of test/stats/data/credit.csv and the joined rows of examples/*/data",
        describe=[{"name": name, "data": x, "is": describe(x)} for name, x in columns.items()],
        quantiles=[{"name": name, "data": columns[name], "is": quantiles(columns[name])} for name in ["plain", "ties", "gaps", "one"]],
        correlation=[{"name": name, "x": x, "y": y, "is": correlation(x, y)} for name, (x, y) in pairs.items()],
        crosstab=[{"name": name, "is": crosstab(x)} for name, x in counts.items()],
        compare=[{"name": name, "a": a, "b": b, "is": compare(a, b)} for name, (a, b) in samples.items()],
        anova=[{"name": name, "groups": x, "is": anova(x)} for name, x in several.items()],
        proportions=[proportions(*x) for x in [([15, 30], [100, 120]), ([0, 4], [50, 60]), ([412, 380], [1000, 1000])]],
        stability=[
            {"name": "plain", "is": stability([10, 20, 30, 40], [15, 25, 25, 35])},
            {"name": "empty cells", "is": stability([0, 20, 30], [5, 0, 45])},
            {"name": "the same", "is": stability([5, 6, 7], [10, 12, 14])},
            {"name": "incomes of two waves", "is": stability(*(np.histogram(x.income.dropna(), edges)[0] for x in (older, newer)))},
        ],
        credit={
            "describe": {name: describe(credit[name]) for name in [*names, "currency"]},
            "quantiles": {name: quantiles(credit[name]) for name in ["age", "income", "used"]},
            "histogram": {"income": histogram(credit.income, edges), "age": histogram(credit.age, list(range(20, 91, 10)))},
            "pairs": [{"x": x, "y": y, "is": correlation(credit[x], credit[y])} for x, y in [("income", "orders"), ("late", "used"), ("age", "income"), ("age", "currency")]],
            "matrices": matrices(credit, names),
            "incomeByDefault": compare(credit.income[credit.default == 1], credit.income[credit.default == 0]),
            "ordersByDefault": compare(credit.orders[credit.default == 1], credit.orders[credit.default == 0]),
            "incomeByRegion": anova([credit.income[credit.region == name] for name in regions]),
            "groupBy": group_by(credit.region, credit.income, regions),
            "defaultByWave": proportions([int(x.default.sum()) for x in (newer, older)], [len(newer), len(older)]),
        },
        breastCancer={
            "matrices": matrices(cancer, ["x1", "x2", "x5", "x9", "x16", "x20", "x27"]),
            "describe": {name: describe(cancer[name]) for name in ["x1", "x30"]},
            "x1ByY": compare(cancer.x1[cancer.y == 1], cancer.x1[cancer.y == 0]),
        },
        bankMarketing={
            "cellularByY": crosstab(pd.crosstab(bank.contact_cellular, bank.y).to_numpy()),
            "pair": correlation(bank.poutcome_success, bank.y),
        },
    )


def make_survival(data):
    edge = {
        "plain": ([6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17], [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], [0, 1] * 7),
        "events and gaps tie": ([5, 5, 5, 8, 8, 12], [1, 0, 1, 0, 1, 0], [0, 0, 1, 1, 0, 1]),
        "no event in a group": ([3, 4, 5, 6, 7, 8], [1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]),
        "all die": ([1, 2, 3, 4, 5, 6], [1] * 6, [0, 1, 0, 1, 1, 0]),
        "three groups": ([1, 4, 4, 2, 9, 9, 3, 5, 7], [1, 1, 0, 1, 1, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1, 2, 2, 2]),
    }
    write(
        "survival",
        "hand-made cases hold their data; the others are of test/stats/data/survival.csv",
        cases=[{"name": name, "days": d, "event": e, "group": g, "is": survival_case(d, e, g)} for name, (d, e, g) in edge.items()],
        byTreatment=survival_case(data.days, data.event, data.treated),
        byHospital={"logRank": log_rank(data.days, data.hospital, data.event)},
    )


def make_scores(cancer, bank, rng):
    def case(table, key, digits):
        x, y = table.drop(columns=[key, "y"]), table.y.astype(int)
        score = LogisticRegression(C=0.05, max_iter=5000).fit(x, y).predict_proba(x)[:, 1].round(digits)
        return {"scaledBy": 10**digits, "scores": (score * 10**digits).round().astype(int), "labels": "".join(map(str, y)), "is": binary(y, score)}

    edge = {
        "plain": ([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]),
        "ties across classes": ([0, 1, 0, 1, 1, 0, 1], [0.5, 0.5, 0.5, 0.9, 0.2, 0.2, 0.7]),
        "all scores equal": ([0, 1, 1, 0, 1], [0.3] * 5),
        "perfect": ([0, 0, 0, 1, 1], [0.1, 0.2, 0.3, 0.8, 0.9]),
        "wrong way round": ([1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9]),
        "scores beyond 0 and 1": ([0, 1, 0, 1], [-3.5, 2, 0, 7]),
        "one positive": ([0, 0, 0, 0, 1], [0.1, 0.6, 0.3, 0.2, 0.6]),
    }
    truth = rng.gamma(3, 20, 300).round(1) + 1
    said = (truth * rng.normal(1, 0.15, 300) + rng.normal(0, 4, 300)).round(1)
    edges = [-60, -20, -10, -5, 0, 5, 10, 20, 60]
    small = {
        "plain": ([3, -0.5, 2, 7], [2.5, 0.0, 2, 8]),
        "a zero among the truths": ([0, 1, 2], [0.5, 1, 1]),
        "constant truth": ([4, 4, 4], [3, 4, 6]),
        "exact": ([1, 2, 3], [1, 2, 3]),
        "worse than the mean": ([1, 2, 3], [3, 2, 1]),
    }
    write(
        "scores",
        "rows of data sets are in the order of their ids; a score is an integer over scaledBy, a label one character",
        binary=[{"name": name, "labels": y, "scores": score, "is": binary(y, score)} for name, (y, score) in edge.items()],
        breastCancer=case(cancer, "patient_id", 2),
        bankMarketing=case(bank, "customer_id", 3),
        regression=[{"name": name, "truth": y, "predicted": x, "is": regression(y, x, [-5, 0, 5])} for name, (y, x) in small.items()],
        simulated={"truth": truth, "predicted": said, "is": regression(truth, said, edges)},
    )


def make_encodings(credit):
    columns = {
        "plain": ([3, 1, 4, 1, 5, 9, 2, 6], [2, 9, 1, 7]),
        "beyond": ([10, 20, 30, 40], [5, 15, 45, 40]),
        "constant": ([0.1] * 5, [0.1, 0.1]),
        "one": ([7], [7]),
        "ties": ([1, 1, 1, 1, 2, 2, 3, 9], [1, 2, 3, 9]),
        "nearly all equal": ([0] * 18 + [1, 2], [0, 1, 2]),
        "far from zero": ([1e9 + x for x in [1, 2, 3, 4]], [1e9 + 2.5]),
    }
    gaps = {"plain": [3, None, 1, 4, None, 1, 5], "even": [1, 2, None, 10, 20], "all differ": [5, 3, None, 9]}
    words = {
        "plain": (list("abacabad"), list("abcd"), 3),
        "rare ones tie": (list("aabbccd"), list("abcdz"), 2),
        "enough": (list("abab"), list("ba"), 4),
    }
    older, newer = (credit[credit.wave == wave] for wave in (0, 1))
    names = ["age", "income", "limit", "used", "late", "currency"]
    seen = {name: (older[name].dropna().to_numpy(), newer[name].dropna().to_numpy()) for name in names}
    write(
        "encodings",
        "hand-made cases hold their data; those of test/stats/data/credit.csv are fitted to wave 0 and applied to the rows of wave 1, both without gaps",
        fill=[{"name": name, "data": x, "is": fills(x)} for name, x in gaps.items()],
        scale=[{"name": name, "fit": x, "other": y, "is": scalers(x, y)} for name, (x, y) in columns.items()],
        bins=[{"name": name, "fit": x, "other": y, "is": [bins(x, y, k) for k in (2, 3, 4, 10)]} for name, (x, y) in columns.items()],
        oneHot=[{"name": name, "fit": x, "other": y, "is": one_hot(x, y, k)} for name, (x, y, k) in words.items()],
        credit={
            "fill": {name: fills(older[name]) for name in ["income", "orders"]},
            "scale": {name: scalers(x, y[:20]) for name, (x, y) in seen.items()},
            "bins": {name: {**(made := bins(x, y, 10)), "is": np.bincount(made["is"], minlength=made["bins"])} for name, (x, y) in seen.items()},
            "oneHot": {"most": 2, **{key: one_hot(older.region, newer.region, 2)[key] for key in ["words"]}, "counts": one_hot(older.region, newer.region, 2)["is"].sum(axis=0)},
        },
    )


def make_loans(loans):
    """What is known of 4,454 loans: incomes with gaps, homes of which one is rare, and years of work as a score."""
    numbers = ["seniority", "age", "expenses", "income", "amount", "price"]
    homes = sorted(loans.home.dropna().unique())
    good = (loans.status == "good").astype(int)
    write(
        "loans",
        "test/stats/data/loans.csv; a score is the seniority, a label whether the status is good",
        columns=numbers,
        describe={name: describe(loans[name]) for name in numbers},
        quantiles={name: quantiles(loans[name]) for name in ["income", "price"]},
        pairs=[{"x": x, "y": y, "is": correlation(loans[x], loans[y])} for x, y in [("income", "amount"), ("amount", "price"), ("age", "seniority")]],
        matrices=matrices(loans, numbers),
        homes=homes,
        homeByStatus=crosstab(pd.crosstab(loans.home, loans.status).loc[homes, ["bad", "good"]].to_numpy()),
        recordsByStatus=crosstab(pd.crosstab(loans.records, loans.status).loc[["no", "yes"], ["bad", "good"]].to_numpy()),
        incomeByStatus=compare(loans.income[good == 1], loans.income[good == 0]),
        seniority={
            "positives": good.sum(),
            "auc": metrics.roc_auc_score(good, loans.seniority),
            "ks": stats.ks_2samp(loans.seniority[good == 1], loans.seniority[good == 0]).statistic,
        },
    )


def make_cats(cats):
    """Weeks until 2,257 cats had a home, up to a year; whoever was there longer is censored then."""
    weeks = (np.ceil(cats.time / 7) * 7).astype(int)
    days, event = np.minimum(weeks, 371), cats.event.where(weeks <= 364, 0)
    condition = np.where(cats.intake_condition == "normal", "normal", "other")
    write(
        "cats",
        "test/stats/data/cats.csv in whole weeks up to 364 days",
        byNeutered=survival_case(days, event, cats.neutered),
        byCondition=survival_case(days, event, condition),
    )


def main():
    rng = np.random.default_rng(SEED)
    DATA.mkdir(exist_ok=True)
    simulate_survival(rng)
    simulate_credit(rng)
    cancer, bank = joined("joint-risk-model", "patient_id"), joined("joint-marketing-model", "customer_id")
    make_distributions()
    make_tables(cancer, bank, pd.read_csv(DATA / "credit.csv"))
    make_survival(pd.read_csv(DATA / "survival.csv"))
    make_scores(cancer, bank, rng)
    make_encodings(pd.read_csv(DATA / "credit.csv"))
    make_loans(pd.read_csv(DATA / "loans.csv"))
    make_cats(pd.read_csv(DATA / "cats.csv"))


if __name__ == "__main__":
    main()
