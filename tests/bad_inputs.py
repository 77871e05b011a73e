"""A catalogue of inputs that people bring by accident or on purpose: each writes its files and says what to run.

A case has the files to write and the command's words (a word with @ may hold blanks, written as ·); its verdict is
"works", or what the one line on stderr must contain, the name of the file above all.
"""

import gzip
import io
import json
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save

from depthnet_lib.datasets import save_npz
from depthnet_lib.layouts import IBUG68
from depthnet_lib.models import build_model, save_model

from .conftest import toy_faces
from .test_keypoints_files import BAD_POINTS, GOOD

WORKS = "works"


@dataclass(frozen=True)
class Case:
    """``files`` to write (name -> bytes, or a function that writes the path), ``words`` of the command, verdict."""

    files: dict[str, bytes | Callable[[Path], None]]
    words: str
    verdict: str = WORKS


CASES: dict[str, Case] = {}


def add(name: str, files: dict, words: str, verdict: str = WORKS) -> None:
    assert name not in CASES
    CASES[name] = Case(files, words, verdict)


# --- pictures -------------------------------------------------------------------------------------------------------

FACE = IBUG68.template * [16, 18] + [30, 32]  # 68 points inside a picture of 60 x 64 pixels
RGB = np.random.default_rng(0).integers(0, 256, (64, 60, 3), np.uint8)


def rows(table: np.ndarray) -> bytes:
    return "".join(" ".join(f"{v:.5f}" for v in row) + "\n" for row in np.atleast_2d(table)).encode()


FACE_FILES = {"k.txt": rows(FACE), "d.txt": rows(np.linspace(-9, 9, 68)[:, None]), "a.txt": b"1 0 0.2 0\n0 1 0 0\n"}
WARP = "warp --image {} --keypoints k.txt --depth d.txt --affine a.txt --out out.png --backend cpu"


