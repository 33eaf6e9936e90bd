"""Drawing on the canvas: what is exported is what was drawn, where it was drawn."""

import base64
import io
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from tests.fixtures.canvas_page import canvas_page
from tests.ui.conftest import PHONE, Watch

pytestmark = pytest.mark.browser

DESK = ViewportSize(width=1100, height=700)
WIDTH, HEIGHT = 768, 512
DISC = (538, 307, 100)
"""Where the thing in the picture is: x, y, radius."""
EXPORTED = """async (name) => {
    const blob = await canvas[name]();
    if (!blob) return null;
    const reader = new FileReader();
    reader.readAsDataURL(blob);
    await new Promise((done) => { reader.onload = done; });
    return reader.result.split(",")[1];
}"""
SHOWN = """async ({ id, width, height, extra }) => {
    const picture = `/api/inputs/${id}`;
    await canvas.show({ picture, width, height, reference: id, ...extra });
    told.length = 0;
}"""
ON_SCREEN = """([x, y]) => {
    const frame = document.querySelector("[data-part=picture]").getBoundingClientRect();
    const { width, height } = document.querySelector("[data-part=lines]").viewBox.baseVal;
    return [frame.left + (x / width) * frame.width, frame.top + (y / height) * frame.height];
}"""


def png_of(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def scene(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """A yellow disc on blue, with a little noise."""
    y, x = np.mgrid[:height, :width]
    inside = (x - DISC[0]) ** 2 + (y - DISC[1]) ** 2 < DISC[2] ** 2
    noise = np.random.default_rng(0).integers(-4, 5, (height, width, 3))
    pixels = np.where(inside[..., None], (220, 200, 60), (60, 80, 140)) + noise
    return Image.fromarray(pixels.astype(np.uint8))


@dataclass
class Hand:
    """Somebody at a page with a canvas."""

    page: Page
    address: str
    watch: Watch | None = None

    def brings(self, picture: Image.Image, **extra: object) -> None:
        """Hand a picture in and show it."""
        sent = self.page.request.post(f"{self.address}api/inputs", data=png_of(picture))
        self.page.evaluate(SHOWN, {**sent.json(), "extra": extra})

    def at(self, x: float, y: float) -> tuple[float, float]:
        return tuple(self.page.evaluate(ON_SCREEN, [x, y]))

    def draws(self, *points: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*self.at(*points[0]))
        mouse.down()
        for point in points[1:]:
            mouse.move(*self.at(*point), steps=4)
        mouse.up()

    def chooses(self, tool: str) -> None:
        self.page.get_by_role("radio", name=tool, exact=True).check(force=True)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def exports(self, name: str = "mask") -> np.ndarray | None:
        content = self.page.evaluate(EXPORTED, name)
        if content is None:
            return None
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))

    @property
    def mask(self) -> np.ndarray:
        mask = self.exports()
        assert mask is not None
        return mask

    @property
    def told(self) -> list[str]:
        return self.page.evaluate("told.splice(0)")

    @property
    def zoom(self) -> str | None:
        return self.page.locator("[data-part=zoom]").text_content()


def span(line: np.ndarray) -> tuple[int, int]:
    """The first and the last pixel that are masked."""
    masked = np.flatnonzero(line > 127)
    return int(masked[0]), int(masked[-1])


def near(found: tuple[int, int], wanted: tuple[int, int]) -> bool:
    return all(abs(one - other) <= 1 for one, other in zip(found, wanted, strict=True))


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Generator[str]:
    with canvas_page(tmp_path_factory.mktemp("canvas")) as address:
        yield address


def opened(context: BrowserContext, address: str) -> Hand:
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("window.told")
    return Hand(page, address)


@pytest.fixture(scope="module")
def desk(browser, address) -> Generator[Hand]:
    """One page for all tests with a mouse."""
    context = browser.new_context(viewport=DESK)
    yield opened(context, address)
    context.close()


@pytest.fixture
def hand(desk, address) -> Generator[Hand]:
    """A picture on the canvas on which nothing was drawn yet, and the mask brush."""
    watch = Watch(address)
    watch.follow(desk.page)
    desk.watch = watch
    desk.page.set_viewport_size(DESK)
    desk.page.evaluate("canvas.show(null)")
    desk.brings(scene())
    desk.chooses("Mask brush")
    yield desk
    watch.check()


