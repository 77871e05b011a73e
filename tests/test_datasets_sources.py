"""Folders and archives in place: what is read, what is refused, and a download that goes on where it stopped."""

import hashlib
import io
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from PIL import Image

from depthnet_lib.datasets.download import download
from depthnet_lib.datasets.sources import Source, picture_problem
from depthnet_lib.errors import InputError

FILES = {"set/a.txt": b"one", "set/deep/b.txt": b"two", "set/.hidden": b"x", "__MACOSX/a.txt": b"y"}


def make_zip(path, files=FILES, link=None):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        if link:
            info = zipfile.ZipInfo(link)
            info.external_attr = 0o120777 << 16
            archive.writestr(info, "/etc/passwd")
    return path


def make_tar(path, files=FILES, link=None):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if link:
            info = tarfile.TarInfo(link)
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(info)
    return path


def make_folder(path, files=FILES):
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


@pytest.fixture(params=["folder", "zip", "tar"])
def source(request, tmp_path):
    make = {"folder": make_folder, "zip": make_zip, "tar": make_tar}[request.param]
    return Source(make(tmp_path / {"folder": "f", "zip": "f.zip", "tar": "f.tar.gz"}[request.param]))


def test_folder_zip_and_tar_look_the_same(source):
    assert source.sizes == {"set/a.txt": 3, "set/deep/b.txt": 3}
    assert source.read("set/deep/b.txt") == b"two"
    assert source.match("*.txt") == ["set/a.txt", "set/deep/b.txt"]
    assert source.match("deep/*.txt") == ["set/deep/b.txt"]


def test_a_single_file_is_a_source(tmp_path):
    (tmp_path / "points.csv").write_text("1,2")
    assert Source(tmp_path / "points.csv").text("points.csv") == "1,2"


@pytest.mark.parametrize("make,name", [(make_zip, "f.zip"), (make_tar, "f.tar.gz")])
@pytest.mark.parametrize("entry", ["/etc/cron", "../outside", "set/../../outside"])
def test_archives_that_point_outside_are_refused(tmp_path, make, name, entry):
    with pytest.raises(InputError, match="outside the archive"):
        Source(make(tmp_path / name, {entry: b"x"}))


@pytest.mark.parametrize("make,name", [(make_zip, "f.zip"), (make_tar, "f.tar.gz")])
def test_links_in_archives_are_refused(tmp_path, make, name):
    with pytest.raises(InputError, match="innocent"):
        Source(make(tmp_path / name, link="innocent"))


@pytest.mark.parametrize("make,name", [(make_zip, "f.zip"), (make_tar, "f.tar.gz")])
def test_truncated_archives_are_named(tmp_path, make, name):
    path = make(tmp_path / name, {"a": np.random.default_rng(0).bytes(5000)})
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match=f"{name}.*damaged or truncated"):
        Source(path)


def test_a_damaged_member_is_named_with_its_archive(tmp_path):
    path = make_zip(tmp_path / "f.zip", {"face.txt": b"a" * 1000})
    path.write_bytes(path.read_bytes().replace(b"aaaa", b"bbbb", 1))
    with pytest.raises(InputError, match=r"f\.zip/face\.txt"):
        Source(path).read("face.txt")


def test_a_member_larger_than_the_limit_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("depthnet_lib.datasets.sources.MAX_FILE", 100)
    with pytest.raises(InputError, match="too many"):
        Source(make_zip(tmp_path / "f.zip", {"bomb": b"0" * 1000})).read("bomb")


def test_fingerprint_changes_with_the_content(tmp_path):
    marks = [Source(make_zip(tmp_path / f"{c}.zip", {"a": c.encode()})).fingerprint() for c in "xxy"]
    assert marks[0] == marks[1] != marks[2]


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_whole_and_cut_pictures(kind):
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)).save(file, kind)
    assert picture_problem(file.getvalue()) is None
    assert picture_problem(file.getvalue()[:-200])
    assert picture_problem(file.getvalue()[:20])


CONTENT = np.random.default_rng(0).bytes(300_000)


class Server(BaseHTTPRequestHandler):
    """Serves CONTENT; the first answer breaks off in the middle. `ranges` says whether it can go on from a byte."""

    ranges, asked = True, []

    def do_GET(self):
        start = int(self.headers.get("Range", "bytes=0-")[6:-1]) if self.ranges else 0
        self.asked.append(start)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : 200_000 if len(self.asked) == 1 else None])

    def log_message(self, *_):
        pass


@pytest.fixture
def url():
    Server.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/set.zip"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("ranges,second", [(True, 200_000), (False, 0)])
def test_download_goes_on_where_it_stopped(url, tmp_path, monkeypatch, ranges, second):
    monkeypatch.setattr(Server, "ranges", ranges)
    with pytest.raises(InputError, match="goes on where it stopped"):
        download(url, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["set.zip.part"]
    path = download(url, tmp_path, hashlib.sha256(CONTENT).hexdigest())
    assert path.read_bytes() == CONTENT and Server.asked == [0, second]
    assert [p.name for p in tmp_path.iterdir()] == ["set.zip"]


def test_another_sha256_is_refused(url, tmp_path):
    Server.asked.append(0)  # no breaking off
    with pytest.raises(InputError, match="sha256"):
        download(url, tmp_path, "0" * 64)
    assert not (tmp_path / "set.zip").exists()