def encoded(picture: Image.Image | np.ndarray, kind: str, **options) -> bytes:
    file = io.BytesIO()
    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    picture.save(file, kind, **options)
    return file.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *more: bytes, data: bytes = b"") -> bytes:
    """A PNG by hand: any size in its header, any data."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    end = chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(more) + end


PHOTO = Image.fromarray(RGB)
TURNED = Image.Exif()
TURNED[0x0112] = 6
DEEP = np.linspace(0, 65535, 64 * 60).reshape(64, 60).astype(np.uint16)
WHOLE = {
    "one pixel.png": encoded(RGB[:1, :1], "PNG"),
    "strip.png": encoded(np.tile(RGB[:1], (3000, 1, 1)), "PNG"),
    "one bit.png": encoded(PHOTO.convert("1"), "PNG"),
    "fax.tif": encoded(PHOTO.convert("1"), "TIFF", compression="group4"),
    "16 bit.png": encoded(DEEP, "PNG"),
    "16 bit.tif": encoded(DEEP, "TIFF"),
    "32 bit.tif": encoded(DEEP.astype(np.int32), "TIFF"),
    "float.tif": encoded(DEEP.astype(np.float32), "TIFF"),
    "nan.tif": encoded(np.full((64, 60), np.nan, np.float32), "TIFF"),
    "inf.tif": encoded(np.full((64, 60), np.inf, np.float32), "TIFF"),
    "cmyk.jpg": encoded(PHOTO.convert("CMYK"), "JPEG"),
    "lab.tif": encoded(PHOTO.convert("LAB"), "TIFF"),
    "grey.jpg": encoded(PHOTO.convert("L"), "JPEG"),
    "progressive.jpeg": encoded(PHOTO, "JPEG", progressive=True),
    "palette.gif": encoded(PHOTO.convert("P"), "GIF"),
    "see-through.png": encoded(PHOTO.convert("RGBA"), "PNG"),
    "grey alpha.png": encoded(PHOTO.convert("LA"), "PNG"),
    "palette alpha.png": encoded(PHOTO.convert("P"), "PNG", transparency=3),
    "animated.gif": encoded(PHOTO, "GIF", save_all=True, append_images=[PHOTO.rotate(90)] * 3),
    "animated.webp": encoded(PHOTO, "WEBP", save_all=True, append_images=[PHOTO.rotate(90)]),
    "animated.png": encoded(PHOTO, "PNG", save_all=True, append_images=[PHOTO.rotate(90)]),
    "pages.tif": encoded(PHOTO, "TIFF", save_all=True, append_images=[PHOTO]),
    "turned.jpg": encoded(PHOTO, "JPEG", exif=TURNED),
    "bad exif.jpg": encoded(PHOTO, "JPEG", exif=b"Exif\0\0" + b"\xff" * 40),
    "a PNG in truth.jpg": encoded(RGB, "PNG"),
    "no suffix": encoded(RGB, "PNG"),
    "UPPER.PNG": encoded(RGB, "PNG"),
    "Gesicht Übung 顔.png": encoded(RGB, "PNG"),
    "%s {} $(x) 'q'.png": encoded(RGB, "PNG"),
}
KINDS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "tif": "TIFF", "gif": "GIF", "bmp": "BMP"}
SPOILT = {f"cut.{suffix}": (c := encoded(RGB, kind))[: len(c) // 2] for suffix, kind in KINDS.items()}
SPOILT |= {f"head only.{suffix}": encoded(RGB, kind)[:24] for suffix, kind in KINDS.items()}
SPOILT |= {f"empty.{suffix}": b"" for suffix in ("png", "jpg")}
SPOILT |= {
    "text.png": b"this is not a picture\n" * 50,
    "page.jpg": b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "print.pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "zeros.png": bytes(5000),
    "bad sum.png": encoded(RGB, "PNG")[:60] + b"\0\0\0" + encoded(RGB, "PNG")[63:],
    "huge header.png": png(60_000, 60_000),
    "long header.png": png(2_000_000_000, 1),
    "within limits, no data.png": png(9_000, 9_000),
    "no width.png": png(0, 64),
    "text bomb.png": png(8, 8, chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1 << 26))), data=bytes(8 * 25)),
    "huge.bmp": b"BM" + struct.pack("<IIIIiiHHIIIIII", 100, 0, 54, 40, 50_000, 50_000, 1, 24, 0, 0, 0, 0, 0, 0),
    "pickle.png": pickle.dumps(RGB),
    "array.png": b"\x93NUMPY\x01\0",
}
for _name, _content in WHOLE.items():
    add(f"picture, {_name}", {_name: _content, **FACE_FILES}, WARP.format("@" + _name.replace(" ", "·")))
for _name, _content in SPOILT.items():
    add(f"picture, {_name}", {_name: _content, **FACE_FILES}, WARP.format("@" + _name.replace(" ", "·")), _name)
add("picture, a folder", {"x.png": Path.mkdir, **FACE_FILES}, WARP.format("x.png"), "x.png")
add("picture, absent", FACE_FILES, WARP.format("x.png"), "x.png")
PNG = {"p.png": encoded(RGB, "PNG")}
add("photo without a face", PNG, "keypoints p.png --out new", "p.png")
add("photo of one pixel", {"1.png": WHOLE["one pixel.png"]}, "keypoints 1.png --out new", "1.png")
add("photo of one pixel, frontalized", {"1.png": WHOLE["one pixel.png"]}, "frontalize 1.png --out out.png", "1.png")
add("photo cut, swapped", {"cut.png": SPOILT["cut.png"], **PNG}, "swap cut.png p.png --out out.png", "cut.png")
add("photo cut, shown", {"cut.png": SPOILT["cut.png"]}, "demo cut.png --out new", "cut.png")
add("folder of photos without photos", {"f": Path.mkdir}, "keypoints f --out new", "f")

# --- keypoints, depths, affines -------------------------------------------------------------------------------------

TEXT = GOOD + "9 9\n"
DEPTH = "depth --source {} --target t.txt --out new --model affine2d"
POINTS = {
    "bom.txt": "\ufeff" + TEXT,
    "windows.txt": TEXT.replace("\n", "\r\n"),
    "old mac.txt": TEXT.replace("\n", "\r"),
    "tabs.txt": TEXT.replace(" ", "\t"),
    "blank lines.txt": "\n\n" + TEXT.replace("\n", "  \n\n"),
    "commas.txt": TEXT.replace(" ", ","),
    "no last end.txt": TEXT.strip(),
    "exponents.txt": TEXT.replace("9 9", "9e0 +9.0E-1"),
    "outside.txt": TEXT.replace("9 9", "-500 9000"),
    "on a line.txt": "1 1\n2 2\n3 3\n4 4\n9 9\n",
    "quoted.csv": '"x","y"\n' + "".join(f'"{x}","{y}"\n' for x, y in ((1, 2), (3, 4), (5, 6), (7, 8), (9, 9))),
    "UPPER.TXT": TEXT,
}
REFUSED = {name: text.encode() for name, text in BAD_POINTS.items()} | {
    "one more.txt": (TEXT + "1 1\n").encode(),
    "all equal.txt": b"5 5\n" * 5,
    "enormous.txt": (GOOD + "1e300 1e300\n").encode(),
    "beyond floats.txt": (GOOD + "1e999 1\n").encode(),
    "utf16.txt": TEXT.encode("utf-16"),
    "latin.txt": (TEXT + "# Bärbel\n").encode("latin-1"),
    "zeros.txt": TEXT.encode() + b"\0" * 40,
    "binary.txt": bytes(range(256)),
    "decimal commas.txt": b"1,5 2,5\n" * 5,
    "hexadecimal.txt": (GOOD + "0x10 1\n").encode(),
    "arabic digits.pts": "version: 1\nn_points: ٥\n{\n".encode() + TEXT.encode() + b"}\n",
    "brackets.txt": b"[[1, 2], [3, 4]]",
    "complex.txt": (GOOD + "1j 2\n").encode(),
    "expression.txt": (GOOD + "1+1 2\n").encode(),
    "long line.txt": b"1 " * 200_000,
    "nested.json": b"[" * 100_000,
    "big number.json": b"[[" + b"9" * 5000 + b", 2], [1, 2], [1, 2], [1, 2], [1, 2]]",
    "null.json": b"null",
    "names\nand lines.txt": b"nose",
}
for _name, _text in POINTS.items():
    add(
        f"keypoints, {_name}",
        {_name: _text.encode(), "t.txt": TEXT.encode()},
        DEPTH.format("@" + _name.replace(" ", "·")),
    )
for _name, _bytes in REFUSED.items():
    _shown = "t.txt" if _name == "one more.txt" else _name.split("\n")[0]  # the target has one fewer
    add(
        f"keypoints, {_name}",
        {_name: _bytes, "t.txt": TEXT.encode()},
        DEPTH.format("@" + _name.replace(" ", "·")),
        _shown,
    )
add("keypoints, a folder", {"k.txt": Path.mkdir, "t.txt": TEXT.encode()}, DEPTH.format("k.txt"), "k.txt")
NUMBERS = {
    "d.txt": (
        b"",
        b"1\n2\n",
        b"nan\n" + b"1\n" * 67,
        b"-inf\n" + b"1\n" * 67,
        b"1e308\n" * 68,
        b"near\n" * 68,
        b"1 2\n" * 68,
    ),
    "a.txt": (
        b"",
        b"1 0 0 0\n",
        b"1 0 0\n0 1 0\n",
        b"1 0 0 0\n0 1 0 0\n" * 2,
        b"1 0 nan 0\n0 1 0 0\n",
        b"1e200 0 0 0\n0 1 0 0\n",
        b"m",
    ),
    "k.txt": (b"1 1\n" * 68, rows(FACE[:66]), rows(FACE) + b"1 1\n", rows(FACE * 1e9)),
}
for _file, _contents in NUMBERS.items():
    for _i, _content in enumerate(_contents):
        _blamed = _file if _content[:3] != rows(FACE)[:3] else "d.txt"
        add(f"warp, {_file} {_i}", {**PNG, **FACE_FILES, _file: _content}, WARP.format("p.png"), _blamed)
CASES["warp, k.txt 3"] = Case(CASES["warp, k.txt 3"].files, CASES["warp, k.txt 3"].words, "k.txt")
add("warp, flat depth", {**PNG, **FACE_FILES, "d.txt": b"0\n" * 68}, WARP.format("p.png"))
add("warp, affine of zeros", {**PNG, **FACE_FILES, "a.txt": b"0 0 0 0\n0 0 0 0\n"}, WARP.format("p.png"))
add("warp, face outside the picture", {**PNG, **FACE_FILES, "k.txt": rows(FACE + 500)}, WARP.format("p.png"))

# --- a folder of faces for the warp ---------------------------------------------------------------------------------


def face_folder(**changed: bytes | None) -> dict:
    """Two faces in the layout of FaceWarper; a changed file is written so, or left out."""
    files = {"f/triangles.csv": b"0,1,2\n"}
    for name in "ab":
        files[f"f/source/{name}.png"] = PNG["p.png"]
        files |= {f"f/{kind}/{name}.txt": FACE_FILES[f"{kind[0]}.txt"] for kind in ("keypoints", "depth", "affine")}
    files |= changed
    return {name: content for name, content in files.items() if content is not None}


FOLDER = "warp --dataset f --out new --backend cpu"
add("warp folder", face_folder(), FOLDER)
for _name in ("keypoints", "depth", "affine"):
    add(f"warp folder, {_name} of b missing", face_folder(**{f"f/{_name}/b.txt": None}), FOLDER, "b.txt")
    _renamed = {f"f/{_name}/b.txt": None, f"f/{_name}/B.txt": FACE_FILES[f"{_name[0]}.txt"]}
    add(f"warp folder, {_name} of b in capitals", face_folder(**_renamed), FOLDER, "b.txt")
add("warp folder, one name twice", face_folder(**{"f/source/a.jpg": PNG["p.png"]}), FOLDER, "a.png")
add("warp folder, names that differ in case", face_folder(**{"f/source/A.png": PNG["p.png"]}), FOLDER, "A.txt")
add("warp folder, triangles of letters", face_folder(**{"f/triangles.csv": b"a,b,c\n"}), FOLDER, "triangles.csv")
add("warp folder, triangles beyond", face_folder(**{"f/triangles.csv": b"0,1,68\n"}), FOLDER, "a.txt")
add("warp folder, triangles of fractions", face_folder(**{"f/triangles.csv": b"0,1,1.5\n"}), FOLDER, "triangles.csv")
add("warp folder, huge triangles", face_folder(**{"f/triangles.csv": b"0,1,1e30\n"}), FOLDER, "triangles.csv")
add("warp folder, empty", {"f/source": lambda p: p.mkdir(parents=True)}, FOLDER, "source")
add("warp folder, absent", {}, FOLDER, "f")
add("warp folder, a file", {"f": b""}, FOLDER, "f")

# --- data sets in .npz ----------------------------------------------------------------------------------------------

TOY = toy_faces(12, n_keypoints=10, shots=2)
TRAIN = "train pinv --data {} --out new --epochs 1"


def npz(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, **{k: v for k, v in ({"xy": TOY.xy, "z": TOY.z} | arrays).items() if v is not None})
    return file.getvalue()


def forged(shape: str) -> bytes:
    """An .npz whose xy says in its header that it has any shape, with eight bytes of data."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xy.npy", b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header.encode() + bytes(8))
    return file.getvalue()


