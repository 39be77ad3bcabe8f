"""Makes the package's advice of what the study of remedies measured.

python studies/remedies.py --workers 2 --into reports/remedies
python studies/advice.py                                   (reads reports/remedies, writes gandiag/detect/advice.csv)
"""

from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
MATRIX = ROOT / "reports" / "remedies" / "matrix.csv"
ADVICE = ROOT / "gandiag" / "detect" / "advice.csv"


def advice(matrix: pd.DataFrame) -> pd.DataFrame:
    """Kind of failure and remedy → failing runs that it was tried on, how many it mended, and its cost in time.

    ``share_low`` is the lower end of the mended share's interval.
    """
    mended = (matrix["mended"] * matrix["pairs"]).round().astype(int)
    low = matrix["mended_low"].round(3)
    table = matrix.assign(mended=mended, tried=matrix["pairs"], share_low=low, cost=matrix["cost"].round(2))
    return table[["kind", "remedy", "mended", "tried", "share_low", "cost"]].sort_values(["kind", "remedy"])


if __name__ == "__main__":
    advice(pd.read_csv(MATRIX)).to_csv(ADVICE, index=False)
    print(f"Look here: {ADVICE.relative_to(ROOT)}")
