"""Models by name: shapes, units, and that what is stored is what is loaded."""

import pytest
import torch

from depthnet_lib import checkpoints
from depthnet_lib.affine import apply_affine, to_unit
from depthnet_lib.datasets.tensors import as_faces
from depthnet_lib.errors import InputError
from depthnet_lib.losses import keypoint_loss, pinv_loss
from depthnet_lib.metrics import affine2d_mse
from depthnet_lib.models import MODELS, DepthModel, Faces, build_model, load_model, save_model
from depthnet_lib.networks import IDENTITY_AFFINE, PairNet, initialise

from .conftest import toy_faces


def two_batches(n=10):
    faces = as_faces(toy_faces(2 * n), images=True)
    return faces[:n], faces[n:]


def ready(name, seed=0):
    model = build_model(name, 68)
    generator = torch.Generator().manual_seed(seed)
    model.reset(generator)
    model.fit(two_batches(40)[0], generator)
    for parameter in model.parameters():
        if parameter.ndim == 2 and not parameter.any():  # the output layer starts at zero: give it something to say
            torch.nn.init.normal_(parameter, 0.0, 0.05, generator=generator)
    return model.eval()


@pytest.mark.parametrize("name", MODELS)
def test_prediction_shapes_and_broadcasting(name):
    model = ready(name)
    source, target = (model.encode(f) for f in two_batches())
    one = model(source, target)
    assert one.points.shape == (10, 68, 3) and one.m.shape == (10, 2, 4) and one.x_n.shape == (10, 68, 2)
    grid = model(source[:, None], target[None])
    assert grid.x_n.shape == (10, 10, 68, 2)
    torch.testing.assert_close(grid.x_n[3, 3], one.x_n[3], rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_units_follow_the_input(name):
    """The same faces in pixels: depth and landing points scale along."""
    model = ready(name)
    source, target = two_batches()
    small = model(model.encode(source), model.encode(target))
    bigger = lambda f: Faces(f.xy * 200 + 30, f.z * 200, f.image)  # noqa: E731
    big = model(model.encode(bigger(source)), model.encode(bigger(target)))
    torch.testing.assert_close(big.x_n, small.x_n * 200 + 30, rtol=0, atol=0.05)
    centred = lambda z: z - z.mean(-1, keepdim=True)  # noqa: E731
    torch.testing.assert_close(centred(big.z), centred(small.z) * 200, rtol=0, atol=0.05)


@pytest.mark.parametrize("name", MODELS)
def test_saved_weights_give_the_same_prediction(name, tmp_path):
    model = ready(name)
    save_model(tmp_path / "weights.safetensors", name, model)
    again = load_model(str(tmp_path)) if model.state_dict() else load_model(name)
    source, target = two_batches()
    a, b = (m(m.encode(source), m.encode(target)).x_n for m in (model, again))
    packed = 1e-2 if model.needs_images else 2e-3  # their dense layers are int8 on disk, all else float16
    torch.testing.assert_close(a, b, rtol=0, atol=packed)


def test_large_matrices_keep_eight_bits_a_row():
    wide = torch.randn(3, checkpoints.LARGE, generator=torch.Generator().manual_seed(0)) * torch.tensor([[1], [9], [0]])
    packed = checkpoints.compact({"wide": wide, "narrow": wide[:, :8], "count": torch.tensor(3)})
    assert packed["wide"].dtype == torch.int8 and packed["narrow"].dtype == torch.float16
    back = checkpoints.expand(packed)
    assert back.keys() == {"wide", "narrow", "count"} and back["count"] == 3
    assert ((back["wide"] - wide).abs().amax(1) <= wide.abs().amax(1) / 254 * 1.001).all()
    again = checkpoints.expand(checkpoints.compact(back))
    torch.testing.assert_close(again["wide"], back["wide"])


@pytest.mark.parametrize("kind", ["separate", "pinv"])
def test_an_image_model_starts_as_its_keypoint_twin(kind):
    twin, model = ready(kind), ready(f"{kind}-cnn", seed=1)
    model.start_from(twin)
    source, target = two_batches()
    a, b = (m(m.encode(source), m.encode(target)) for m in (twin, model))
    torch.testing.assert_close(b.x_n, a.x_n)
    loss = model.loss(model.encode(source), model.encode(target))
    (gradient,) = torch.autograd.grad(loss, model.net.third.weight)
    assert gradient.abs().max() > 0  # the pictures are listened to from the first step on


def test_initial_output_of_the_separate_model_is_the_identity_affine():
    model = build_model("separate", 68)
    model.reset(torch.Generator().manual_seed(0))
    source, _ = two_batches()
    encoded = model.encode(source)
    z, m = model.output(encoded, encoded)
    torch.testing.assert_close(m, torch.tensor(IDENTITY_AFFINE).expand(10, 8))
    assert z.std() > 0.3 and torch.equal(z[0], z[1])  # biases Normal(0, 0.5), weights zero
    torch.testing.assert_close(model(encoded, encoded).x_n, source.xy, rtol=0, atol=1e-5)


def test_pair_net_equals_one_dense_layer_on_both_faces():
    net = PairNet(4, (16, 12), 5)
    initialise(net, torch.Generator().manual_seed(0))
    a, b = torch.randn(2, 3, 4, 2, generator=torch.Generator().manual_seed(1))
    weight = torch.cat([net.first.source.weight, net.first.target.weight], 1)
    dense = torch.cat([a, b], 1).flatten(1) @ weight.T + net.first.source.bias
    torch.testing.assert_close(net(net.encode(a), net.encode(b)), net.tail(dense))
    bound = 2**0.5 * (6 / (16 + 16)) ** 0.5
    assert weight.abs().max() <= bound and weight.abs().max() > 0.9 * bound


def test_pinv_loss_is_equation_1_with_the_closed_form():
    model = ready("pinv")
    source, target = (model.encode(f) for f in two_batches())
    prediction = model(source, target)
    x_n = apply_affine(source.xy, prediction.z, prediction.m)
    by_hand = ((x_n - target.xy) / to_unit(target.xy)[2]).square().sum((1, 2)).mean()
    torch.testing.assert_close(model.loss(source, target), by_hand)
    torch.testing.assert_close(keypoint_loss(x_n, target.xy), by_hand)
    torch.testing.assert_close(DepthModel.loss(model, source, target), by_hand)


def test_separate_loss_is_equation_1_with_the_networks_affine():
    model = ready("separate")
    source, target = (model.encode(f) for f in two_batches())
    torch.testing.assert_close(model.loss(source, target), DepthModel.loss(model, source, target))


def test_flat_depth_leaves_the_2d_affine_and_finite_gradients():
    source, target = two_batches()
    z = torch.zeros(10, 68, requires_grad=True)
    loss = pinv_loss(source.xy, z, target.xy)
    loss.backward()
    torch.testing.assert_close(loss.detach(), 136 * affine2d_mse(source.xy, target.xy).mean())
    assert z.grad.isfinite().all()


@pytest.mark.parametrize("name, message", [("nonsense", "neither a model"), ("pinv", "66")])
def test_what_cannot_be_loaded(name, message):
    with pytest.raises(InputError, match=message):
        load_model(name, 66)