def zipped(files: dict[str, bytes], *more: zipfile.ZipInfo, twice: str | None = None) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        for info in more:
            archive.writestr(info, b"/etc/passwd")
        if twice:
            import warnings

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                archive.writestr(twice, b"another")
    return file.getvalue()


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


NAN = np.where(np.arange(240).reshape(12, 10, 2) == 77, np.nan, TOY.xy)
SETS = {
    "no xy.npz": npz(xy=None),
    "flat.npz": npz(xy=TOY.xy.reshape(12, 20)),
    "three columns.npz": npz(xy=np.zeros((12, 10, 3))),
    "no faces.npz": npz(xy=np.zeros((0, 10, 2)), z=None),
    "one face.npz": npz(xy=TOY.xy[:1], z=None),
    "no points.npz": npz(xy=np.zeros((12, 0, 2)), z=None),
    "three points.npz": npz(xy=TOY.xy[:, :3], z=None),
    "objects.npz": npz(xy=np.array([{}, []], object)),
    "words.npz": npz(xy=np.full((12, 10, 2), "nose")),
    "complex.npz": npz(xy=TOY.xy + 1j),
    "dates.npz": npz(xy=np.zeros((12, 10, 2), "datetime64[s]")),
    "records.npz": npz(xy=np.zeros((12, 10, 2), [("a", "f8")])),
    "nan.npz": npz(xy=NAN),
    "inf.npz": npz(z=np.full((12, 10), np.inf)),
    "pixels.npz": npz(xy=TOY.xy * 640),
    "enormous.npz": npz(z=TOY.z * 1e300),
    "one spot.npz": npz(xy=np.full((12, 10, 2), 0.5)),
    "short depth.npz": npz(z=TOY.z[:, :9]),
    "long pose.npz": npz(pose=np.full(13, "left")),
    "other pose.npz": npz(pose=np.full(12, "up")),
    "number pose.npz": npz(pose=np.arange(12)),
    "object pose.npz": npz(pose=np.array(["left"] * 12, object)),
    "table of identities.npz": npz(identity=np.zeros((12, 2))),
    "nan identity.npz": npz(identity=np.full(12, np.nan)),
    "near beyond.npz": npz(near=np.array([10])),
    "far of words.npz": npz(far=np.array(["jaw"])),
    "hidden of faces.npz": npz(hidden=np.zeros(12, bool)),
    "empty.npz": b"",
    "text.npz": b"x,y\n1,2\n",
    "array.npz": npy(TOY.xy),
    "pickle.npz": pickle.dumps({"xy": TOY.xy}),
    "cut.npz": npz()[:900],
    "bad sum.npz": npz().replace(TOY.xy[3].tobytes(), TOY.xy[4].tobytes()),
    "no arrays.npz": zipped({"xy.npy": b"1 2"}),
    "forged.npz": forged("(1000000000, 68, 2)"),
    "forged twice.npz": forged("(99999999999999999999, 68, 2)"),
    "forged thrice.npz": forged("(__import__('os').system('touch hacked'), 68, 2)"),
}
for _name, _content in SETS.items():
    add(f"set, {_name}", {_name: _content}, TRAIN.format("@" + _name.replace(" ", "·")), _name)
    if _name in ("nan.npz", "cut.npz", "forged.npz", "complex.npz"):
        add(f"set scored, {_name}", {_name: _content}, f"evaluate affine2d --data {_name}", _name)
