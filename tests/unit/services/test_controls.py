"""Units of ControlNet: what steers, what follows it, and what does not fit."""

from pathlib import Path

import pytest

from backend.metadata.catalogue import load_catalogue
from backend.schema.control_types import ControlType
from backend.schema.controls import ControlInfo, ParameterInfo, PreprocessorInfo, WeightsInfo
from backend.schema.errors import (
    EaselError,
    ModelError,
    ModelMissingError,
    NotFoundError,
    OutOfRangeError,
)
from backend.schema.generation import GenerationRequest
from backend.schema.library import Hashes, LibraryEntry
from backend.schema.models import Family, ModelFile, ModelKind, Precision, Problem
from backend.schema.source_settings import ResolvedPicture
from backend.services.control_models import automatic, choices_for, usual_preprocessor
from backend.services.resolve import resolve
from backend.services.sources import Looked
from tests.unit.services.test_resolve import CHECKPOINT, FAMILIES, XL
from tests.unit.services.test_resolve import Installed as Bare

LOW = ParameterInfo(
    field="threshold_a", label="Low", help="", minimum=1, maximum=50, step=1, default=20
)
CANNY = PreprocessorInfo(
    id="canny", label="Canny", help="", makes=ControlType.CANNY, usual=True, parameters=(LOW,)
)
MIDAS = PreprocessorInfo(
    id="midas",
    label="MiDaS",
    help="",
    makes=ControlType.DEPTH,
    aliases=("depth_midas",),
    usual=True,
    weights=(WeightsInfo(repository="a/b", file="dpt.pt", bytes=7),),
)
KNOWN = load_catalogue().model_copy(update={"families": FAMILIES, "preprocessors": (CANNY, MIDAS)})
FULL = CHECKPOINT.model_copy(update={"id": "full", "name": "Full", "width": 320, "text_width": 768})
SMALL = CHECKPOINT.model_copy(update={"width": 96, "text_width": 192})


def control(name, types=("canny",), kind=ModelKind.CONTROLNET, family=Family.SD15, **changed):
    return ControlInfo(
        id=f"controlnet/{name}.safetensors",
        name=name,
        kind=kind,
        family=family,
        family_label=family.label,
        fits=(family,),
        types=types,
        path=f"/m/{name}.safetensors",
        bytes=5,
        width=320,
        text_width=768,
    ).model_copy(update=changed)


CANNY_NET = control("control_v11p_sd15_canny")
DEPTH_NET = control("control_v11f1p_sd15_depth", (ControlType.DEPTH,))
STARTER_NET = control("starter-canny", width=96, text_width=192, id="starter/controlnet-canny")
UNION = control("union", (ControlType.CANNY, ControlType.DEPTH), variants=("union",))
ADAPTER = control(
    "ip-adapter-plus",
    (ControlType.REFERENCE,),
    ModelKind.IP_ADAPTER,
    encoder="/m/vit.safetensors",
    encoder_bytes=9,
    width=0,
)


class Installed(Bare):
    """A library with these control models."""

    def __init__(self, *there, files=(), entries=()):
        super().__init__()
        self.nets, self.files, self.others = there, files, entries

    def find(self, name, *, anywhere=False):
        return {"full": FULL, "starter": SMALL, "xl": XL}[name or "full"]

    def controls(self):
        return self.nets

    def weights(self, wanted):
        return Path("/w") / wanted.file if wanted.file in self.files else None

    def control_at(self, path):
        return CANNY_NET.model_copy(update={"id": str(path), "path": str(path)})

    def entries(self):
        return self.others


def look(reference):
    if reference == "gone":
        raise NotFoundError("The picture is not here any more.", "Choose it again.")
    picture = ResolvedPicture(reference=reference, path=f"/p/{reference}", sha256="ab")
    return Looked(picture, 64, 64)


