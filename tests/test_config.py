"""Configuration: what is taken, and that whatever is not understood is an error that names it."""

import json
from dataclasses import replace

import pytest

from gpunet.base.errors import ConfigError
from gpunet.config.config import Config, load_config
from gpunet.config.offences import PRESETS, compile_taxonomy, offence_mask, taxonomy_hash


def test_defaults_are_the_papers_five_offences():
    assert load_config() == Config()
    assert Config().sets == (
        "all",
        "violent",
        "homicide",
        "criminal_sexual_assault",
        "robbery",
        "aggravated_assault",
        "aggravated_battery",
    )
    assert Config().network.max_incident_size == 50


def test_toml_file_and_mapping_agree(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text(
        '[input]\ncolumns = {person_id = "nominal_id"}\nincident_key = ["crime_no", "date"]\nperson_scope = "force"\n'
        '[network]\nmax_incident_size = 20\n[violent_offences]\nknife = ["*knife*"]\n[model]\nkind = "random_forest"\n'
    )
    config = load_config(path)
    assert config.input.source_names("person_id") == ("nominal_id",)
    assert config.input.source_names("date") == ("date",)
    assert config.input.incident_key == ("crime_no", "date")
    assert config.sets == ("all", "violent", "knife")
    assert load_config(config.as_dict()) == config


@pytest.mark.parametrize(
    ("mapping", "named"),
    [
        ({"inputs": {}}, "inputs"),
        ({"input": {"colums": {}}}, "colums"),
        ({"input": {"columns": {"race": "x"}}}, "columns.race"),
        ({"input": {"incident_key": []}}, "incident_key"),
        ({"input": {"incident_key": "incident_id"}}, "incident_key"),
        ({"input": {"person_scope": "planet"}}, "planet"),
        ({"network": {"max_incident_size": 1}}, "max_incident_size"),
        ({"network": {"max_incident_size": True}}, "max_incident_size"),
        ({"network": {"max_incident_size": "50"}}, "max_incident_size"),
        ({"network": 3}, "network"),
        ({"violent_offences": {}}, "violent_offences"),
        ({"violent_offences": {"preset": "mars"}}, "mars"),
        ({"violent_offences": {"preset": "fbi_index", "knife": ["x"]}}, "preset"),
        ({"violent_offences": {"violent": ["x"]}}, "violent"),
        ({"violent_offences": {"Knife": ["x"]}}, "Knife"),
        ({"violent_offences": {"knife": "x"}}, "knife"),
        ({"violent_offences": {"knife": []}}, "knife"),
        ({"violent_offences": {"knife": ["!x", " !y"]}}, "knife: every pattern begins with"),
        ({"violent_offences": {"knife": 5}}, "knife"),
        ({"violent_offences": {"preset": 5}}, "preset"),
        ({"model": {"horizon_days": 100_000_000}}, "horizon_days"),
        ({"model": {"kind": "oracle"}}, "oracle"),
        ({"model": {"folds": 1}}, "folds"),
        ({"model": {"seed": -1}}, "seed"),
    ],
)
def test_what_is_not_understood_is_named(mapping, named):
    with pytest.raises(ConfigError, match=named):
        load_config(mapping)


def test_errors_name_the_file(tmp_path):
    broken, unknown = tmp_path / "broken.toml", tmp_path / "unknown.toml"
    broken.write_text("[input\n")
    unknown.write_text("[inputt]\n")
    for path in (broken, unknown, tmp_path / "absent.toml"):
        with pytest.raises(ConfigError, match=path.name):
            load_config(path)


def test_every_error_has_its_line(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('[model]\nfolds = 1\nkind = "oracle"\n[path]\nbudget = -1\n[cluster]\nnanny = true\n')
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    *lines, last = str(raised.value).splitlines()
    assert lines == [
        f"{path}: [path] budget: must be at least 0, not -1",
        f"{path}: [model] kind: must be 'xgboost' or 'random_forest', not 'oracle'",
        f"{path}: [model] folds: must be at least 2, not 1",
    ]
    assert last.startswith(f"{path}: unknown key [cluster] nanny; known are rmm_pool_size, ")


def test_a_changed_configuration_is_checked_and_numbers_stay_as_they_were():
    config = load_config({"path": {"budget": 3}})
    assert json.dumps(config.as_dict()["path"]["budget"]) == "3"
    assert replace(config, path=replace(config.path, epsilon=0.5)).path.epsilon == 0.5
    with pytest.raises(ConfigError, match=r"^\[path\] epsilon: must be less than 1, not 1$"):
        replace(config.path, epsilon=1)


def mask_of(text: str, preset: str = "fbi_index") -> set[str]:
    bits = offence_mask(text, compile_taxonomy(PRESETS[preset]))
    return {name for i, name in enumerate(PRESETS[preset]) if bits >> i & 1}


@pytest.mark.parametrize(
    ("text", "sets"),
    [
        ("homicide", {"homicide"}),
        ("CRIMINAL SEXUAL ASSAULT", {"criminal_sexual_assault"}),
        ("criminal_sexual_assault", {"criminal_sexual_assault"}),
        (" Robbery - armed ", {"robbery"}),
        ("aggravated_assault", {"aggravated_assault"}),
        ("Aggravated Battery: handgun", {"aggravated_battery"}),
        ("theft", set()),
        ("simple battery", set()),
        ("burglary", set()),
        ("", set()),
    ],
)
def test_default_patterns(text, sets):
    assert mask_of(text) == sets


def test_home_office_wording():
    assert mask_of("Assault with injury", "home_office") == {"violence_with_injury"}
    assert mask_of("Possession of weapons offences", "home_office") == {"weapons"}
    assert mask_of("Shoplifting", "home_office") == set()


def test_taxonomy_hash_sees_names_patterns_and_order():
    sets = {"a": ("x*",), "b": ("y*",)}
    others = [{"a": ("x",), "b": ("y*",)}, {"b": ("y*",), "a": ("x*",)}, {"a": ("x*",), "c": ("y*",)}]
    assert taxonomy_hash(dict(sets)) == taxonomy_hash(sets)
    assert len({taxonomy_hash(s) for s in [sets, *others]}) == 4