add(
    "set, whole numbers", {"t.npz": npz(xy=np.random.default_rng(0).integers(0, 9, (12, 10, 2)))}, TRAIN.format("t.npz")
)
add("set, half precision", {"t.npz": npz(xy=TOY.xy.astype(np.float16))}, TRAIN.format("t.npz"))
add(
    "set, names of people",
    {"t.npz": npz(identity=np.repeat(["Ann", "Bo", "Cy"], 4))},
    TRAIN.format("t.npz") + " --pairs identity",
)
add("set, other arrays beside", {"t.npz": npz(note="mine", more=np.zeros(3))}, TRAIN.format("t.npz"))
add("set, a folder", {"t.npz": Path.mkdir}, TRAIN.format("t.npz"), "t.npz")
add("set, pairs of people unknown", {"t.npz": npz()}, TRAIN.format("t.npz") + " --pairs identity", "t.npz")
add("set, no depth for gan", {"t.npz": npz(z=None)}, TRAIN.format("t.npz").replace("pinv", "pinv-gan"), "t.npz")
add("set, no pictures for cnn", {"t.npz": npz()}, TRAIN.format("t.npz").replace("pinv", "pinv-cnn"), "t.npz")
add("set, no pictures for rcn", {"t.npz": npz()}, TRAIN.format("t.npz").replace("pinv", "rcn"), "t.npz")
add("set, no pictures for repair", {"t.npz": npz()}, TRAIN.format("t.npz").replace("pinv", "repair-swap"), "t.npz")

