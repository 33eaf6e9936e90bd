"""Files that are not what their names say, each called what it is."""

import io
import os
import pickle
import struct

import pytest

from backend.formats.safetensors import read_safetensors
from backend.library.headers import read_header
from backend.schema.errors import ModelDamagedError, ModelError, ModelMissingError
from tests.fixtures import model_files as made


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>Log in</html>", "web page"),
        (b"\n  <html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "Git LFS pointer"),
        (pickle.dumps({"a": 1}), "pickle"),
        (b"PK\x03\x04" + b"\0" * 26 + b"archive/data.pkl", "pickle"),
        (b"PK\x03\x04" + b"\0" * 26 + b"readme.txt", "ZIP archive"),
        (b"\x89PNG\r\n\x1a\n", "PNG picture"),
        (b"\0" * 5000, "has not finished"),
        (b'{"error": "Access denied"}', "error message"),
        (bytes(range(1, 256)) * 3, "no model file that Easel knows"),
    ],
)
def test_what_is_no_model_is_named(tmp_path, content, words):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)

    with pytest.raises(ModelError, match=words) as caught:
        read_header(path)

    assert caught.value.hint


def test_a_truncated_download_says_how_much_is_there(tmp_path):
    path = made.write_safetensors(tmp_path / "a.safetensors", made.VAE, missing=1000)

    with pytest.raises(ModelDamagedError, match=f"{path.stat().st_size:,} of"):
        read_header(path)


def test_a_download_that_ended_in_the_header_is_incomplete_too(tmp_path):
    path = made.write_safetensors(tmp_path / "a.safetensors", made.VAE)
    path.write_bytes(path.read_bytes()[:100])

    with pytest.raises(ModelDamagedError, match="incomplete"):
        read_header(path)


def test_a_file_longer_than_its_header_says_is_damaged(tmp_path):
    path = made.write_safetensors(tmp_path / "a.safetensors", made.VAE, missing=-10)

    with pytest.raises(ModelDamagedError, match="longer"):
        read_header(path)


@pytest.mark.parametrize(
    "header",
    [
        b'{"a": 1}',
        b"{not json",
        b'{"a": {"dtype": "F16", "shape": [2], "data_offsets": [0, 5]}}',
        b'{"a": {"dtype": "F16", "shape": [-2], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "Z9", "shape": [2], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F16", "shape": [2], "data_offsets": [2, 6]}}',
    ],
)
def test_a_broken_header_is_told(tmp_path, header):
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 4)

    with pytest.raises(ModelDamagedError):
        read_header(path)


@pytest.mark.parametrize("content", [b"\xff" * 8 + b"{}", b"\2" + b"\0" * 7 + b"[]", b"{", b""])
def test_a_header_that_nobody_looked_at_before_is_told_too(content):
    with pytest.raises(ModelDamagedError, match=r"not readable|incomplete"):
        read_safetensors(io.BytesIO(content), "a.safetensors", len(content))


@pytest.mark.parametrize("cut", [3, 10, 30, 200, 2_000])
def test_a_truncated_gguf_is_told(tmp_path, cut):
    path = made.write_gguf(tmp_path / "a.gguf", made.flux())
    os.truncate(path, cut)

    with pytest.raises(ModelError):
        read_header(path)


def test_what_is_not_there_or_is_a_folder_is_told(tmp_path):
    with pytest.raises(ModelMissingError):
        read_header(tmp_path / "nothing.safetensors")
    with pytest.raises(ModelError, match="folder"):
        read_header(tmp_path)
