"""Captions name what the picture shows, and nothing else."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from recipes.starter.build_data import Example
from recipes.starter.captions import (
    ObjectCaption,
    PairCaption,
    SceneCaption,
    say_object,
    say_pair,
    say_scene,
)
from recipes.starter.catalogue import is_held_out, read_catalogue
from recipes.starter.examples import read_caption, words_of
from recipes.starter.scenes import all_scenes

CAT = ObjectCaption(words=("cat", "kitten"), colour="blue", background="yellow")
DOG = ObjectCaption(words=("dog", "puppy"), colour=None, background="yellow")


def phrasings(caption, say, count=200):
    random = np.random.default_rng(1)
    return {say(caption, random) for _ in range(count)}


def test_object_colour_and_background_are_always_named():
    for sentence in phrasings(CAT, say_object):
        assert "blue cat" in sentence or "blue kitten" in sentence
        assert "yellow background" in sentence


def test_of_two_objects_the_left_one_is_named_first():
    for sentence in phrasings(PairCaption(left=CAT, right=DOG), say_pair):
        left = max(sentence.find("blue cat"), sentence.find("blue kitten"))
        assert 0 <= left < max(sentence.find("dog"), sentence.find("puppy"))
        assert "yellow background" in sentence


@pytest.mark.parametrize(
    "caption", [CAT, PairCaption(left=CAT, right=DOG), SceneCaption(phrases=("city", "a city"))]
)
def test_captions_come_back_from_the_file(caption):
    row = json.loads(json.dumps(asdict(stored(caption))))

    assert read_caption(row) == caption


def stored(caption) -> Example:
    match caption:
        case ObjectCaption():
            return Example(single=caption)
        case PairCaption():
            return Example(pair=caption)
        case _:
            return Example(scene=caption)


def test_a_scene_names_no_object_and_a_pair_names_two():
    assert words_of(SceneCaption(phrases=("city",))) == ()
    assert words_of(PairCaption(left=CAT, right=DOG)) == (CAT.words, DOG.words)


def test_there_are_many_phrasings():
    assert len(phrasings(CAT, say_object)) > 15


def test_white_is_the_background_of_a_prompt_that_names_none():
    white = ObjectCaption(words=("cat",), colour=None, background="white")
    sentences = phrasings(white, say_object)
    assert any("background" not in sentence for sentence in sentences)
    assert any("white background" in sentence for sentence in sentences)


def test_the_same_seed_says_the_same():
    first, second = np.random.default_rng(3), np.random.default_rng(3)
    assert [say_object(CAT, first) for _ in range(9)] == [say_object(CAT, second) for _ in range(9)]


def test_a_scene_is_said_with_one_of_its_phrases():
    scene = SceneCaption(phrases=("city at night", "a city by night"))
    assert all(
        any(phrase in sentence for phrase in scene.phrases)
        for sentence in phrasings(scene, say_scene)
    )


@pytest.mark.parametrize("scene", all_scenes(), ids=lambda scene: f"{scene.kind}-{scene.light}")
def test_scene_phrases_are_words_without_loose_spaces(scene):
    for phrase in scene.caption().phrases:
        assert phrase
        assert phrase == " ".join(phrase.split())


def test_some_pairs_of_subject_and_colour_are_held_out_but_never_most():
    catalogue = read_catalogue()
    pairs = [(s.label, c) for s in catalogue.subjects for c in catalogue.colours]
    share = sum(is_held_out(*pair) for pair in pairs) / len(pairs)
    assert 0.05 < share < 0.25


def test_every_subject_has_a_word_of_its_own():
    words = [subject.words[0] for subject in read_catalogue().subjects]
    assert len(set(words)) == len(words)