# --- weights --------------------------------------------------------------------------------------------------------


def weights(n: int = 10, name: str = "pinv") -> Callable[[Path], None]:
    return lambda path: save_model(path, name, build_model(name, n))


def tensors(header: object = None, **arrays) -> bytes:
    return save({k: torch.as_tensor(v) for k, v in arrays.items()}, None if header is None else {"header": header})


def whole(change: Callable[[dict, dict], None]) -> Callable[[Path], None]:
    """Weights of pinv for ten keypoints, changed: a function of their tensors and header."""

    def write(path: Path) -> None:
        model = build_model("pinv", 10)
        state = dict(model.state_dict())
        header = {"model": "pinv", "n_keypoints": 10, "recipe": model.recipe.to_json()}
        change(state, header)
        path.write_bytes(save({k: v.contiguous() for k, v in state.items()}, {"header": json.dumps(header)}))

    return write


def cut(path: Path) -> None:
    weights()(path)
    path.write_bytes(path.read_bytes()[:-100])


def pickled(path: Path) -> None:
    torch.save(build_model("pinv", 10).state_dict(), path)


def without(state: dict, header: dict) -> None:
    state.popitem()


WEIGHTS = {
    "cut": cut,
    "empty": b"",
    "text": b"weights",
    "pickle": pickled,
    "huge head": struct.pack("<Q", 1 << 60) + b"{}",
    "no header": tensors(a=[1.0]),
    "header no JSON": tensors("pinv", a=[1.0]),
    "header a list": tensors("[]", a=[1.0]),
    "header empty": tensors("{}", a=[1.0]),
    "of another count": weights(12),
    "of another model": lambda path: weights(10, "separate")(path) or rename(path),
    "a tensor missing": whole(without),
    "a tensor more": whole(lambda state, header: state.update(more=torch.zeros(3))),
    "unknown model": whole(lambda state, header: header.update(model="mine")),
    "count of words": whole(lambda state, header: header.update(n_keypoints="many")),
    "count negative": whole(lambda state, header: header.update(n_keypoints=-5)),
    "count enormous": whole(lambda state, header: header.update(n_keypoints=10**13)),
    "recipe of words": whole(lambda state, header: header.update(recipe="paper")),
    "recipe with more": whole(lambda state, header: header["recipe"].update(colour="red")),
    "layers of words": whole(lambda state, header: header["recipe"].update(hidden="ab")),
    "layers enormous": whole(lambda state, header: header["recipe"].update(hidden=[10**13])),
    "nan": whole(lambda state, header: [t.fill_(np.nan) for t in state.values()]),
    "a folder": Path.mkdir,
}


