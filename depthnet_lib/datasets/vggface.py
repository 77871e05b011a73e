"""VGG-Face: one folder of photos an identity, and lists files/NAME.txt of the web addresses that they came from.

Most addresses are gone, so missing photos are counted and not complained about. Keypoints are detected (photos.py).
A line of a list: id, address, left, top, right, bottom, pose, detection score, curated (1) or not.
"""

import numpy as np

from .base import KeypointSet, in_test
from .photos import check_pictures, detected, pictures
from .sources import Source
from .store import Report, registered

IDENTITIES = 2622


def load(split: str) -> KeypointSet:
    """Photos whose keypoints were detected; one identity in five is for testing."""
    source = registered("vggface")
    names = [n for n in pictures(source) if in_test(_person(n)) == (split == "test")]
    people = {person: i for i, person in enumerate(sorted({_person(n) for n in pictures(source)}))}
    return detected(f"vggface:{split}", source, names, np.array([people[_person(n)] for n in names]))


def boxes(source: Source, person: str) -> dict[str, np.ndarray]:
    """Photo name -> face box (left, top, right, bottom) in pixels, from the list of a person."""
    found = {}
    for line in source.text(source.match(f"{person}.txt")[0]).splitlines():
        words = line.split()
        found[f"{person}/{words[0]}.jpg"] = np.array(words[2:6], float)
    return found


def recognise(source: Source) -> bool:
    return bool(source.match(f"*/{'[0-9]' * 8}.jpg") or source.match("files/*.txt"))


def check(source: Source) -> Report:
    """Photos are whole; the lines of the lists are whole; how many listed photos are here."""
    report = Report()
    names = pictures(source)
    check_pictures(source, names, report)
    here = {"/".join(name.split("/")[-2:]) for name in names}
    listed = 0
    for table in source.match("files/*.txt"):
        for i, line in enumerate(source.text(table).splitlines()):
            listed += 1
            if len(line.split()) != 9:
                report.problems[table] = f"damaged or truncated: line {i + 1} has not its 9 fields"
    people = len({name.split("/")[0] for name in here})
    report.facts.append(f"{len(names):,} photos of {people:,} of {IDENTITIES:,} identities")
    if listed:
        report.facts.append(f"{listed:,} photos listed; the web has lost many of the others")
    return report


def _person(name: str) -> str:
    return name.split("/")[-2]
