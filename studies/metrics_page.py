"""stub"""

from pathlib import Path
import pandas as pd


def write_page(values: pd.DataFrame, out: Path) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    values.to_csv(out / "values.csv", index=False, float_format="%.5g")
    return out / "values.csv"
