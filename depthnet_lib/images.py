"""Pictures in and out: any file to RGB uint8, and files written whole or not at all."""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from .errors import InputError
from .files import replacing

MAX_PIXELS = 200_000_000
SYNTHETIC = {"synthetic": "a face turned or replaced by the DepthNets kit, not a photograph"}  # metadata of outputs
_REMEDY = "give a whole JPEG, PNG, WebP, BMP or TIFF picture"


def read_image(path: str | Path) -> np.ndarray:
    """Read a picture as RGB uint8 (H, W, 3).

    EXIF orientation is applied, grey and palette pictures become RGB, transparency is laid over white, 16-bit values
    are scaled to 8, of an animation the first frame is taken. Raises InputError for anything else.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(path, "no such file", "check the path")
    return decode_image(path.read_bytes(), path)


def decode_image(content: bytes, path: str | Path) -> np.ndarray:
    """`read_image` for the bytes of a picture file; ``path`` is what an error calls it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content)) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise InputError(path, f"{picture.width} x {picture.height} pixels are too many", "make it smaller")
                return _to_rgb(ImageOps.exif_transpose(picture))
    except InputError:
        raise
    except UnidentifiedImageError:
        raise InputError(path, "not a picture", _REMEDY) from None
    except Exception as error:  # decoders raise nearly anything on damaged files
        raise InputError(path, f"cannot be read ({str(error) or type(error).__name__})", _REMEDY) from None


def write_image(path: str | Path, image: np.ndarray, text: dict[str, str] | None = None) -> None:
    """Write RGB or RGBA uint8 (H, W, 3 or 4) beside its name, then rename; ``text`` becomes metadata."""
    path = Path(path)
    kind = Image.registered_extensions().get(path.suffix.lower())
    if kind is None:
        raise InputError(path, f"unknown picture suffix {path.suffix!r}", "use .png or .jpg")
    options = {"compress_level": 1} if kind == "PNG" else {}  # a tenth larger than by default, four times as fast
    if text:
        options |= _label(path, kind, text)
    with replacing(path) as part:
        Image.fromarray(np.ascontiguousarray(image)).save(part, kind, **options)


def _label(path: Path, kind: str, text: dict[str, str]) -> dict:
    """Pillow's options that put text into a picture's metadata: PNG text, elsewhere EXIF's description."""
    if kind not in ("PNG", "JPEG", "WEBP", "TIFF"):
        raise InputError(path, f"{kind} pictures cannot carry a label", "use .png or .jpg")
    if kind != "PNG":
        exif = Image.Exif()
        exif[ExifTags.Base.ImageDescription] = as_line(text)
        return {"exif": exif}
    info = PngInfo()
    for key, value in text.items():
        info.add_text(key, value)
    return {"pnginfo": info}


def as_line(text: dict[str, str]) -> str:
    """Metadata for formats that have one place for all of it."""
    return "; ".join(f"{key}: {value}" for key, value in text.items())


def _to_rgb(picture: Image.Image) -> np.ndarray:
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture, np.float64)
        grey = values / 257 if values.max(initial=0) > 255 else values
        return np.repeat(np.clip(grey, 0, 255).round().astype(np.uint8)[..., None], 3, -1)
    if picture.has_transparency_data:
        over = picture.convert("RGBA")
        white = Image.new("RGBA", over.size, "white")
        picture = Image.alpha_composite(white, over)
    return np.array(picture.convert("RGB"))
