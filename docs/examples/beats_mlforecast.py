"""How many violent arrests will a beat have? Beat series, mlforecast, and whether the network helps.

pip install "gpunet[examples]"
gpunet synth --persons 2000 --seed 1 --out arrests/
gpunet panel arrests/ --unit beat --from 2012-09-01 --to 2014-06-01 --every 1mo --horizon 90 --out panel/
python docs/examples/beats_mlforecast.py panel/
"""

import json
import sys
from pathlib import Path

import polars as pl
from mlforecast import MLForecast
from sklearn.ensemble import HistGradientBoostingRegressor

#: The families of features that need to know who was arrested with whom.
NETWORK = {"neighbourhood", "community", "removal", "betweenness", "closeness", "shell", "tipping"}

#: Months ahead: no more days than the horizon, so that features of these months are known when they are forecast.
AHEAD, WINDOWS = 2, 3

folder = Path(sys.argv[1])
series = pl.read_parquet(folder / "series.parquet")
described = json.loads((folder / "panel.json").read_text())

# Beats that have been known long enough.
series = series.filter(pl.len().over("unique_id") >= AHEAD + WINDOWS + 4).sort("unique_id", "ds")
past = [column for column in described["series"]["columns"] if column["role"] == "past"]
columns = {
    "lags alone": [],
    "lags and network": [column["column"] for column in past if column.get("family") in NETWORK],
}

for name, features in columns.items():
    forecast = MLForecast(
        HistGradientBoostingRegressor(loss="poisson", max_iter=50, random_state=1),
        freq=described["every"],
        lags=[1, 2, 3],
    )
    tried = forecast.cross_validation(
        series.select("unique_id", "ds", "y", *features).cast(dict.fromkeys(features, pl.Float64)),
        n_windows=WINDOWS,
        h=AHEAD,
        step_size=1,
        static_features=[],
    )
    error = (tried["y"] - tried["HistGradientBoostingRegressor"]).abs().mean()
    print(f"mean absolute error of {name}, {AHEAD} months ahead: {error:.3f}")
