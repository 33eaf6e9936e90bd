"""What is made of pip's own words."""

import pytest

from backend.setup.pip_words import explain, package_in, progress_in, size_in


@pytest.mark.parametrize(
    ("line", "package", "size"),
    [
        (
            "  Downloading torch-2.14.1-cp311-cp311-manylinux_2_28_x86_64.whl (554.6 MB)",
            "torch",
            554600000,
        ),
        (
            "  Using cached nvidia_cudnn_cu13-9.24.0.43-py3-none-any.whl (1.1 GB)",
            "nvidia-cudnn-cu13",
            1100000000,
        ),
        ("Processing ./wheels/scipy-1.17.1-cp311-cp311-linux_x86_64.whl", "scipy", 0),
        (r"Processing c:\wheels\scipy-1.17.1-cp311-cp311-win_amd64.whl", "scipy", 0),
        ("  Downloading pytz-2026.6-py2.py3-none-any.whl (506 kB)", "pytz", 506000),
        ("Collecting numpy", "", 0),
        ("Requirement already satisfied: numpy in ./lib", "", 0),
    ],
)
def test_a_line_tells_what_is_fetched(line, package, size):
    assert package_in(line) == package
    assert size_in(line) == size


def test_progress_is_read():
    assert progress_in("Progress 262144 of 12356904") == (262144, 12356904)
    assert progress_in("Collecting numpy") is None


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "disk became full"),
        ("ProxyError('Cannot connect to proxy.', OSError('503'))", "proxy"),
        (
            "NameResolutionError: Failed to resolve\nERROR: No matching distribution found",
            "cannot be reached",
        ),
        ("SSLError(SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED)", "certificate"),
        ("ERROR: Could not install: [Errno 13] Permission denied: '/x'", "may not write"),
        (
            "HINT: this system does not have Windows Long Path support enabled",
            "path is too long",
        ),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "damaged"),
        ("ERROR: No matching distribution found for torch==9", "does not offer"),
        ("lines\nERROR: something new\n", "something new"),
        ("", "did not say why"),
    ],
)
def test_a_failure_is_one_sentence_with_what_to_do(output, sentence):
    error = explain(output, "setup.log")

    assert sentence in error.sentence
    assert "setup.log" in error.hint
