"""What each table and figure says in one line, beside what the paper reports; what it needs, and how exactly its
numbers come again."""

from typing import NamedTuple


class Reading(NamedTuple):
    """``says``: our numbers in words. ``paper``: the paper's, with its data. ``weights``: names in weights/.
    ``tolerance``: how far a number may be from the committed one, as a share of the largest in its list."""

    says: str
    paper: str
    weights: tuple[str, ...] = ()
    tolerance: float = 1e-3


_PAIRED = ("template", "separate-anny-images-identity", "separate-cnn", "pinv-anny-images-identity", "pinv-cnn")
_DEPTH = ("pinv", "pinv-gan", "aign", "mofa", "metric")
_SWEEP = ("pinv",)
_PICTURES = 0.02  # OpenGL's pixels differ a little from one driver to the next

READINGS: dict[str, Reading] = {
    "table1": Reading(
        "From row 3 on each step of the paper lowers the error, and solving for the affine most, on generated heads as "
        "on MUCT's photos. The average 3D face stands better here than rows 3 to 6: generated people differ less than "
        "real ones.",
        "VGG-Face, 43,940 pairs: MSE 1.562 for the 2D affine, 0.724 template, 0.568 and 0.539 separate, 0.400 and "
        "0.399 in two steps, 0.357 and 0.349 through the pseudo-inverse (without and with images).",
        _PAIRED,
    ),
    "table2": Reading(
        "Without depth labels the loss leaves the gauge of depth open, and DepthCorr measures whichever it ended in; "
        "the adversarial loss, which sees true depth, closes it.",
        "3DFAW, of 66: DepthNet 27.4 / 26.3 / 22.3 for left, front, right sources; with GAN 59.7 / 58.7 / 59.8.",
        ("pinv", "pinv-gan", "metric"),
    ),
    "table3": Reading(
        "The depth that fits best is not the true one: of those that estimate depth DepthNet has the lowest error, "
        "true depth all of DepthCorr. The metric model, which sees no depth, passes the GAN, which does.",
        "3DFAW: MSE x 1e5 8.86 for true depth, 9.06 AIGN, 8.75 MOFA, 7.65 DepthNet, 8.74 with GAN; DepthCorr of 66: "
        "66, 44-51, 11-18, 22-27, 59-60.",
        (*_DEPTH, "factorization", "posed-template", "shapes", "oracle"),
    ),
    "fig1": Reading(
        "Left: the network. Right: one frontal face carried onto the poses in the row above it; each column keeps the "
        "face's skin and takes the other's pose.",
        "The same on Multi-PIE, by model 7 of table 1; no numbers.",
        _SWEEP,
        _PICTURES,
    ),
    "fig2": Reading(
        "A tilted ellipse is a depth that follows the true one; a round cloud is a depth whose gauge is loose.",
        "3DFAW: 45-degree ellipses for DepthNet + GAN and AIGN, looser ones for DepthNet and MOFA; no numbers.",
        _DEPTH,
    ),
    "fig3": Reading(
        "Each row is one face; colours are depth. Compare the noses: near and bright in the truth.",
        "3DFAW: AIGN and DepthNet + GAN look real, MOFA gives every face the same template, DepthNet fails on some.",
        _DEPTH,
    ),
    "fig4": Reading(
        "A face turned to the viewer has no hair, no neck and no room around it. Its mirror half lends the skin that "
        "the photo hides, the picture around it is bent to follow, and the network mends what still shows.",
        "CelebA; no numbers.",
        ("repair-background",),
        _PICTURES,
    ),
    "fig5": Reading(
        "A face laid on another head shows its border and its light. Poisson blending takes both away; the network "
        "finds little to add.",
        "CelebA; no numbers.",
        ("repair-swap",),
        _PICTURES,
    ),
    "figS1": Reading("More faces as in figure 3.", "As figure 3.", _DEPTH),
    "figS2": Reading("Frontal sources onto seven poses.", "Multi-PIE; no numbers.", _SWEEP, _PICTURES),
    "figS3": Reading("More of figure S2.", "Multi-PIE; no numbers.", _SWEEP, _PICTURES),
    "figS4": Reading(
        "Turned sources: the half of the face that its picture does not show is stretched, or taken from the mirror.",
        "Multi-PIE: the same, for want of texture on the hidden side; no numbers.",
        _SWEEP,
        _PICTURES,
    ),
    "figS5": Reading(
        "Onto pictures of the same person, so the true answer stands right above.",
        "Multi-PIE; no numbers.",
        _SWEEP,
        _PICTURES,
    ),
    "figS6": Reading("More of figure 4.", "CelebA; no numbers.", ("repair-background",), _PICTURES),
    "figS7": Reading("More of figure 5.", "CelebA; no numbers.", ("repair-swap",), _PICTURES),
    "figS8": Reading(
        "A profile is frontalized, repaired, and only then turned: the hidden half is lent and painted, not stretched.",
        "CelebA sources on Multi-PIE poses; no numbers.",
        ("repair-extreme",),
        _PICTURES,
    ),
    "deviations": Reading(
        "What the kit does otherwise than the paper's text, and what each change does to the numbers.",
        "Section 3 and supplement S.1 describe the training that this table starts from.",
        ("pinv",),
    ),
    "ablation": Reading(
        "The teacher settles gauge and sign: without one half of the faces are inside out, and DepthCorr is that of "
        "the paper's DepthNet. Shapes of people teach more of the person than one shared head or factorization do; "
        "mirror symmetry adds half a point; going on with section 2.3 lowers the error and loses the person.",
        "Not in the paper.",
        ("metric",),
    ),
}
