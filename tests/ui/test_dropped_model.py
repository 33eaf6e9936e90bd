"""The whole way of a model file with the real engine: dropped, found, picked, drawn with."""

import re

import pytest
import torch
from playwright.sync_api import expect
from safetensors.torch import load_file

from backend.schema.jobs import OWNER
from recipes.starter.single_file import write_single_file
from tests.fixtures.program import ROOT
from tests.ui.conftest import opened, site_in
from tests.ui.test_models import chosen, open_picker, pick, picker, rescan

pytestmark = [pytest.mark.browser, pytest.mark.engine]

PROMPT = "red apple, 3d style, white background"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "models"
    (folder / "checkpoints").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory, models):
    with site_in(tmp_path_factory.mktemp("site"), arguments=(), models=models) as site:
        yield site


def test_a_dropped_file_draws(context, site, models):
    page = opened(context, site)
    expect(chosen(page)).to_have_accessible_name("Checkpoint: Starter")
    write_single_file(ROOT / "models" / "starter", models / "checkpoints" / "apples.safetensors")
    open_picker(page)
    rescan(page)
    expect(picker(page).locator(".found")).to_contain_text("1 new")
    page.keyboard.press("Escape")

    pick(page, "apples")
    page.get_by_label("number input for Steps").fill("4")
    page.get_by_label("Prompt", exact=True).fill(PROMPT)
    page.get_by_role("button", name="Generate", exact=True).click()

    frame = page.locator("easel-stage .frame img")
    expect(frame).to_have_attribute("src", re.compile("^/pictures/"), timeout=90_000)
    gallery = site.studio.gallery
    request = gallery.request_of(OWNER, gallery.newest(OWNER)[0].id)
    assert request.model.checkpoint == "checkpoints/apples.safetensors"


def test_a_pickled_file_is_converted_with_one_click(context, site, models):
    weights = load_file(models / "checkpoints" / "apples.safetensors")
    torch.save({"state_dict": weights}, models / "checkpoints" / "pickled.ckpt")
    page = opened(context, site)
    open_picker(page)
    rescan(page)
    picker(page).get_by_label("Information on pickled").click()

    picker(page).get_by_role("button", name="Convert safely").click()

    expect(picker(page).get_by_role("status").filter(has_text="pickled")).to_be_visible()
    row = picker(page).locator(".pick[data-id='checkpoints/pickled.safetensors']")
    expect(row).to_be_visible(timeout=60_000)
    assert (models / "checkpoints" / "pickled.ckpt").exists()
