"""A dense network that needs no data from outside: many incidents, up to twenty persons in one, that overlap widely.

It is like that of officers accused together in complaints, which has long records: one block holds nearly everybody,
and everybody is near. docs/benchmarks.md sets the two beside each other.
"""

from __future__ import annotations

from gpunet.synthetic import ActivityConfig, CircleConfig, PlaceConfig, SyntheticConfig, ViolenceConfig

__all__ = ["DENSE", "DENSE_PERSONS"]

DENSE_PERSONS = 14_000

DENSE = SyntheticConfig(
    circles=CircleConfig(extra_mean=5.0, extra_shape=0.6, pair_share=0.5, growth=0.6, max_size=20),
    # No mass arrests: with and without an incident cap it is the same network.
    activity=ActivityConfig(records=9.5, one_time=0.2, repeaters_outside=0.05, mass_arrests=0.0),
    places=PlaceConfig(area_persons=10_000_000),  # one area: two would hang together by few visitors
    violence=ViolenceConfig(
        rates={
            "robbery": 1.2,
            "aggravated_assault": 0.4,
            "aggravated_battery": 0.16,
            "homicide": 0.095,
            "criminal_sexual_assault": 0.008,
        }
    ),
)
