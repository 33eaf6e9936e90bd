"""The Train tab: a training is watched, told in words, changed, and what it learned is used."""

import random

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from backend.schema.resolved import ResolvedModel
from backend.schema.training import LearnedPicture, ResolvedTraining, TrainingRequest
from backend.schema.training_data import DatasetSettings
from backend.schema.training_learning import LearningSettings
from backend.schema.training_story import BANDS, Begun, Measured, Validated
from backend.training.folder import WHOLE, TrainingFolder
from tests.ui.conftest import PHONE, attached

pytestmark = pytest.mark.browser

STEPS, DONE = 400, 300
LEVELS = (0.02, 0.08, 0.2, 0.5)
PROMPT = "#field-prompt-positive textarea"


def told(folder: TrainingFolder) -> None:
    """Write what a training told that learns by heart since step 100."""
    chance = random.Random(5)
    lines: list[str] = []
    for step in range(1, DONE + 1):
        band = chance.randrange(BANDS)
        loss = LEVELS[band] * (1 - 0.3 * step / STEPS) * chance.lognormvariate(0, 0.1)
        bands = tuple(loss if place == band else None for place in range(BANDS))
        measured = Measured(
            step=step, loss=loss, average=0.2, bands=bands, rate=1e-4, gradient=0.5, seconds=2.0
        )
        lines.append(measured.model_dump_json())
    (folder.path / "history.jsonl").write_text("\n".join(lines) + "\n")
    for step, loss in ((50, 0.4), (100, 0.3), (200, 0.4), (300, 0.5)):
        folder.tell(Validated(step=step, loss=loss))


def drawn(folder: TrainingFolder) -> None:
    (folder.path / "samples").mkdir()
    for step in (0, 100, 200, 300):
        grey = 40 + step // 2
        Image.new("RGB", (64, 64), (grey, grey, grey)).save(folder.sample_of(step, 0))


@pytest.fixture(scope="module")
def training(site) -> TrainingFolder:
    """A training that was stopped at step 300 of 400."""
    folder = TrainingFolder(site.folder / "data" / "training" / "0123456789ab")
    folder.path.mkdir(parents=True)
    asked = TrainingRequest(
        dataset=DatasetSettings(folder="/pictures/cat", trigger="zkw7"),
        checkpoint="starter",
        learning=LearningSettings(steps=STEPS),
        name="cat",
    )
    model = ResolvedModel(checkpoint="starter", name="Starter", path="/m", family="sd15", sha256="")
    picture = LearnedPicture(path="/p/1.png", caption="zkw7", repeats=1, width=64, height=64)
    wanted = ResolvedTraining(
        id=folder.path.name,
        asked=asked,
        model=model,
        resolution=64,
        pictures=(picture,),
        name="cat",
    )
    folder.begin(Begun(job="f" * 12, owner="owner", created=1.0, wanted=wanted))
    told(folder)
    drawn(folder)
    for step in (100, 200, 300):
        folder.checkpoint(step).mkdir()
        (folder.checkpoint(step) / WHOLE).write_text("{}")
    return folder


@pytest.fixture(autouse=True)
def gone(watch):
    """The pictures that the training learned from are gone, so that nothing is foretold of them."""
    watch.expected = ("/api/trainings/forecast",)


@pytest.fixture
def trainer(page, training):
    """The tab, with the training in view."""
    return opened_tab(page)


def opened_tab(page: Page):
    page.get_by_role("tab", name="Train", exact=True).click()
    trainer = page.locator("easel-train")
    view(trainer, "Watch")
    expect(trainer.locator("[data-part=title]")).to_have_text("cat")
    return trainer


def view(trainer, name: str) -> None:
    trainer.get_by_role("button", name=name).first.click()


