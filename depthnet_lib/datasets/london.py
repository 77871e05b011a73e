"""Face Research Lab London Set: neutral (NNN_03) and smiling (NNN_08) photos, CC BY 4.0, with 189 points (.tem).

The .tem points lie on the photo as it was taken, 1,350 pixels wide, whatever size the photo has now. 24 of the 189
are the same place of the face as an iBUG point: end points, corners, middles and peaks. They were found on the mean
shape and compared with dlib's points on twelve of the photos: the mean offset of each is at most 2.3% of the outer
interocular distance (the chin's contour, the lower lip and the lids, which the two schemes cut at other places, were
left out).
"""

import numpy as np

from .base import KeypointSet, in_test
from .sources import Source, picture_problem
from .store import Report, registered

FRAME = 1350  # width in pixels of the photos that the .tem points were set on
POINTS = 189
# iBUG point -> .tem point
IBUG = {8: 129, 17: 71, 26: 82, 31: 64, 33: 55, 35: 69, 36: 18, 39: 22, 42: 23, 45: 27, 48: 87, 49: 88, 50: 89, 51: 90}
IBUG |= {52: 91, 53: 92, 54: 93, 57: 106, 61: 95, 62: 96, 63: 97, 65: 102, 66: 101, 67: 100}


def load(split: str) -> KeypointSet:
    """The neutral photos with the 24 reference points, in the order of IBUG; one person in five is for testing."""
    source = registered("london")
    files = _files(source)
    stems = [name[:-4] for name in sorted(files) if name.endswith(".tem") and f"{name[:-4]}.jpg" in files]
    stems = [s for s in stems if in_test(s[:3]) == (split == "test")]
    points = np.stack([read_tem(source.text(files[f"{s}.tem"]))[list(IBUG.values())] for s in stems])
    width = np.array([source.image_size(files[f"{s}.jpg"])[0] for s in stems])[:, None, None]
    pixels = (points + 0.5) * width / FRAME - 0.5  # pixel (0, 0) is a centre before and after resizing
    return KeypointSet(
        f"london:{split}",
        pixels / width,
        pose=np.full(len(stems), "front"),
        identity=np.array([int(s[:3]) for s in stems]),
        image=lambda i: source.image(files[f"{stems[i]}.jpg"]),
    )


def photos() -> dict[str, np.ndarray]:
    """Every photo, neutral and smiling, by its name."""
    source = registered("london")
    return {name: source.image(full) for name, full in sorted(_files(source).items()) if name.endswith(".jpg")}


def read_tem(text: str) -> np.ndarray:
    """(189, 2) points of a Psychomorph template, in pixels of the 1,350 pixel frame; ValueError where it is cut."""
    lines = text.split("\n")
    count = int(lines[0])
    points = np.array([line.split() for line in lines[1 : 1 + count]], float)
    if points.shape != (POINTS, 2):
        raise ValueError(f"{len(points)} of {POINTS} points")
    contours = int(lines[1 + count])
    if len(lines) < 2 + count + 3 * contours:  # an open or closed mark, a length and a list of points each
        raise ValueError(f"{contours} contours announced, the file ends before")
    return points


def recognise(source: Source) -> bool:
    return bool(source.match("[0-9][0-9][0-9]_0[38].tem") or source.match("[0-9][0-9][0-9]_0[38].jpg"))


def check(source: Source) -> Report:
    """Each person has both photos and the template of the neutral one; all are whole, square, the points inside."""
    files, report = _files(source), Report()
    people = sorted({name[:3] for name in files})
    for name in (f"{person}_{part}" for person in people for part in ("03.jpg", "03.tem", "08.jpg")):
        if name not in files:
            report.problems[name] = "missing, though other files of that person are here"
    for name, full in files.items():
        try:
            if name.endswith(".jpg"):
                if problem := picture_problem(source.read(full)):
                    report.problems[name] = problem
                elif len(set(source.image_size(full))) != 1:
                    report.problems[name] = "not square: it was cut, so its points do not fit"
            else:
                points = read_tem(source.text(full))
                if (points < 0).any() or (points >= FRAME).any():
                    report.problems[name] = "has points outside the picture"
        except (ValueError, IndexError) as error:
            report.problems[name] = f"damaged or truncated ({error})"
    report.facts.append(f"{len(people)} of 102 people, {sum(n.endswith('.jpg') for n in files)} photos")
    return report


def _files(source: Source) -> dict[str, str]:
    names = source.match("[0-9][0-9][0-9]_0[38].jpg") + source.match("[0-9][0-9][0-9]_0[38].tem")
    return {name.rpartition("/")[2]: name for name in sorted(names)}
