"""Writes loans.csv and cats.csv from the files of the R package modeldata, whose licence is beside them.

    pip install rdata==1.1.0 pandas==2.3.3
    python test/stats/data/take.py CHECKOUT

CHECKOUT is https://github.com/tidymodels/modeldata at commit 5c22676a2deab18170885be4dd6e55068a669bb3.
"""

import hashlib
import sys
import warnings
from pathlib import Path

import rdata

HERE = Path(__file__).resolve().parent
SOURCES = {
    "credit_data": ("data/credit_data.RData", "cfe367c953c10bf46eb3b5c0b69c16e7e449318e5e95ed691925396d752737b8"),
    "cat_adoption": ("data/cat_adoption.rda", "440b9478cc2fdb0f27fb95b204e646140bacdd9f590840d337cd35636bc157ec"),
}


def read(checkout, name):
    path, digest = SOURCES[name]
    file = Path(checkout) / path
    if hashlib.sha256(file.read_bytes()).hexdigest() != digest:
        raise SystemExit(f"{path} is not the one of that commit")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return rdata.read_rda(file)[name]


def main(checkout):
    loans = read(checkout, "credit_data").rename(columns=str.lower)
    loans.insert(0, "loan_id", [f"L{i:04d}" for i in range(len(loans))])
    loans.to_csv(HERE / "loans.csv", index=False)
    # Where a cat was found is not needed, nor which fur it has.
    kept = ["time", "event", "sex", "neutered", "intake_condition", "intake_type"]
    cats = read(checkout, "cat_adoption")[kept].astype({"time": int, "event": int})
    cats.insert(0, "cat_id", [f"C{i:04d}" for i in range(len(cats))])
    cats.to_csv(HERE / "cats.csv", index=False)


if __name__ == "__main__":
    main(sys.argv[1])