def test_a_training_is_watched_with_its_samples_and_its_curve_is_told_in_words(trainer):
    expect(trainer.locator("[data-part=doing]")).to_contain_text("Stopped at step 300 of 400")
    expect(trainer.get_by_role("button", name="Go on")).to_be_visible()
    numbers = trainer.locator("[data-part=numbers]")
    expect(numbers).to_contain_text("2.0 s")
    expect(numbers).to_contain_text("3 min 20 s")  # what is left

    loss = trainer.locator("canvas[data-part=loss]")
    before = plotted(loss)
    trainer.get_by_role("button", name="most noise").click()
    assert len(plotted(loss)) > len(before)  # one more curve
    loss.focus()
    loss.press("ArrowLeft")
    expect(trainer.locator("[data-part=read]")).to_contain_text("Step 300: loss")

    pair = trainer.locator("[data-part=pair] img")
    expect(pair).to_have_count(2)
    expect(pair.nth(0)).to_have_attribute("alt", "without the LoRA")
    expect(pair.nth(1)).to_have_attribute("alt", "after 300 steps")
    assert pair.nth(1).evaluate("image => image.decode().then(() => image.naturalWidth)") == 64

    slide = trainer.get_by_label("Step of the samples")
    slide.focus()
    slide.press("ArrowLeft")
    expect(pair.nth(1)).to_have_attribute("alt", "after 200 steps")
    trainer.get_by_role("button", name="without").click()
    expect(pair).to_have_count(1)

    expect(trainer.locator("[data-part=diagnoses] li")).to_contain_text("since step 100")
    trainer.get_by_role("button", name="Learn 100 steps").click()
    expect(field(trainer, "learning.steps")).to_have_value("100")
    expect(field(trainer, "name")).to_have_value("cat-2")
    expect(field(trainer, "dataset.trigger")).to_have_value("zkw7")


def plotted(canvas) -> str:
    """What a plot shows, once it is drawn."""
    return canvas.evaluate(
        "canvas => new Promise(done => requestAnimationFrame(() => done(canvas.toDataURL())))"
    )


def field(trainer, field_id: str):
    """The control of a setting."""
    return trainer.locator(f'[data-field="{field_id}"]')


def test_a_checkpoint_is_used_at_once_or_compared_in_a_grid(page, training):
    page.get_by_label("Prompt", exact=True).fill("a house <lora:cat-000100:0.4>")
    trainer = opened_tab(page)
    view(trainer, "Use")
    expect(trainer.locator("[data-part=hint]")).to_contain_text("best at step 100")
    trainer.get_by_text("Step 200", exact=True).click()
    trainer.get_by_label("Strength", exact=True).fill("0.8")
    trainer.get_by_role("button", name="Use it now").click()

    expect(page.get_by_role("tab", name="Text to image")).to_have_attribute("aria-selected", "true")
    expect(page.locator(PROMPT)).to_have_value("a house, zkw7 <lora:cat-000200:0.8>")

    page.get_by_role("tab", name="Train", exact=True).click()
    remove = trainer.locator("[data-part=prune]")
    remove.click()
    expect(remove).to_have_accessible_name("Remove it for good?")
    remove.click()
    expect(trainer.locator("[data-part=kept] li")).to_have_count(2)
    trainer.get_by_role("button", name="Compare in a grid").click()
    dialog = page.get_by_role("dialog", name="Grid", exact=True)
    names = "cat-000100, cat-000300"
    expect(dialog.get_by_label("Across: values")).to_have_value(names)
    expect(dialog.get_by_label("Down: values")).to_have_value("0.6, 0.8, 1")
    expect(page.locator(PROMPT)).to_have_value("a house, zkw7 <lora:cat-000100:0.8>")


def test_settings_are_kept_and_the_rate_follows_the_optimiser(page, trainer):
    page.get_by_role("button", name="All settings").first.click()
    view(trainer, "Settings")
    rate = field(trainer, "learning.rate")
    expect(rate).to_have_attribute("placeholder", "0.0001, as it wants")
    rate.fill("0.0005")
    field(trainer, "learning.optimiser").select_option("prodigy")
    expect(rate).to_have_value("")
    expect(rate).to_have_attribute("placeholder", "1, as it wants")
    field(trainer, "network.rank").fill("8")

    page.reload()
    attached(page)
    view(trainer, "Settings")
    expect(field(trainer, "network.rank")).to_have_value("8")
    page.get_by_role("button", name="Simple").first.click()
    trainer.get_by_role("button", name="Reset Rank").click()
    expect(trainer.get_by_role("button", name="Reset Rank")).to_have_count(0)
    expect(trainer.get_by_role("button", name="Reset Optimiser")).to_be_visible()


def test_it_can_be_watched_from_a_phone(page, training):
    page.set_viewport_size(PHONE)
    trainer = opened_tab(page)

    for name in ("Watch", "Use", "Settings", "Pictures"):
        view(trainer, name)
        wide = page.evaluate("document.querySelector('easel-train').scrollWidth > innerWidth")
        assert not wide, name
    view(trainer, "Settings")
    expect(field(trainer, "network.rank")).to_be_hidden()
    trainer.get_by_role("button", name="All settings").click()
    expect(field(trainer, "network.rank")).to_be_visible()