def units(installed, looking=look, **values):
    request = GenerationRequest.from_short_names(values)
    return resolve(request, installed, KNOWN, lambda: 7, look=looking).controls


def unit(*there, files=("dpt.pt",), **values):
    (made,) = units(Installed(*there, files=files), **{"control1_picture": "photo"} | values)
    return made


def refusal(*there, **values) -> EaselError:
    with pytest.raises(EaselError) as refused:
        unit(*there, **values)
    assert refused.value.hint
    return refused.value


def field(error) -> str:
    assert isinstance(error, OutOfRangeError)
    return error.field


def test_a_picture_alone_is_enough():
    made = unit(DEPTH_NET, CANNY_NET)

    assert made.model.id == DEPTH_NET.id
    assert (made.preprocessor, made.type) == ("midas", ControlType.DEPTH)
    assert made.files == ("/w/dpt.pt",)
    assert made.picture == look("photo").picture
    assert (made.weight, made.start, made.end) == (0.8, 0.0, 1.0)


def test_a_picture_alone_is_given_to_a_model_whose_map_can_be_made_at_once():
    anything = control("anything", ())

    made = unit(anything, DEPTH_NET, CANNY_NET, files=())

    assert (made.model.id, made.preprocessor) == (CANNY_NET.id, "canny")
    assert unit(anything, DEPTH_NET, CANNY_NET).model.id == DEPTH_NET.id


def test_a_preprocessor_picks_its_model_and_a_model_its_preprocessor():
    by_map = unit(DEPTH_NET, CANNY_NET, control1_preprocessor="canny")
    by_model = unit(DEPTH_NET, CANNY_NET, control1_model="control_v11p_sd15_canny [d14c016b]")
    by_type = unit(DEPTH_NET, CANNY_NET, control1_type="canny", control1_preprocessor="none")

    assert by_map.model.id == by_model.model.id == by_type.model.id == CANNY_NET.id
    assert by_model.preprocessor == "canny"
    assert (by_model.threshold_a, by_model.threshold_b) == (20, None)
    assert (by_type.preprocessor, by_type.type) == ("none", ControlType.CANNY)


def test_a_kind_of_map_is_a_name_for_the_first_model_that_follows_it():
    assert unit(DEPTH_NET, CANNY_NET, control1_model="Canny").model.id == CANNY_NET.id
    assert field(refusal(DEPTH_NET, control1_model="canny")) == "control1.model"


def test_the_owner_may_name_any_file_of_this_machine():
    request = GenerationRequest.from_short_names(
        {"control1_picture": "photo", "control1_model": "/elsewhere/canny.safetensors"}
    )

    def made(*, anywhere):
        return resolve(request, Installed(DEPTH_NET), KNOWN, look=look, anywhere=anywhere)

    assert made(anywhere=True).controls[0].model.path == "/elsewhere/canny.safetensors"
    with pytest.raises(ModelMissingError):
        made(anywhere=False)


def test_other_programs_names_of_preprocessors_are_read():
    assert unit(UNION, control1_preprocessor="Depth_MiDaS").preprocessor == "midas"
    assert unit(UNION, control1_preprocessor="depth_midas").type is ControlType.DEPTH


def test_the_picture_to_begin_with_steers_where_there_is_no_other():
    (made,) = units(Installed(CANNY_NET), init="photo", control1_model=CANNY_NET.id)
    begun = refusal(CANNY_NET, control1_picture=None, control1_model=CANNY_NET.name)
    unseen = units(Installed(CANNY_NET), None, control1_model=CANNY_NET.id)

    assert made.picture is None
    assert field(begun) == "control1.picture"
    assert unseen[0].picture is None
    assert refusal(CANNY_NET, control1_picture="gone").code == "not_found"


def test_units_that_are_off_or_empty_do_nothing():
    assert units(Installed(CANNY_NET), control1_weight=0.5) == ()
    assert units(Installed(CANNY_NET), control1_picture="photo", control1_use="off") == ()
    both = units(Installed(CANNY_NET), control2_picture="a", control4_picture="b")
    assert [each.number for each in both] == [2, 4]


