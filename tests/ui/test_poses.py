"""The pose editor: what is pulled in it moves in the map that is drawn, here and on the server."""

import base64
import io
import json
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import (
    BrowserContext,
    FilePayload,
    Locator,
    Page,
    ViewportSize,
    expect,
)

from backend.schema.poses import JOINTS
from tests.fixtures.pose_page import pose_page
from tests.ui.conftest import PHONE, Watch

pytestmark = pytest.mark.browser

DESK = ViewportSize(width=1100, height=800)
RIGHT_WRIST, LEFT_WRIST = JOINTS.index("right wrist"), JOINTS.index("left wrist")
PIXELS = """() => {
    const canvas = document.querySelector("[data-part=map]");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const text = Array.from(data, (one) => String.fromCharCode(one)).join("");
    return [canvas.height, canvas.width, btoa(text)];
}"""


@dataclass
class Hand:
    """Somebody at the editor, whose map has 512 × 512 pixels."""

    page: Page
    address: str
    watch: Watch

    def joint(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def place(self, name: str) -> tuple[float, float]:
        """Of a joint's middle, on the screen."""
        box = self.joint(name).bounding_box()
        assert box
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    @property
    def scale(self) -> float:
        """Screen pixels for one of the map."""
        box = self.page.locator("[data-part=map]").bounding_box()
        assert box
        return box["width"] / 512

    def pulls(self, name: str, x: float, y: float) -> None:
        """Pull a joint by so many pixels of the map."""
        across, down = self.place(name)
        mouse = self.page.mouse
        mouse.move(across, down)
        mouse.down()
        mouse.move(across + x * self.scale, down + y * self.scale, steps=4)
        mouse.up()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def person(self, act: str) -> None:
        self.press("Person")
        self.press(act)

    @property
    def map(self) -> np.ndarray:
        """What is drawn in the page."""
        height, width, text = self.page.evaluate(PIXELS)
        content = np.frombuffer(base64.b64decode(text), np.uint8)
        return content.reshape(height, width, 4)[..., :3].astype(int)

    @property
    def pose(self) -> dict[str, list[dict[str, list[float]]]]:
        """As it is exported."""
        with self.page.expect_download() as told:
            self.press("JSON")
        return json.loads(told.value.path().read_text())

    def body(self, person: int = 0) -> np.ndarray:
        return np.array(self.pose["people"][person]["pose_keypoints_2d"]).reshape(18, 3)

    def opens(self, content: bytes, name: str, kind: str) -> None:
        given = FilePayload(name=name, mimeType=kind, buffer=content)
        self.page.locator("[data-part=file]").set_input_files(given)


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Generator[str]:
    with pose_page(tmp_path_factory.mktemp("poses")) as address:
        yield address


def opened(context: BrowserContext, address: str) -> Hand:
    page = context.new_page()
    watch = Watch(address, expected=("willReadFrequently",))  # what tests do, not people
    watch.follow(page)
    page.goto(address)
    page.wait_for_function("window.pose")
    return Hand(page, address, watch)


@pytest.fixture(scope="module")
def desk(browser, address) -> Generator[Hand]:
    context = browser.new_context(viewport=DESK, accept_downloads=True)
    yield opened(context, address)
    context.close()


@pytest.fixture
def hand(desk, address) -> Generator[Hand]:
    """Somebody stands in a map of 512 × 512 pixels."""
    desk.watch.problems.clear()
    desk.watch.expected = ("willReadFrequently",)
    presets = desk.page.request.get(f"{address}api/poses/presets").json()
    drawn = desk.page.request.post(
        f"{address}api/poses?width=512&height=512", data=presets[0]["pose"]
    )
    kept = desk.page.request.get(f"{address}api/poses/{drawn.json()['id']}").json()
    desk.page.evaluate("(pose) => window.pose.open({ pose, picture: null })", kept)
    yield desk
    desk.watch.check()


def test_a_wrist_that_is_pulled_takes_its_limb_along_in_the_map(hand):
    before, was = hand.map, hand.body()[RIGHT_WRIST]

    hand.pulls("right wrist", -40, 0)

    now, after = hand.body()[RIGHT_WRIST], hand.map
    assert now[:2] == pytest.approx([was[0] - 40, was[1]], abs=1)
    x, y = round(was[0]), round(was[1])
    assert before[y, x].any()
    assert before[y, x - 40].sum() == 0
    assert after[y, x].sum() == 0
    assert tuple(after[y, x - 40]) == (170, 255, 0)  # as right wrists are
    changed = np.argwhere((before != after).any(axis=2))
    assert changed[:, 0].max() <= y + 6  # nothing below the wrist has moved


def test_the_map_on_the_page_is_the_one_that_the_server_draws(hand):
    hand.person("Add hands")
    hand.person("Add a face")
    with hand.page.expect_download() as told:
        hand.press("PNG")
    servers = np.asarray(Image.open(told.value.path())).astype(int)

    different = (np.abs(servers - hand.map).max(axis=2) > 128).mean()
    drawn = servers.any(axis=2).mean()
    assert told.value.suggested_filename == "pose.png"
    assert drawn > 0.02
    assert different < drawn / 10  # edges, which the page draws softly

    hand.pulls("nose", 0, 60)
    hand.opens(told.value.path().read_bytes(), "pose.png", "image/png")
    expect(hand.page.get_by_role("button", name="Undo")).to_be_disabled()
    assert (np.abs(servers - hand.map).max(axis=2) > 128).mean() < drawn / 10


def test_keys_move_hide_and_undo(hand):
    was = hand.body()
    joint = hand.joint("left wrist")
    joint.focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowDown"):
        joint.press(key)
    assert hand.body()[LEFT_WRIST, :2] == pytest.approx(was[LEFT_WRIST, :2] + [2, 10])

    hand.joint("left wrist").focus()
    hand.page.keyboard.press("Delete")
    assert hand.body()[LEFT_WRIST].tolist() == [0, 0, 0]
    expect(hand.joint("left wrist")).to_have_count(1)  # the chip that brings it back
    hand.page.locator("[data-part=surface]").focus()
    for _ in range(2):
        hand.page.keyboard.press("Control+z")
    assert hand.body() == pytest.approx(was)
    hand.page.keyboard.press("Control+Shift+z")
    hand.page.keyboard.press("Control+Shift+z")
    hand.press("left wrist")
    assert hand.body()[LEFT_WRIST] == pytest.approx(was[LEFT_WRIST], abs=20)


@pytest.mark.slow
def test_tab_goes_from_the_person_through_the_joints(hand):
    hand.page.locator("[data-part=surface]").focus()
    names = []
    for _ in range(4):
        hand.page.keyboard.press("Tab")
        names.append(hand.page.evaluate("document.activeElement.getAttribute('aria-label')"))

    assert names[0].startswith("Person 1: arrows move")
    assert names[1:] == ["nose", "neck", "right shoulder"]


@pytest.mark.slow
def test_people_are_added_moved_turned_resized_mirrored_and_removed(hand):
    was = hand.body()
    hand.person("Add a person")
    assert len(hand.pose["people"]) == 2
    second = hand.page.get_by_role("button", name="Person 2: arrows")
    second.focus()
    for key in ("Shift+ArrowLeft", "]", "+"):
        second.press(key)
    assert hand.body() == pytest.approx(was)
    added = hand.body(1)
    spine = added[1, :2] - added[0, :2]
    assert np.hypot(*spine) == pytest.approx(np.hypot(*(was[1] - was[0])[:2]) * 1.05, rel=0.01)
    assert np.degrees(np.arctan2(-spine[0], spine[1])) == pytest.approx(5, abs=0.5)

    hand.person("Mirror")
    mirrored = hand.body(1)
    assert mirrored[2, 0] < mirrored[5, 0]  # the right shoulder is on the left, as before
    assert (mirrored[0, 0] - mirrored[1, 0]) * (added[0, 0] - added[1, 0]) < 0
    hand.person("Remove this person")
    assert len(hand.pose["people"]) == 1
    hand.press("Undo")
    assert hand.body(1) == pytest.approx(mirrored)


@pytest.mark.slow
def test_a_person_is_moved_and_turned_by_its_frame(hand):
    was = hand.body()
    left, top = hand.place("left hip")
    mouse = hand.page.mouse
    mouse.move(left, top + 40)  # beside the joints, within the frame
    mouse.down()
    mouse.move(left + 30 * hand.scale, top + 40, steps=3)
    mouse.up()
    assert hand.body()[:, 0] == pytest.approx(was[:, 0] + 30, abs=1)

    knob = hand.page.locator(".around b").bounding_box()
    corner = hand.page.locator(".around").bounding_box()
    assert knob
    assert corner
    mouse.move(knob["x"] + 6, knob["y"] + 6)
    mouse.down()
    mouse.move(corner["x"] + corner["width"] + 200, corner["y"] + corner["height"] / 2, steps=6)
    mouse.up()
    turned = hand.body()
    assert turned[0, 0] > turned[10, 0] + 200  # lies with the head to the right
    assert abs(turned[0, 1] - turned[1, 1]) < 5


def test_poses_of_other_programs_are_opened_and_what_is_none_is_said(hand):
    shares = [n for at in range(18) for n in (0.2 + 0.03 * at, 0.1 + 0.04 * at, 1)]
    told = {
        "people": [{"pose_keypoints_2d": shares}] * 2,
        "canvas_width": 640,
        "canvas_height": 320,
    }

    hand.opens(json.dumps([told]).encode(), "theirs.json", "application/json")

    expect(hand.page.get_by_role("button", name="Person 2: arrows")).to_have_count(1)
    assert hand.map.shape[:2] == (320, 640)
    assert hand.body(1)[0].tolist() == [128, 32, 1]
    said = hand.page.locator("[data-part=said]")
    hand.watch.expected += ("400 (Bad Request)",)
    hand.opens(b"{", "broken.json", "application/json")
    expect(said).to_contain_text("That file is no JSON.")
    hand.opens(b'{"people": 3}', "none.json", "application/json")
    expect(said).to_contain_text("it has no list of people")
    assert len(hand.pose["people"]) == 2


@pytest.mark.slow
def test_a_pose_lies_over_a_picture(hand):
    hand.watch.expected += ("404 (Not Found)",)  # asked whether it carries a pose
    buffer = io.BytesIO()
    Image.new("RGB", (640, 480), (0, 90, 0)).save(buffer, "PNG")

    hand.opens(buffer.getvalue(), "photo.png", "image/png")

    expect(hand.page.get_by_role("slider")).to_be_visible()
    assert hand.map.shape[:2] == (480, 640)
    assert hand.map[5, 5].tolist() == [0, 0, 0]  # the picture is below the map, not in it
    hand.press("Take the picture away")
    expect(hand.page.get_by_role("slider")).to_be_hidden()


def test_a_refresh_keeps_the_pose(browser, address):
    context = browser.new_context(viewport=DESK, accept_downloads=True)
    hand = opened(context, address)
    hand.press("Pose")
    hand.press("Sitting")
    was = hand.body()

    hand.page.reload()
    hand.page.wait_for_function("window.pose")

    assert hand.body() == pytest.approx(was)
    hand.watch.check()
    context.close()


def test_a_finger_pulls_a_joint_on_a_phone(browser, address):
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    hand = opened(context, address)
    hand.page.evaluate("sessionStorage.clear()")
    x, y = hand.place("right wrist")
    touch = context.new_cdp_session(hand.page)

    def finger(kind: str, *points: tuple[float, float]) -> None:
        given = [{"x": one, "y": other} for one, other in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": given})

    finger("touchStart", (x - 12, y + 8))  # a finger is no needle
    finger("touchMove", (x - 52, y - 22))
    finger("touchEnd")

    assert hand.place("right wrist") == pytest.approx((x - 40, y - 30), abs=1)
    assert hand.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    hand.watch.check()
    context.close()
