"""Every reader of files on bytes that are nearly right: sound values or one line. fuzz_readers.py looks further."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .bad_inputs import zipped
from .fuzz_readers import OBJ, READERS, attempt

FOUND = [  # by fuzzing: the reader, and the bytes that it let through or fell over
    ("obj", OBJ.replace(b"v 3 4 5", b"v 3 inf 5")),
    ("obj", OBJ.replace(b"v 3 4 5", b"v 3 nan 5")),
    ("npz", zipped({"xy.npy": b"1 2", "z.npy": b"1 2"})),
]
TOKENS = [
    b"nan",
    b"-inf",
    b"1e999",
    b"9" * 30,
    b"\0",
    b"\xff\xfe",
    b"\n",
    b"{",
    b"}",
    b",",
    b" ",
    b"_",
    b"-",
    b"0x1",
    b"",
]
# where (as a share of the length), how many bytes go, what comes
CHANGES = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(TOKENS) | st.binary(max_size=6)),
    min_size=1,
    max_size=4,
)


@pytest.mark.parametrize("name", READERS)
def test_sound_files_are_read(name):
    assert name == "zip" or attempt(name, READERS[name][1]) is not None


@pytest.mark.parametrize("name,content", FOUND)
def test_what_fuzzing_found_is_refused(name, content):
    assert attempt(name, content) is None


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=60, deadline=None)
@given(changes=CHANGES, cut=st.floats(0, 2))
def test_changed_files_are_sound_or_refused(name, changes, cut):
    content = READERS[name][1]
    content = content[: int(cut * len(content))] if cut < 1 else content
    for share, gone, new in changes:
        at = int(share * len(content))
        content = content[:at] + new + content[at + gone :]
    attempt(name, content)