def rename(path: Path) -> None:
    """Weights of the separate model that say they are pinv's."""
    path.write_bytes(path.read_bytes().replace(b'\\"model\\": \\"separate\\"', b'\\"model\\": \\"pinv\\"    '))


def toy(path: Path) -> None:
    save_npz(TOY, path)


for _name, _content in WEIGHTS.items():
    add(
        f"weights, {_name}",
        {"r/weights.safetensors": _content, "t.npz": toy},
        "evaluate r --data t.npz",
        "weights.safetensors",
    )
    if not _name.startswith(("of another", "nan")):
        _files = {"r/checkpoint.safetensors": _content, "t.npz": toy}
        add(
            f"checkpoint, {_name}",
            _files,
            "train pinv --data t.npz --out r --epochs 1 --resume",
            "checkpoint.safetensors",
        )
add("weights, none", {"r": Path.mkdir, "t.npz": toy}, "evaluate r --data t.npz", "weights.safetensors")
add(
    "weights, the file instead of its folder",
    {"w.safetensors": weights(), "t.npz": toy},
    "evaluate w.safetensors --data t.npz",
    "w.safetensors",
)

# --- archives and folders of data sets ------------------------------------------------------------------------------

PTS = b"version: 1\nn_points: 68\n{\n" + rows(FACE) + b"}\n"
TRIO = {"set/afw/1.pts": PTS, "set/afw/1.png": PNG["p.png"], "set/ibug/2.pts": PTS, "set/ibug/2.png": PNG["p.png"]}


def tarred(files: dict[str, bytes], *more: tarfile.TarInfo) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for info in more:
            archive.addfile(info)
    return file.getvalue()


def zip_link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info


def tar_entry(name: str, kind: bytes, target: str = "/etc/passwd") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


BOMB = bytes((1 << 29) + 1)
ENCRYPTED = bytearray(zipped(TRIO))
for _sign, _at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # the flag "encrypted" of the first member, in both its headers
    ENCRYPTED[ENCRYPTED.index(_sign) + _at] |= 1
