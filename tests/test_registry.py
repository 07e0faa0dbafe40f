"""The registry declares what is computed, and nothing else."""

from gpunet.config.config import Config
from gpunet.config.layers import Layers
from gpunet.config.registry import FAMILIES, LAYER_FAMILIES, columns, dictionary, expand_families

CONTRACT = [
    "degree__all",
    "degree__violent",
    "degree__robbery",
    "share_1hop__violent",
    "share_2hop__robbery",
    "majority_1_and_2hop__violent",
    "minority_1_majority_2hop__robbery",
    "group_size",
    "group_ties",
    "group_violent",
    "group_triangles",
    "group_transitivity",
    "group_out_members",
    "gang_out_members",
    "community_size",
    "community_ties",
    "community_violent",
    "community_triangles",
    "community_transitivity",
    "community_out_members",
    "removal_largest_component",
    "removal_largest_violent_component",
    "betweenness__all",
    "betweenness__violent",
    "closeness__all",
    "closeness__robbery",
    "shell__all",
    "shell__violent",
    "tipping_2",
    "tipping_6",
    "district_arrests",
    "beat_arrests",
    "district_violent_arrests",
    "beat_violent_arrests",
    "interval_days",
    "violent_groups",
    "own_arrests",
    "own_violent_arrests",
    "own_arrests__robbery",
    "own_interval_days__violent",
    "days_since_last_arrest",
    "days_since_last_violent",
]


def test_every_column_of_the_definition_is_declared():
    declared = columns(Config().sets)
    assert set(CONTRACT) <= set(declared)
    # 7 sets: degree 7; shares and majorities 4 each for 6; cells 6 + 1 + 6; removal 2; three path measures for 7;
    # tipping 5; places 4; temporal 2; history 2 + 5 + 3.
    assert len(declared) == 7 + 24 + 13 + 2 + 21 + 5 + 4 + 2 + 10


def test_sets_without_a_column():
    declared = columns(Config().sets)
    assert not {"share_1hop__all", "majority_1_and_2hop__all", "own_arrests__all", "own_arrests__violent"} & set(
        declared
    )


def test_families():
    assert expand_families(None) == FAMILIES
    assert set(expand_families("path")) == {"betweenness", "closeness", "shell", "tipping", "removal"}
    assert expand_families(["history", "shell"]) == ("shell", "history")


def test_types_follow_the_rules():
    for name, feature in columns(Config().sets).items():
        if feature.dtype == "bool":
            assert not feature.null, name
        assert feature.definition, name
        assert feature.own_label_free == (feature.family != "history"), name


def test_dictionary_has_a_row_a_column():
    rows = dictionary(("all", "violent", "knife"))
    assert [row["column"] for row in rows] == list(columns(("all", "violent", "knife")))


def test_every_column_has_a_label_of_its_own_in_plain_words():
    labels = {name: feature.label for name, feature in columns(Config().sets).items()}
    assert len(set(labels.values())) == len(labels)
    for name, label in labels.items():
        assert label.strip(), name
        assert len(label) <= 90, name
        assert not set("{}_|") & set(label), name
    assert labels["own_arrests"] == "arrests on record"
    assert labels["share_1hop__violent"] == "share of direct co-arrestees who were arrested for a violent offence"
    assert labels["own_arrests__aggravated_assault"] == "own arrests for aggravated assault"
    assert [row["label"] for row in dictionary(Config().sets)] == list(labels.values())


def test_layers_have_columns_of_their_own():
    sets = Config().sets
    layers = Layers(("calls", "social_media"), victims=True)
    declared = columns(sets, LAYER_FAMILIES, layers=layers)
    assert list(columns(sets, layers=layers)) == [*columns(sets), *declared]
    assert not columns(sets, LAYER_FAMILIES)
    # 7 sets: degree 7 and shares 2 each for 6 in 4 layers, strength 7 in 3, paths 3 for 7 in the union; victims 3 for 7
    # and the flag; the own record 7 and the days.
    assert len(declared) == 4 * (7 + 12) + 3 * 7 + 21 + 22 + 8
    for name, feature in declared.items():
        assert not {"{", "}"} & set(name + feature.label), name
        assert (feature.family != "layers") or name.endswith(tuple(f"__{layer}" for layer in layers.names)), name
    assert declared["degree__all__social_media"].label == "direct contacts in social media"
    assert declared["degree__robbery__victim"].label.startswith("direct contacts in incidents with victims who were")
    kinds = columns(sets, layers=Layers(("calls",)))
    assert {f.family for f in kinds.values()} == {*FAMILIES} - {"victims", "victim_history"}


def test_columns_of_layers_follow_offences_as_those_of_co_arrest_do():
    declared = columns(Config().sets, LAYER_FAMILIES, offences=False, layers=Layers(("calls",), victims=True))
    known = {name for name, feature in declared.items() if feature.known}
    assert {"degree__all__calls", "betweenness__all__any", "victims_1hop__violent", "two_hop_heuristic"} <= known
    assert not {"degree__violent__calls", "strength__robbery__victim", "shell__violent__any"} & known
