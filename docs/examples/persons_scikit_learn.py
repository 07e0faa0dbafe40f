"""Who is arrested for violence next? A person panel, scikit-learn, and whether the network helps.

gpunet synth --persons 2000 --seed 1 --out arrests/
gpunet panel arrests/ --from 2012-09-01 --to 2014-06-01 --every 1mo --horizon 90 --out panel/
python docs/examples/persons_scikit_learn.py panel/
"""

import json
import sys
from pathlib import Path

import polars as pl
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score

#: The families of features that need to know who was arrested with whom.
NETWORK = {"neighbourhood", "community", "removal", "betweenness", "closeness", "shell", "tipping"}

folder = Path(sys.argv[1])
panel = pl.read_parquet(folder / "panel", hive_partitioning=True)  # every day's table, with the column as_of
splits = pl.read_parquet(folder / "splits.parquet")
described = json.loads((folder / "panel.json").read_text())

past = [column for column in described["columns"] if column["role"] == "past"]
columns = {
    "history alone": [column["column"] for column in past if column["family"] == "history"],
    "history and network": [column["column"] for column in past if column["family"] in {"history", *NETWORK}],
}

# The last split: of its training days every label was known on the test day.
days = splits.filter(pl.col("split") == pl.col("split").max())
train, test = (
    panel.join(days.filter(role=role).select("as_of"), on="as_of", how="semi").sort("as_of", "person_id")
    for role in ("train", "test")
)
label = described["target"]
print(
    f"{len(train):,} rows to train on; {test['as_of'][0]}: {len(test):,} persons, {test[label].sum()} of them positive"
)
print(f"average precision of chance: {test[label].mean():.3f}")
for name, features in columns.items():
    # It takes nulls as they are. Leaves are large, as a person's rows of one month and the next are nearly the same.
    model = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=8, min_samples_leaf=200, random_state=1)
    model.fit(train.select(features).cast(pl.Float64).to_numpy(), train[label].to_numpy())
    value = model.predict_proba(test.select(features).cast(pl.Float64).to_numpy())[:, 1]
    print(f"average precision of {name}: {average_precision_score(test[label].to_numpy(), value):.3f}")
