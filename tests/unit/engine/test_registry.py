"""What the engine offers, and that everybody else knows it."""

import pytest

from backend.engine.catalogue import PATH, as_json, catalogue
from backend.engine.registry import (
    families,
    find_family,
    find_sampler,
    find_schedule,
    samplers,
    schedules,
)
from backend.metadata.catalogue import load_catalogue
from backend.schema.errors import NotFoundError


def test_the_kept_catalogue_is_current():
    assert PATH.read_text(encoding="utf-8") == as_json(catalogue()), (
        "run `python -m backend.engine.catalogue`"
    )
    assert load_catalogue() == catalogue()


def test_the_samplers_and_schedules_that_people_know_are_offered():
    assert {entry.info.label for entry in samplers()} >= {
        "Euler",
        "Euler a",
        "Heun",
        "LMS",
        "DPM2",
        "DPM2 a",
        "DPM++ 2S a",
        "DPM++ 2M",
        "DPM++ SDE",
        "DPM++ 2M SDE",
        "DPM++ 3M SDE",
        "DDIM",
        "UniPC",
        "DEIS",
        "LCM",
    }
    assert {entry.info.label for entry in schedules()} >= {
        "Normal",
        "Karras",
        "Exponential",
        "Simple",
        "SGM Uniform",
        "Beta",
    }


@pytest.mark.parametrize("entries", [samplers, schedules, families], ids=lambda f: f.__name__)
def test_names_are_unique_and_sorted_by_label(entries):
    infos = [entry.info for entry in entries()]
    labels = [info.label for info in infos]
    names = [name for info in infos for name in (info.id, *getattr(info, "aliases", ()))]

    assert labels == sorted(labels)
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("find", "entries"),
    [(find_sampler, samplers), (find_schedule, schedules), (find_family, families)],
)
def test_each_is_found_by_its_id_and_others_are_refused_with_what_there_is(find, entries):
    for entry in entries():
        assert find(entry.info.id).info == entry.info

    with pytest.raises(NotFoundError) as caught:
        find("teapot")
    assert "teapot" in caught.value.sentence
    assert entries()[0].info.id in caught.value.hint


@pytest.mark.parametrize("entry", families(), ids=lambda entry: entry.info.id)
def test_samplers_and_schedules_of_defaults_exist(entry):
    variants = (variant.defaults for variant in entry.info.variants)

    for defaults in (entry.info.defaults, *variants):
        assert defaults.sampler in {sampler.info.id for sampler in samplers()}
        assert defaults.schedule in {schedule.info.id for schedule in schedules()}
