"""Weights act on what the encoder says of the words."""

import pytest
import torch
from safetensors.torch import save_file

from backend.engine.families.base import Conditioning, DenoiserSettings, Encoded
from backend.engine.families.guiding import PromptRows
from backend.engine.families.sdxl_refiner import _added
from backend.engine.prompts.clip import weighted
from backend.engine.prompts.embeddings import load_embeddings
from backend.schema.resolved import ResolvedEmbedding


def test_weights_multiply_and_the_mean_of_each_piece_stays():
    states = torch.tensor([[[1.0, 3.0], [2.0, 6.0]], [[1.0, 1.0], [1.0, 1.0]]])
    weights = torch.tensor([[1.0, 2.0], [1.0, 1.0]])

    heavier = weighted(states, weights)

    # 1 + 3 + 4 + 12 is 20 where 12 was: all of it times 0.6.
    assert heavier[0].flatten().tolist() == pytest.approx([0.6, 1.8, 2.4, 7.2])
    assert heavier[0].mean() == pytest.approx(3.0)
    assert torch.equal(heavier[1], states[1])


def test_a_mean_that_is_noise_turns_nothing_over():
    states = torch.tensor([[[1.0, -1.0], [2.0, -1.9999]]])

    heavier = weighted(states, torch.tensor([[1.0, 2.0]]))

    assert torch.equal(heavier, states * torch.tensor([1.0, 2.0])[:, None])


def test_half_precision_comes_back_in_half_precision():
    states = torch.full((1, 2, 4), 30_000.0, dtype=torch.float16)

    heavier = weighted(states, torch.tensor([[1.0, 3.0]]))

    assert heavier.dtype == torch.float16
    assert heavier.isfinite().all()


def rows(weights: tuple[float, ...], cfg_scale: float) -> PromptRows:
    prompt = Encoded(torch.zeros(1, 3, 4))
    more = (prompt,) * (len(weights) - 1)
    return PromptRows.of(Conditioning(prompt, prompt, more, weights), cfg_scale)


def test_several_prompts_move_the_estimate_by_their_weights():
    output = torch.tensor([[1.0], [2.0], [5.0]])  # negative, and two prompts

    assert rows((1.0, 0.5), 4.0).mix(output).item() == 1 + 4 * (2 - 1) + 2 * (5 - 1)


def test_a_prompt_that_is_not_whole_needs_the_negative_one_without_guidance_too():
    assert rows((0.5,), 1.0).prompts == 2
    assert rows((0.5,), 1.0).mix(torch.tensor([[1.0], [3.0]])).item() == 2
    assert rows((1.0,), 1.0).prompts == 1


def test_the_refiner_is_told_the_looks_of_each_prompt():
    prompt = Encoded(torch.zeros(1, 3, 4), torch.zeros(1, 4))
    both = Conditioning(prompt, prompt, (prompt,), (1.0, 1.0))
    of_two = PromptRows.of(both, 4.0).for_pictures(2)

    told = _added(of_two, DenoiserSettings(4.0, 64, 64))

    assert told["time_ids"][:, -1].tolist() == [2.5, 2.5, 6.0, 6.0, 6.0, 6.0]


@pytest.mark.parametrize("weights", [(1.0,), (1.0, 0.5), (1.0, 1.0, -1.0)])
def test_prompts_read_in_turn_say_the_same(weights):
    of_two = rows(weights, 4.0).for_pictures(2)
    inputs = {"x": torch.arange(2.0 * of_two.prompts).unsqueeze(1)}
    asked: list[int] = []

    def network(x):
        asked.append(len(x))
        return x * 2

    together = of_two.asked(network, inputs, in_turn=False)
    in_turn = of_two.asked(network, inputs, in_turn=True)

    assert torch.equal(together, in_turn)
    assert asked == [2 * of_two.prompts, *[2] * of_two.prompts]


def test_each_encoder_gets_the_vectors_of_its_width(tmp_path):
    path = tmp_path / "ink.safetensors"
    save_file({"clip_l": torch.ones(3, 768), "clip_g": torch.ones(2, 1280)}, path)

    embeddings = load_embeddings([ResolvedEmbedding(name="ink", id="ink", path=str(path))])

    counts = {width: len(embeddings["ink"].words(width)) for width in (768, 1280, 1024)}
    assert counts == {768: 3, 1280: 2, 1024: 0}