def test_the_mask_sits_where_it_was_drawn_at_any_zoom_and_page_width(hand):
    page = hand.page
    assert hand.exports() is None

    hand.draws((100, 100), (300, 100))
    assert hand.told == ["edited"]
    mask = hand.mask
    assert mask.shape == (HEIGHT, WIDTH)
    assert near(span(mask[100]), (68, 331))  # the brush is 64 pixels wide
    assert near(span(mask[:, 200]), (68, 131))

    page.mouse.move(*hand.at(600, 200))
    for _ in range(8):
        page.mouse.wheel(0, -100)
    page.wait_for_function("parseInt(document.querySelector('[data-part=zoom]').value) > 400")
    hand.draws((600, 180), (600, 220))
    assert near(span(hand.mask[:, 600]), (148, 251))

    page.keyboard.press("0")
    page.set_viewport_size({"width": 620, "height": 700})
    expect(page.locator("[data-part=picture]")).to_be_in_viewport(ratio=1)
    hand.draws((300, 400), (500, 400))
    mask = hand.mask
    assert near(span(mask[400]), (268, 531))
    assert near(span(mask[100]), (68, 331))
    assert set(np.unique(mask[450:])) == {0}  # what was never touched is black
    page.keyboard.press("Control+z")
    assert not hand.mask[400].any()
    page.keyboard.press("Control+Shift+z")
    assert np.array_equal(hand.mask, mask)


def test_a_page_that_changes_its_width_during_a_stroke_bends_nothing(hand):
    mouse = hand.page.mouse
    mouse.move(*hand.at(100, 100))
    mouse.down()
    mouse.move(*hand.at(200, 100), steps=3)
    before = hand.at(0, 0)
    hand.page.set_viewport_size({"width": 700, "height": 600})
    hand.page.wait_for_function(
        f"document.querySelector('[data-part=picture]').getBoundingClientRect().x != {before[0]}"
    )
    mouse.move(*hand.at(200, 300))
    mouse.move(*hand.at(300, 300), steps=3)
    mouse.up()

    mask = hand.mask
    assert near(span(mask[100]), (68, 231))
    assert near(span(mask[300]), (168, 331))
    assert not mask[200].any()


def test_a_finger_draws_two_zoom_and_beside_a_pen_they_move(browser, address):
    context = browser.new_context(
        viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2
    )
    hand = opened(context, address)
    hand.brings(scene())
    session = context.new_cdp_session(hand.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y, "id": at} for at, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    touch("touchStart", hand.at(100, 100))
    for x in range(120, 301, 20):
        touch("touchMove", hand.at(x, 100))
    touch("touchEnd")
    drawn = hand.mask
    assert near(span(drawn[100]), (68, 331))
    assert near(span(drawn[:, 200]), (68, 131))

    before, middle = hand.zoom, hand.at(350, 250)
    touch("touchStart", (150, 400))
    touch("touchStart", (150, 400), (250, 500))
    for step in range(5, 51, 5):
        touch("touchMove", (150 - step, 400 - step), (250 + step, 500 + step))
    touch("touchEnd")
    assert hand.zoom != before
    assert hand.at(350, 250) != middle
    assert np.array_equal(hand.mask, drawn)

    touch("touchStart", hand.at(350, 300))
    touch("touchMove", hand.at(380, 300))
    touch("touchEnd")
    assert near(span(hand.mask[300]), (318, 411))

    def stylus(kind: str, x: float, y: float) -> None:
        place = {"x": x, "y": y, "button": "left", "buttons": 1, "pointerType": "pen"}
        session.send("Input.dispatchMouseEvent", {"type": kind, "clickCount": 1, **place})

    stylus("mousePressed", *hand.at(350, 380))
    touch("touchStart", (60, 500))  # the palm of the hand that holds it
    stylus("mouseMoved", *hand.at(380, 380))
    stylus("mouseReleased", *hand.at(380, 380))
    touch("touchEnd")
    drawn = hand.mask
    assert near(span(drawn[380]), (318, 411))
    touch("touchStart", (150, 500))
    touch("touchMove", (170, 520))
    touch("touchEnd")
    assert np.array_equal(hand.mask, drawn)
    small = hand.page.evaluate(
        """[...document.querySelectorAll(".tools label, .ends .button")]
        .map((one) => one.getBoundingClientRect())
        .filter(({ width, height }) => Math.min(width, height) < 44).length"""
    )
    assert small == 0
    assert hand.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    context.close()


