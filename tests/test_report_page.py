"""One page of parts that are made up: escaping, its policy, its size, who may see what."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from xml.etree import ElementTree

import altair as alt
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_pages import HOSTILE, assert_harmless, assert_public

from gpunet.report.audience import Audience
from gpunet.report.figure import Figure, Page, Paragraph, Section, Table
from gpunet.report.look import COLOURS, colour_scale, svg_of
from gpunet.report.named import named, named_list
from gpunet.report.page import Rendered, rendered

PUBLIC, ANALYST = Audience("public"), Audience("analyst")

GROUPS = pl.DataFrame({"name": ["a", "b", "c"], "persons": [3, 40, 500]})


def bars(data: pl.DataFrame) -> alt.Chart:
    return alt.Chart(data).mark_bar().encode(x="persons:Q", y=alt.Y("name:N", title=data["name"][0]))


def figure(data: pl.DataFrame = GROUPS, name: str = "bars", chart: object = None, **changes: object) -> Figure:
    persons = int(data["persons"].sum())
    return Figure(name, "Bars", "It shows bars.", persons, data, chart or bars(data), **changes)  # type: ignore[arg-type]


def table(data: pl.DataFrame = GROUPS, name: str = "rows", **changes: object) -> Table:
    heads = {column: column for column in data.columns}
    return Table(name, "Rows", "It shows rows.", 543, data, heads, **changes)  # type: ignore[arg-type]


def page_of(*parts: Figure | Table | Paragraph, title: str = "Title", audience: Audience = ANALYST) -> Rendered:
    return rendered(Page(title, ("Summary.",), (Section("one", "One", "Lead.", parts),)), audience)


def test_every_text_of_a_page_may_be_hostile():
    data = pl.DataFrame({"name": HOSTILE, "persons": [20 + i for i in range(len(HOSTILE))]})
    svg = svg_of(bars(data))
    for text in HOSTILE:
        parts = (
            Figure("bars", text, text, 20, data, svg), Table("rows", text, text, 20, data, {"name": text}),
            *(Paragraph(f"{text} {named(text)}", kind) for kind in ("plain", "list item", "warning")),
        )  # fmt: skip
        page = Page(text, (text,), (Section("one", text, text, parts), Section("two", text, text)), (text,))
        for audience in (ANALYST, PUBLIC):
            shown = assert_harmless(rendered(page, audience).html)
            assert sum(tag == "bdi" for tag, _ in shown.elements) >= 3


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_makes_a_page_that_is_well_made(text, other):
    data = pl.DataFrame({"name": [text, other], "persons": [10, 20]})
    assert_harmless(page_of(table(data), Paragraph(other + named(text) + text), title=text).html)


def test_only_the_own_style_sheet_is_allowed():
    html = page_of(figure()).html.decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "<script" not in html
    assert " style=" not in html


def test_figures_have_their_data_on_the_page_and_in_a_file():
    found = page_of(figure(), table())
    assert found.figures == dict.fromkeys(("figures/bars.csv", "figures/rows.csv"), b"name,persons\na,3\nb,40\nc,500\n")
    hrefs = [href for href in assert_harmless(found.html).values("href") if href.startswith("data:")]
    assert [base64.b64decode(href.partition(",")[2]) for href in hrefs] == list(found.figures.values())


def test_words_of_numbers_that_are_there_are_not_in_the_csv():
    data = pl.DataFrame(
        {"name": ["a"], "auc": [0.8], "auc_low": [0.7], "auc_high": [0.9], "auc_words": ["0.8 (0.7 to 0.9)"]}
    ).with_columns(test=pl.lit(0.5), test_words=pl.lit("0.5 (0.4 to 0.6)"))
    found = page_of(table(data))
    assert found.figures["figures/rows.csv"].decode().splitlines() == [
        "name,auc,auc_low,auc_high,test,test_words",
        "a,0.8,0.7,0.9,0.5,0.5 (0.4 to 0.6)",
    ]
    assert "0.8\u00a0(0.7\u00a0to\u00a00.9)" in found.html.decode()


def test_the_public_sees_no_small_group_in_rows_data_or_pictures():
    found = page_of(figure(counts=("persons",)), table(counts=("persons",)), audience=PUBLIC)
    assert_public(found.html, found.figures, set())
    text = found.html.decode()
    assert set(found.figures.values()) == {b"name,persons\nc,500\n"}
    assert "<svg" not in text
    assert "The picture is not shown, as there are groups of fewer than 10 in it." in text
    assert text.count("Groups of fewer than 10 are not shown") == 2
    shown = PUBLIC.shown(GROUPS, ["persons"])
    assert "<svg" in page_of(figure(shown, counts=("persons",)), audience=PUBLIC).html.decode()
    assert "Persons: fewer than 10" in page_of(figure(GROUPS.head(1)), audience=PUBLIC).html.decode()


@pytest.mark.parametrize("column", ["person_id", "person_a", "incident_id"])
def test_ids_are_never_rendered_for_the_public(column):
    data = GROUPS.rename({"name": column})
    page_of(table(data))
    with pytest.raises(ValueError, match="rows has ids, which the public is not shown"):
        page_of(table(data), audience=PUBLIC)


def test_names_of_parts_are_one_each():
    with pytest.raises(ValueError, match="two parts of a page have one name"):
        page_of(table(), table())
    for name in ("a b", "../x", "", "A"):
        with pytest.raises(ValueError, match="is no name for a part"):
            page_of(table(name=name))


def test_a_page_that_would_be_too_large_refers_to_files_then_leaves_out_the_largest_picture():
    large = pl.DataFrame({"name": [f"name {i} {i**7}" for i in range(40_000)], "persons": [10] * 40_000})
    small = bars(GROUPS)
    found = page_of(figure(large, chart=small), table(large, "many"), figure(name="few"))
    shown = assert_harmless(found.html)
    assert [href for href in shown.values("href") if href.startswith("figures")] == [
        "figures/bars.csv",
        "figures/many.csv",
    ]
    assert shown.text.count("The first 100 of 40,000 rows") == 1
    assert len(pl.read_csv(found.figures["figures/many.csv"])) == 40_000
    assert sum(tag == "svg" for tag, _ in shown.elements) == 2
    picture = f'<svg width="10" height="10"><path d="{"M0 0" * 600_000}"/></svg>'
    shown = assert_harmless(page_of(figure(chart=picture), figure(name="few"), table()).html)
    assert "The picture is left out, as the page would be over 2 MB with it." in shown.text
    assert sum(tag == "svg" for tag, _ in shown.elements) == 1
    wide = pl.DataFrame({f"c{i}": ["x" * 190] * 100 for i in range(150)})
    assert "The rows are left out" in assert_harmless(page_of(table(wide)).html).text


def test_numbers_stand_right_and_are_written_alike():
    data = pl.DataFrame({"name": ["x" * 500], "n": [12345], "share": [0.123456], "big": [123456.7], "none": [None]})
    html = page_of(table(data)).html.decode()
    assert f"<bdi>{'x' * 160} ... {'x' * 40}</bdi>" in html
    assert re.findall(r'<td class="number"><bdi>(.*?)</bdi>', html) == ["12,345", "0.123", "123,457"]
    assert re.findall(r'<th scope="col" class="number">(.*?)</th>', html) == ["n", "share", "big"]


def test_figures_that_are_text_stand_right_too_and_their_intervals_do_not_break():
    auc = ["0.8 (0.7 to 0.9)", "-0.1 (-0.2 to +0.1)", "not defined: no positives", None]
    said, hashes = ["1 a", "2", "3", "4"], ["0f" * 32] * 4
    data = pl.DataFrame({"name": ["a", "b", "c", "d"], "auc": auc, "said": said, "hash": hashes})
    heads = {"name": "", "auc": "AUC", "said": "said", "hash": "hash"}
    html = page_of(Table("rows", "Rows", "It shows rows.", None, data, heads)).html
    first, *_ = re.findall(r"<tr>(.*?)</tr>", html.decode().partition("<tbody>")[2])
    assert re.findall(r'<(t[dh])(?: scope="row")? class="(.*?)"><bdi>(.*?)</bdi>', first) == [
        ("th", "text", "a"),
        ("td", "figures", "0.8\u00a0(0.7\u00a0to\u00a00.9)"),
        ("td", "text", "1 a"),
        ("td", "fingerprint", hashes[0]),
    ]
    assert '<thead><tr><td></td><th scope="col" class="figures">AUC</th>' in html.decode()
    assert "Persons:" not in html.decode()


def test_days_do_not_break_and_lists_are_lists():
    html = page_of(
        Paragraph("From 2014-01-02 (82.5 %)."), Paragraph("a", "list item"), Paragraph("b", "list item")
    ).html.decode()
    assert "From <time>2014-01-02</time>" in html
    assert '(<span class="whole">82.5 %</span>)' in html
    assert re.search(r"<ul>\s*<li>a</li>\s*<li>b</li>\s*</ul>", html)


def test_columns_of_days():
    days = ["2014-01-02", None]
    data = pl.DataFrame({"text": days, "said": ["2014-01-02", "never"]}).with_columns(day=pl.col("text").str.to_date())
    html = page_of(table(data)).html.decode()
    first = re.findall(r"<tr>(.*?)</tr>", html.partition("<tbody>")[2])[0]
    assert re.findall(r'<(t[dh])(?: scope="row")? class="(.*?)">', first) == [
        ("th", "day"), ("td", "text"), ("td", "day")
    ]  # fmt: skip


def test_names_in_sentences():
    assert named_list([], 2) == ""
    assert named_list(["a", "b"], 2).count("\u2068") == 2
    assert len(named("x" * 500)) < 130


def test_long_names_that_begin_alike_are_told_apart():
    ids = ["x" * 300 + end for end in ("1", "2")]
    assert len({*map(named, ids)}) == 2
    html = page_of(table(pl.DataFrame({"name": ids, "persons": [1, 2]}))).html.decode()
    assert len({*re.findall(r'<th scope="row" class="text long"><bdi>(.*?)</bdi>', html)}) == 2


def test_a_picture_is_the_same_each_time_and_names_nobody_for_screen_readers():
    svg = svg_of(bars(GROUPS))
    assert svg == svg_of(bars(GROUPS))
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    names = {name for node in root.iter() for name in node.attrib}
    assert not {name for name in names if name.startswith(("aria", "on"))} | names & {"role", "style", "class", "href"}
    assert not re.search(r"\d\.\d{3}", svg)
    assert "var(--plot-1, #0072B2)" in svg


def test_colours_are_eight():
    assert json.dumps(colour_scale(list("abc")).to_dict()) == json.dumps(
        {"domain": list("abc"), "range": list(COLOURS[:3])}
    )
    with pytest.raises(ValueError, match="9 colours cannot be told apart; there are 8"):
        colour_scale(list("abcdefghi"))