def test_the_starters_controlnet_steers_the_starter_alone():
    both = (STARTER_NET, CANNY_NET)

    assert unit(*both, checkpoint="starter").model.id == STARTER_NET.id
    assert unit(*both, checkpoint="full").model.id == CANNY_NET.id
    wrong = refusal(*both, checkpoint="full", control1_model="starter/controlnet-canny")
    other = refusal(*both, checkpoint="starter", control1_model=CANNY_NET.name)
    assert field(wrong) == field(other) == "control1.model"
    assert "another size" in wrong.sentence
    assert CANNY_NET.name in wrong.hint


def test_what_does_not_fit_is_refused_before_the_job():
    family = refusal(CANNY_NET, checkpoint="xl", control1_model=CANNY_NET.name)
    none = refusal(CANNY_NET, checkpoint="xl")
    for_map = refusal(DEPTH_NET, control1_preprocessor="canny")

    assert family.sentence.endswith("It is for SD 1.5; the checkpoint is SDXL.")
    assert {field(each) for each in (family, none, for_map)} == {"control1.model"}
    assert "Canny" in for_map.sentence


def test_models_that_are_not_here_or_no_control_models_are_refused():
    torn = control(
        "torn", problem=Problem(code="damaged", sentence="It is cut off.", hint="Again.")
    )
    lora = ModelFile(
        path="/m/ink.safetensors",
        name="ink",
        bytes=1,
        format="safetensors",
        kind=ModelKind.LORA,
        precision=Precision(label="fp16"),
        parameters=1,
    )
    entries = (LibraryEntry(id="loras/ink", path=lora.path, bytes=1, modified=0, model=lora),)

    broken = refusal(torn, control1_model="torn")
    missing = refusal(CANNY_NET, control1_model="control_v11p_sd15_cany")
    with pytest.raises(ModelError, match="is a LoRA, not a control model"):
        units(Installed(entries=entries), control1_picture="a", control1_model="ink")

    assert "It is cut off." in broken.sentence
    assert isinstance(missing, ModelMissingError)
    assert "Did you mean “control_v11p_sd15_canny”?" in missing.hint


def test_a_model_is_found_by_its_hash_after_it_was_renamed():
    hashes = Hashes(sha256="cd" * 32, short="cd" * 5)
    entry = LibraryEntry(id=CANNY_NET.id, path="/x", bytes=1, modified=0, hashes=hashes)
    installed = Installed(DEPTH_NET, CANNY_NET, entries=(entry,))

    (made,) = units(installed, control1_picture="a", control1_model="cd" * 32)

    assert made.model.id == CANNY_NET.id


def test_numbers_are_the_preprocessors_own():
    high = refusal(CANNY_NET, control1_threshold_a=60)
    late = refusal(CANNY_NET, control1_start=0.5, control1_end=0.5)

    assert (field(high), high.hint) == ("control1.threshold_a", "Choose a value from 1 to 50.")
    assert field(late) == "control1.end"
    assert unit(CANNY_NET, control1_threshold_a=30).threshold_a == 30
    without = unit(CANNY_NET, control1_preprocessor="none", control1_threshold_a=60)
    assert without.threshold_a is None


def test_a_preprocessor_without_its_weights_says_how_to_get_them():
    error = refusal(DEPTH_NET, files=())

    assert isinstance(error, ModelMissingError)
    assert "dpt.pt" in error.sentence
    unknown = refusal(DEPTH_NET, control1_preprocessor="magic")
    assert field(unknown) == "control1.preprocessor"


def test_a_model_that_nothing_is_known_of_wants_a_preprocessor():
    strange = control("strange", ())

    assert field(refusal(strange)) == "control1.preprocessor"
    assert unit(strange, control1_preprocessor="none").type is None
    by_hand = unit(strange, control1_model="strange", control1_preprocessor="canny")
    assert by_hand.type is ControlType.CANNY
    assert field(refusal(strange, control1_preprocessor="canny")) == "control1.model"