def test_areas_are_marked_and_taken_away(hand):
    page = hand.page
    hand.chooses("Rectangle")
    hand.draws((50, 40), (250, 140))
    assert span(hand.mask[60]) == (50, 249)
    assert span(hand.mask[:, 60]) == (40, 139)
    page.get_by_text("Take away").click()
    hand.draws((100, 40), (150, 140))
    assert set(np.unique(hand.mask[60, 100:150])) == {0}
    page.get_by_text("Add", exact=True).click()

    hand.chooses("Lasso")
    hand.draws((50, 300), (150, 300), (150, 400), (50, 400))
    assert near(span(hand.mask[350]), (50, 149))

    hand.chooses("Fill one colour")
    page.mouse.click(*hand.at(*DISC[:2]))
    disc = hand.mask[:, 400:] > 0
    assert abs(np.count_nonzero(disc) / (np.pi * DISC[2] ** 2) - 1) < 0.01

    hand.chooses("Eraser")
    hand.draws((100, 350), (100, 350))
    assert not hand.mask[345:355, 90:110].any()
    assert hand.told == ["edited"] * 5
    for _ in range(5):
        hand.press("Undo")
    assert hand.exports() is None
    assert page.get_by_role("button", name="Undo").is_disabled()


def test_a_thing_is_selected_by_a_click(hand):
    page, hint = hand.page, hand.page.locator("[data-part=hint]")
    hand.chooses("Select what I click")

    page.mouse.click(*hand.at(*DISC[:2]))

    page.wait_for_function("told.length")
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    inside = (x - DISC[0]) ** 2 + (y - DISC[1]) ** 2 < DISC[2] ** 2
    found = hand.mask > 0
    assert np.count_nonzero(found & inside) / np.count_nonzero(found | inside) > 0.95
    page.mouse.click(20, 400)
    expect(hint).to_have_text("Click on the picture itself.")
    hand.watch.expected = ("400",)
    hand.draws((20, 20), (80, 80))
    expect(hint).to_contain_text("Nothing stands out there.")

    hand.brings(scene(), reference=None)
    expect(page.get_by_role("radio", name="Select what I click")).to_be_disabled()


def test_brush_size_and_strength_are_what_they_say(hand):
    page = hand.page
    size = page.get_by_role("slider", name="Size of the brush")
    expect(size).to_have_attribute("aria-valuetext", "64 pixels")
    page.keyboard.press("[")
    expect(size).to_have_attribute("aria-valuetext", "56 pixels")
    page.get_by_role("slider", name="Strength of the mask").fill("40")

    hand.draws((200, 200), (300, 200))
    hand.draws((300, 200), (300, 260))
    page.get_by_role("slider", name="Strength of the mask").fill("100")

    mask = hand.mask
    assert near(span(mask[:, 200] * 2), (172, 227))
    assert mask.max() == 102  # of 255: strokes that cross are not stronger
    ring = page.locator("[data-part=ring]").bounding_box()
    frame = page.locator("[data-part=picture]").bounding_box()
    assert ring
    assert frame
    assert ring["width"] == pytest.approx(56 * frame["width"] / WIDTH, abs=1)