ODD = bytearray(zipped(TRIO))
for _sign, _at in ((b"PK\3\4", 8), (b"PK\1\2", 10)):  # a way of packing that nobody knows
    ODD[ODD.index(_sign) + _at] = 77
ARCHIVES = {
    "outside.zip": zipped({**TRIO, "../../evil.pts": PTS}),
    "absolute.zip": zipped({**TRIO, "/etc/evil.pts": PTS}),
    "backslash.zip": zipped({**TRIO, "..\\evil.pts": PTS}),
    "drive.zip": zipped({**TRIO, "C:/evil.pts": PTS}),
    "link.zip": zipped(TRIO, zip_link("set/afw/3.pts")),
    "twice.zip": zipped(TRIO, twice="set/afw/1.pts"),
    "bomb.zip": lambda path: path.write_bytes(zipped({**TRIO, "set/afw/1.pts": BOMB})),
    "cut.zip": zipped(TRIO)[:-60],
    "encrypted.zip": bytes(ENCRYPTED),
    "odd.zip": bytes(ODD),
    "bad sum.zip": zipped(TRIO).replace(b"PK\3\4", b"PK\3\4", 1)[:60] + b"\0\0\0\0" + zipped(TRIO)[64:],
    "empty.zip": b"",
    "nothing.zip": zipped({}),
    "text.zip": b"not an archive",
    "others.zip": zipped({"readme.md": b"hello"}),
    "outside.tar.gz": tarred({**TRIO, "../../evil.pts": PTS}),
    "absolute.tar.gz": tarred({**TRIO, "/etc/evil.pts": PTS}),
    "symlink.tgz": tarred(TRIO, tar_entry("set/afw/3.pts", tarfile.SYMTYPE)),
    "hardlink.tgz": tarred(TRIO, tar_entry("set/afw/3.pts", tarfile.LNKTYPE, "set/afw/1.pts")),
    "device.tgz": tarred(TRIO, tar_entry("set/afw/3.pts", tarfile.CHRTYPE)),
    "twice.tgz": tarred(TRIO, tarfile.TarInfo("set/afw/1.pts")),
    "cut.tar.gz": tarred(TRIO)[:-300],
    "text.tar.gz": gzip.compress(b"not an archive" * 99),
    "line\nbreak.zip": zipped({"x\ny.pts": PTS, "x\ny.png": SPOILT["cut.png"]}),
}
GET = "data get 300w --from {}"
WHY = {"outside": "outside", "absolute": "outside", "backslash": "outside", "drive": "outside", "bomb": "too many"}
WHY |= {"link": "outside", "symlink": "outside", "hardlink": "outside", "device": "outside", "twice": "more than once"}
for _name, _content in ARCHIVES.items():
    _shown, _why = _name.split("\n")[0], WHY.get(_name.split(".")[0])
    _verdict = f"{_shown}|{_why}" if _why else _shown
    add(f"archive, {_shown}", {_name: _content}, GET.format("@" + _name.replace(" ", "·")), _verdict)
add("archive, whole zip", {"w.zip": zipped(TRIO)}, GET.format("w.zip"))
add("archive, whole tar", {"w.tar.gz": tarred(TRIO)}, GET.format("w.tar.gz"))
add("archive, absent", {}, GET.format("w.zip"), "w.zip")
add("archive of unknown kind", {"w.rar": b"Rar!"}, "data check w.rar", "w.rar")
add(
    "folder, one half missing",
    {k: v for k, v in TRIO.items() if k != "set/ibug/2.png"},
    GET.format("set"),
    "2.jpg or .png",
)
add("folder, names in capitals", {k.replace("2.pts", "2.PTS"): v for k, v in TRIO.items()}, GET.format("set"))
add("folder, points cut", {**TRIO, "set/ibug/2.pts": PTS[:200]}, GET.format("set"), "2.pts")
add("folder, points of words", {**TRIO, "set/ibug/2.pts": PTS.replace(b"2", b"z")}, GET.format("set"), "2.pts")
add("folder, points far outside", {**TRIO, "set/ibug/2.pts": PTS.replace(b"\n", b"\n9")}, GET.format("set"), "2.pts")
add("folder, picture cut", {**TRIO, "set/ibug/2.png": SPOILT["cut.png"]}, GET.format("set"), "2.png")
add("folder, picture empty", {**TRIO, "set/ibug/2.png": b""}, GET.format("set"), "2.png")
add("folder, of another set", TRIO, "data get muct --from set", "set")
add("folder, empty", {"set": Path.mkdir}, GET.format("set"), "set")
add("record damaged", {"home/300w/source.json": b"{"}, "evaluate pinv --data 300w:test", "source.json")
add("record of another kind", {"home/300w/source.json": b"[1, 2]"}, "evaluate pinv --data 300w:test", "source.json")
add("record of nothing", {"home/300w/source.json": b'{"path": 5}'}, "evaluate pinv --data 300w:test", "source.json")
add("cache is a file", {"home": b"", "w.zip": zipped(TRIO)}, GET.format("w.zip"), "home")