def test_a_union_model_is_told_what_the_map_shows():
    assert unit(UNION).type is ControlType.CANNY
    assert field(refusal(UNION, control1_preprocessor="none")) == "control1.type"
    told = unit(UNION, control1_preprocessor="none", control1_type="depth")
    assert told.type is ControlType.DEPTH
    assert unit(UNION, control1_type="depth").preprocessor == "midas"


def test_an_ip_adapter_looks_at_the_picture_itself():
    made = unit(ADAPTER)
    blind = control("blind", kind=ModelKind.IP_ADAPTER, variants=("plus", "ViT-H"))

    assert (made.preprocessor, made.type) == ("none", ControlType.REFERENCE)
    assert (made.model.encoder, made.model.encoder_bytes) == ("/m/vit.safetensors", 9)
    assert field(refusal(ADAPTER, control1_preprocessor="canny", control1_model=ADAPTER.id)) == (
        "control1.preprocessor"
    )
    told = refusal(blind, control1_model="blind").sentence
    assert "ViT-H" in told
    assert "models/image_encoder/model.safetensors of h94/IP-Adapter" in told
    assert "2.5 GB" in told


def test_without_its_encoder_an_ip_adapter_is_not_taken_and_the_reason_is_told():
    reference = (ControlType.REFERENCE,)
    blind = control("blind", reference, ModelKind.IP_ADAPTER, variants=("plus", "ViT-bigG"))

    told = refusal(blind, control1_type="reference")
    nothing = refusal(CANNY_NET, control1_type="reference")

    assert field(told) == field(nothing) == "control1.model"
    assert "“blind” cannot look" in told.sentence
    assert "ViT-bigG" in told.hint
    assert "models/ipadapter" in nothing.hint
    assert unit(blind, ADAPTER, control1_type="reference").model.id == ADAPTER.id


def test_what_was_made_is_asked_for_again():
    request = GenerationRequest.from_short_names(
        {"control2_picture": "photo", "control2_weight": 1.2, "control2_threshold_a": 9}
    )
    made = resolve(request, Installed(CANNY_NET), KNOWN, lambda: 7, look=look)

    again = resolve(made.as_request(), Installed(DEPTH_NET, CANNY_NET), KNOWN, look=look)

    assert again.controls == made.controls


def test_pickers_show_what_fits_first_and_why_the_rest_does_not():
    choices = choices_for(SMALL, (CANNY_NET, DEPTH_NET, STARTER_NET), (CANNY, MIDAS), Installed())

    assert [(each.id, bool(each.why_not)) for each in choices] == [
        (STARTER_NET.id, False),
        (CANNY_NET.id, True),
        (DEPTH_NET.id, True),
    ]
    assert [each.preprocessor for each in choices] == ["canny", "canny", "midas"]


def maker(name, file="", **facts):
    weights = (WeightsInfo(repository="a/b", file=file, bytes=7),) if file else ()
    return PreprocessorInfo(
        id=name, label=name, help="", makes=ControlType.DEPTH, weights=weights, **facts
    )


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ((), "plain"),
        (("other.pt",), "other"),
        (("other.pt", "best.pt"), "best"),
    ],
)
def test_where_nobody_chooses_what_is_here_makes_the_map(files, expected):
    known = (
        maker("of drawings"),
        maker("other", "other.pt"),
        maker("plain", stands_in=True),
        maker("best", "best.pt", usual=True),
    )
    there = Installed(files=files)

    assert usual_preprocessor(DEPTH_NET, automatic(known, there)) == expected
    lacking = automatic((known[0], known[1], known[3]), Installed())
    assert usual_preprocessor(DEPTH_NET, lacking) == "best"  # to be told what it needs