def test_a_whole_mask_is_grown_softened_inverted_and_brought(hand, tmp_path):
    page = hand.page
    hand.chooses("Rectangle")
    hand.draws((200, 100), (400, 300))

    hand.press("Mask menu")
    page.get_by_label("By how many pixels").fill("10")
    hand.press("Grow")
    mask = hand.mask
    assert span(mask[200]) == (190, 409)
    assert span(mask[:, 300]) == (90, 309)
    assert mask[92, 192] == 0  # corners become round
    hand.press("Shrink")
    assert span(hand.mask[200]) == (200, 399)
    hand.press("Feather")
    soft = hand.mask[200, 180:220].astype(int)
    assert (np.diff(soft) >= 0).all()
    assert 100 < soft[20] < 155
    hand.press("Invert")
    assert hand.mask[10, 10] == 255
    assert hand.mask[200, 300] == 0
    hand.press("Clear the mask")
    assert hand.exports() is None
    assert hand.told == ["edited"] * 6

    grey = np.zeros((HEIGHT // 2, WIDTH // 2), np.uint8)
    grey[50:100, 60:120] = 200
    Image.fromarray(grey).save(tmp_path / "mask.png")
    page.locator("[data-part=file]").set_input_files(tmp_path / "mask.png")
    page.wait_for_function("told.length")
    assert hand.mask.shape == (HEIGHT, WIDTH)  # as large as the picture, whatever the file
    assert hand.mask[150, 180] == 200
    assert hand.mask[50, 180] == 0


def test_edges_are_dragged_outwards_and_back(hand):
    page = hand.page
    right = page.get_by_role("slider", name="Extend on the right")
    box = right.bounding_box()
    assert box
    start = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    scale = hand.at(102, 0)[0] - hand.at(0, 0)[0]
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + scale, start[1], steps=3)
    assert hand.told == []
    page.mouse.up()
    assert hand.told == ["extended"]
    assert page.evaluate("canvas.extend") == {"left": 0, "right": 104, "top": 0, "bottom": 0}
    expect(page.locator(".added.right")).to_have_text("+104")

    top = page.get_by_role("slider", name="Extend at the top")
    top.press("ArrowUp")
    top.press("Shift+ArrowUp")
    assert page.evaluate("canvas.extend.top") == 72
    hand.draws((100, 100), (200, 100))  # the mask is the picture's own, whatever is around it
    assert near(span(hand.mask[100]), (68, 231))
    assert hand.mask.shape == (HEIGHT, WIDTH)
    for _ in range(2):
        page.keyboard.press("Control+z")
    assert page.evaluate("canvas.extend.top") == 8
    right.press("Home")
    assert page.evaluate("canvas.extend.right") == 0


def test_colours_are_drawn_on_the_picture_and_taken_from_it(hand):
    page = hand.page
    hand.chooses("Colour brush")
    page.locator("[data-part=colour]").fill("#112233")
    hand.draws((100, 100), (300, 100))

    paint, flat = hand.exports("paint"), hand.exports("flat")
    assert paint is not None
    assert flat is not None
    assert tuple(paint[100, 200]) == (0x11, 0x22, 0x33, 255)
    assert not paint[300:].any()
    assert tuple(flat[100, 200]) == (0x11, 0x22, 0x33, 255)
    assert np.array_equal(flat[300:, :, :3], np.asarray(scene())[300:])
    assert hand.exports() is None  # colours are no mask

    hand.press("Take a colour from the picture")
    page.mouse.click(*hand.at(*DISC[:2]))
    red, green, blue = np.asarray(scene())[DISC[1], DISC[0]]
    picked = f"#{red:02x}{green:02x}{blue:02x}"
    expect(page.locator("[data-part=colour]")).to_have_value(picked)
    hand.chooses("Eraser")
    page.keyboard.press("]")
    hand.draws((100, 100), (300, 100))
    assert hand.exports("paint") is None


def test_a_result_is_compared_and_what_was_drawn_comes_back(hand):
    page = hand.page
    hand.draws((100, 100), (300, 100))
    mask = base64.b64encode(png_of(Image.fromarray(hand.mask))).decode()
    page.evaluate("canvas.busy(canvas.querySelector('[data-part=picture]').src)")
    result = page.get_by_alt_text("The new picture")
    expect(result).to_be_visible()
    assert page.get_by_role("button", name="Undo").is_disabled()

    page.evaluate(
        "canvas.busy(null); canvas.candidate(canvas.querySelector('[data-part=picture]').src)"
    )
    compare = page.get_by_role("slider", name="Compare")
    expect(compare).to_have_value("0")
    hand.draws((100, 300), (384, 300))
    assert float(compare.input_value()) == pytest.approx(0.5, abs=0.01)
    compare.press("ArrowRight")
    assert float(compare.input_value()) == pytest.approx(0.51, abs=0.011)
    page.keyboard.press("Control+z")
    page.evaluate("canvas.candidate(null)")
    expect(compare).to_be_hidden()
    assert not hand.mask[300].any()

    drawn = hand.mask
    hand.brings(scene(), mask=f"data:image/png;base64,{mask}", extend={"left": 64})
    assert np.array_equal(hand.mask, drawn)
    assert page.evaluate("canvas.extend.left") == 64
    page.evaluate("canvas.show(null)")
    expect(page.locator("[data-part=sheet]")).to_be_hidden()
    assert hand.exports() is None


def test_a_large_picture_is_drawn_on_at_its_own_size(hand):
    hand.brings(scene(9000, 80))

    hand.draws((8700, 40), (8900, 40))

    mask = hand.mask
    assert mask.shape == (80, 9000)
    first, last = span(mask[40])
    radius = 375  # a twelfth of the longer side is the width
    scale = hand.at(100, 0)[0] - hand.at(0, 0)[0]
    assert abs(first - (8700 - radius)) <= 100 / scale  # a pixel of the screen is that many
    assert last == 8999