# --- options --------------------------------------------------------------------------------------------------------

OUT_OF_RANGE = {
    "--epochs 0": "epochs",
    "--epochs -3": "epochs",
    "--epochs many": "epochs",
    "--batch-size 0": "batch-size",
    "--batch-size 1e3": "batch-size",
    "--seed -1": "seed",
    "--seed 99999999999999999999": "seed",
    "--minutes 0": "minutes",
    "--minutes nan": "minutes",
    "--minutes -inf": "minutes",
    "--recipe mine": "recipe",
    "--pairs some": "pairs",
    "--data": "data",
    "--colour red": "colour",
}
for _option, _shown in OUT_OF_RANGE.items():
    add(f"train {_option}", {"t.npz": toy}, f"train pinv --data t.npz --out new {_option}", _shown)
LINES = {
    "train pinv --data anny:valid --out new": "anny:valid",
    "train pinv --data : --out new": ":",
    "train pinv --data anny: --out new": "anny:",
    "train mine --data anny:train --out new": "mine",
    "train repair-swap --data heads:nowhere --out new": "heads:nowhere",
    "train repair-mine --data heads:train --out new": "repair-mine",
    "evaluate pinv --data anny:test --pairs some": "some",
    "evaluate nowhere --data anny:test": "nowhere",
    "evaluate gt --data anny:": "anny:",
    "keypoints p.png --out new --detector mine": "mine",
    "keypoints p.png --out new --processes 0": "processes",
    "keypoints gone.png --out new": "gone.png",
    "warp --dataset f --out new --backend vulkan": "f",
    "warp --out new.png": "--image",
    "warp --image p.png --dataset f --out new": "--image",
    "frontalize p.png --out new.png --mesh wire": "wire",
    "swap p.png p.png --out new.png --blend magic": "magic",
    "depth --source t.txt --target t.txt --out new --model pinv-cnn": "t.txt",
    "figures fig99": "fig99",
    "data get nowhere": "nowhere",
    "data get anny": "anny",
    "data get muct": "muct",
    "data get 3dfaw": "3dfaw",
    "data check nowhere": "nowhere",
    "data check celeba": "celeba",
}
for _line, _shown in LINES.items():
    add(_line, PNG, _line, _shown)
TAKEN = {**PNG, **FACE_FILES, "file": b"mine", "t.npz": toy}
add("out below a file", TAKEN, WARP.format("p.png").replace("out.png", "file/x.png"), "x.png")
add("out is a folder", TAKEN | {"dir.png": Path.mkdir}, WARP.format("p.png").replace("out.png", "dir.png"), "dir.png")
add("out of no kind", TAKEN, WARP.format("p.png").replace("out.png", "x.xyz"), "x.xyz")
add("run below a file", TAKEN, "train pinv --data t.npz --out file/run --epochs 1", "file")
add("run without training is a file", TAKEN, "train affine2d --data t.npz --out file --epochs 1", "file")
add("run is a file", TAKEN, "train pinv --data t.npz --out file --epochs 1", "file")
add("scores below a file", TAKEN, "evaluate affine2d --data t.npz --json file/s.json", "s.json")
add("depths below a file", TAKEN, "depth --source k.txt --target k.txt --out file --model affine2d", "file")
add("name too long", TAKEN, WARP.format("p.png").replace("out.png", "x" * 300 + ".png"), "xxx")
