"""CycleGAN: losses by hand, networks, replay buffer, training that resumes, use at any size, measures."""

import signal
from dataclasses import replace

import numpy as np
import pytest
import torch

from depthnet_lib.checkpoints import half
from depthnet_lib.errors import InputError
from depthnet_lib.images import read_image
from depthnet_lib.repair import losses
from depthnet_lib.repair.apply import load_gan, load_start, repair, save_gan
from depthnet_lib.repair.cyclegan import CycleGan, Pool, to_pictures, to_tensor
from depthnet_lib.repair.inputs import background_input, composite, face_hull, laid, swap_input, without_face
from depthnet_lib.repair.losses import Weights
from depthnet_lib.repair.networks import CONFIGS, Config, Discriminator, Generator
from depthnet_lib.repair.scores import distances, scores, two_sample
from depthnet_lib.repair_training import CycleGanTask, Settings, _stages, train_gan
from depthnet_lib.training import Run, fit, read_metrics

from .conftest import toy_repair_set

TINY = Config(size=16, width=4, strides=(2, 2, 2), blocks=1, patch_layers=1, blend=True)
PAINT = Config(size=16, width=4, strides=(1, 2, 2), blocks=1, patch_layers=1, blend=False)

QUICK = Settings(2, 2e-4, Weights(keep=1.0))


def pictures(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def gan(c_x=6, config=TINY):
    return CycleGan(c_x, config).reset(torch.Generator().manual_seed(0))


class FirstPicture(torch.nn.Module):
    """F that keeps the first picture of x."""

    def forward(self, x):
        return x[:, :3]


class Answer(torch.nn.Module):
    """A stand-in network that gives the same answer to everything."""

    def __init__(self, value):
        super().__init__()
        self.value = torch.as_tensor(value)

    def forward(self, x):
        return self.value.expand(len(x), *self.value.shape[-3:])


def constant(value, channels):
    return torch.full((1, channels, 4, 4), float(value))


def test_equations_4_and_5_by_hand():
    """x = 0.5, y = -0.25, F(.) = 0.25, G(.) = 0, D_X = 0.75 and D_Y = 0.5 everywhere, lambda = 10."""
    net = gan(3)
    net.f, net.g = Answer(constant(0.25, 3)), Answer(constant(0.0, 3))
    net.d_x, net.d_y = Answer(constant(0.75, 1)), Answer(constant(0.5, 1))
    x, y = constant(0.5, 3), constant(-0.25, 3)
    terms, fx, gy = net.generator_loss(x, y, Weights())
    assert {k: v.item() for k, v in terms.items()} == {
        "fool_x": 0.0625,  # (0.75 - 1)^2
        "fool_y": 0.25,  # (0.5 - 1)^2
        "cycle_y": 5.0,  # 10 |-0.25 - 0.25|
        "cycle_x": 5.0,  # 10 |0.5 - 0|
    }
    assert torch.equal(fx, constant(0.25, 3)) and torch.equal(gy, constant(0.0, 3))
    judged = net.discriminator_loss(x, y, fx, gy)
    assert judged.item() == 0.0625 + 0.75**2 + 0.25 + 0.5**2


def test_losses_are_means_over_pixels():
    scores = torch.tensor([1.0, 0.0, 0.5, 2.0])
    assert losses.real(scores).item() == pytest.approx((0 + 1 + 0.25 + 1) / 4)
    assert losses.fake(scores).item() == pytest.approx((1 + 0 + 0.25 + 4) / 4)
    assert losses.cycle(torch.tensor([1.0, -1.0]), torch.tensor([0.0, 1.0])).item() == 1.5


def test_keep_looks_at_what_is_known():
    """Where a picture on black is neither black nor beside black; elsewhere by a share."""
    known = torch.full((1, 3, 5, 5), -1.0)
    known[:, :, 1:4, 1:4] = 0.9  # a border, half black in truth
    known[:, :, 2, 2] = torch.tensor([0.5, -1.0, 0.25])
    composite = torch.where(known > -1, known, 0.2)
    composite[:, :, 2, 2] = known[:, :, 2, 2]
    x, made = torch.cat([composite, known], 1), torch.zeros(1, 3, 5, 5)
    assert losses.keep(made, x).item() == pytest.approx((0.5 + 1 + 0.25) / 3)
    whole = ((0.5 + 1 + 0.25) + 0.25 * 3 * (8 * 0.9 + 16 * 0.2)) / (3 * (1 + 0.25 * 24))
    assert losses.keep(made, x, rest=0.25).item() == pytest.approx(whole)
    assert losses.keep(made, torch.cat([composite, torch.full((1, 3, 5, 5), -1.0)], 1)).item() == 0


def test_the_composite_is_kept():
    net, x = gan(), torch.full((1, 6, 16, 16), 0.5)
    net.f = Answer(torch.zeros(1, 3, 16, 16))
    assert net.generator_loss(x, x[:, 3:], Weights(keep=2.0))[0]["keep"].item() == 1.0  # 2 * |0 - 0.5|
    x[:, :3, :8], x[:, 3:, :8] = 0, -1  # right above, where nothing is known: nine rows with the seam, by half
    kept = net.generator_loss(x, x[:, 3:], Weights(keep=2.0, rest=0.5))[0]["keep"].item()
    assert kept == pytest.approx(2 * 0.5 * (0.5 + 7) / (0.5 * 9 + 7))


@pytest.mark.parametrize("config", [TINY, PAINT], ids=["blend", "paint"])
@pytest.mark.parametrize("c_in,c_out", [(6, 3), (3, 6), (3, 3)])
def test_generators_keep_the_size_and_the_range(config, c_in, c_out):
    net = Generator(c_in, c_out, config)
    x = torch.rand(2, c_in, 16, 16) * 2 - 1
    assert net(x).shape == (2, c_out, 16, 16)
    paint, share = net.layers(x)
    assert paint.shape == (2, c_out // 3, 3, 16, 16) and share.shape == (2, c_out // 3, c_in // 3, 16, 16)
    assert share.min() >= 0 and share.sum(2).max() <= 1
    if not config.blend:
        assert share.max() == 0 and net(x).abs().max() <= 1


@pytest.mark.parametrize("name", CONFIGS)
def test_the_paper_s_and_the_laptop_s_networks(name):
    """Three downsampling convolutions: kernels of CycleGAN's appendix; weights that fit."""
    config = CONFIGS[name]
    net = Generator(6, 3, config)
    convolutions = [m for m in net.net if isinstance(m, torch.nn.Conv2d)]
    assert [c.out_channels for c in convolutions[:3]] == [config.width, 2 * config.width, 4 * config.width]
    assert sum(p.numel() for p in net.parameters()) * 2 < 24e6
    if name == "laptop":
        assert sum(p.numel() for p in net.parameters()) * 2 < 12e6


@pytest.mark.parametrize("layers,patch", [(1, 16), (2, 34), (3, 70)])
def test_a_patch_discriminator_sees_patches(layers, patch):
    """A pixel moves exactly the scores whose patch holds it: the receptive field of one score is patch x patch."""
    config = Config(128, 2, (2, 2, 2), 1, layers, True)
    net = Discriminator(3, config).eval()
    for layer in net:  # instance norm looks at the whole picture; without it only the patch counts
        if isinstance(layer, torch.nn.InstanceNorm2d):
            layer.forward = lambda t: t
    x = torch.rand(1, 3, 160, 160, requires_grad=True)
    scores = net(x)
    scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2].backward()
    seen = x.grad.abs().sum((0, 1)) > 0
    assert seen.any(0).sum() == patch and seen.any(1).sum() == patch


def test_a_picture_is_repaired_alike_alone_and_in_a_batch():
    net = Generator(3, 3, TINY)
    x = torch.rand(3, 3, 16, 16)
    assert torch.allclose(net(x)[1:2], net(x[1:2]), atol=1e-5)


def test_the_replay_buffer_fills_then_gives_old_for_new():
    torch.manual_seed(0)
    pool = Pool(3, (1, 1, 1))
    first = torch.arange(3.0).view(3, 1, 1, 1)
    assert torch.equal(pool(first), first) and pool.count == 3
    shown = pool(torch.arange(3.0, 203.0).view(200, 1, 1, 1)).flatten()
    fresh = (shown == torch.arange(3.0, 203.0)).sum().item()
    assert 70 < fresh < 130
    assert sorted([*shown.tolist(), *pool.pictures.flatten().tolist()]) == list(map(float, range(203)))
    none = Pool(0, (1, 1, 1))
    assert torch.equal(none(first), first)


def test_pictures_become_tensors_and_back():
    p = pictures(2, 8, 8, 6)
    t = to_tensor(p)
    assert t.shape == (2, 6, 8, 8) and t.min() >= -1 and t.max() <= 1
    assert np.array_equal(to_pictures(t), p)


def train(out, epochs=2, resume=False):
    data = toy_repair_set(6)
    return train_gan("background", gan(), data, data, Run(out, epochs, resume=resume, progress=False), QUICK)


def weights(out):
    return load_gan("background", out / "weights.safetensors").state_dict()


def same(a, b):
    return all(torch.equal(v, b[k]) for k, v in a.items())


@pytest.fixture(autouse=True)
def short_epochs(monkeypatch):
    monkeypatch.setattr(CycleGanTask, "batches_per_epoch", 4)


def test_same_seed_same_numbers_and_a_sheet_an_epoch(tmp_path):
    for name in "ab":
        train(tmp_path / name)
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))
    rows = read_metrics(tmp_path / "a")
    assert len(rows) == 2 and rows[0]["loss"] > 0
    assert rows[1]["loss"] == pytest.approx(
        sum(rows[1][k] for k in ("fool_x", "fool_y", "cycle_x", "cycle_y", "keep")), rel=1e-5
    )
    sheet = read_image(tmp_path / "a" / "samples" / "0002.png")
    assert sheet.shape == (6 * 18, 9 * 18, 3)


def test_resumed_in_the_middle_equals_uninterrupted(tmp_path):
    train(tmp_path / "whole", 3)

    class Interrupted(CycleGanTask):
        def training_step(self, batch, update):
            self.steps = getattr(self, "steps", 0) + 1
            if self.steps == 6:
                signal.raise_signal(signal.SIGINT)
            return super().training_step(batch, update)

    data = toy_repair_set(6)
    with pytest.raises(KeyboardInterrupt):
        fit(Interrupted(gan(), data.x, data.y, (data.x, data.y), QUICK), Run(tmp_path / "cut", 3, progress=False))
    train(tmp_path / "cut", 3, resume=True)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "cut"))


def test_training_learns_a_colour(tmp_path, monkeypatch):
    """x is red on grey, y is blue on grey: after 250 steps F makes reds blue."""
    monkeypatch.setattr(CycleGanTask, "batches_per_epoch", 250)
    data = toy_repair_set(3)
    task = CycleGanTask(gan(3), data.x, data.y, (data.x, data.y), Settings(4, 2e-3, Weights(2.0)))
    fit(task, Run(tmp_path, 1, progress=False))
    with torch.inference_mode():
        repaired = to_pictures(task.gan.f(to_tensor(data.x[:8]))).astype(float)
    blueness = (repaired[..., 2] - repaired[..., 0])[:, 4:12, 4:12].mean()
    before = (data.x[:8, 4:12, 4:12, 2].astype(float) - data.x[:8, 4:12, 4:12, 0]).mean()
    assert before < -100 and blueness > 0


def test_training_starts_from_saved_weights(tmp_path):
    start, fresh = gan(), CycleGan(6, TINY).reset(torch.Generator().manual_seed(1))
    save_gan(tmp_path / "start.safetensors", start, "background")
    load_start(fresh, tmp_path / "start.safetensors")
    assert all(torch.equal(v, half({k: start.state_dict()[k]})[k].float()) for k, v in fresh.state_dict().items())
    larger = CycleGan(6, replace(TINY, patch_layers=2)).reset(torch.Generator().manual_seed(1))
    judge = larger.d_y[0].weight.clone()
    load_start(larger, tmp_path / "start.safetensors")
    assert same(larger.f.state_dict(), fresh.f.state_dict()) and torch.equal(larger.d_y[0].weight, judge)
    for other in (CycleGan(3, TINY), CycleGan(6, PAINT)):
        with pytest.raises(InputError, match="has networks of"):
            load_start(other, tmp_path / "start.safetensors")


def test_the_record_names_the_runs_that_a_training_went_on_from(tmp_path):
    data, run = toy_repair_set(6), Run(tmp_path / "a", 1, progress=False)
    first = train_gan("background", gan(), data, data, run, QUICK)
    stages = _stages(tmp_path / "a")
    assert [(s["command"], s["epochs"]) for s in stages] == [(first["command"], 1)] and "earlier" not in first
    second = train_gan("background", gan(), data, data, replace(run, out=tmp_path / "b"), QUICK, stages)
    assert second["earlier"] == stages and len(_stages(tmp_path / "b")) == 2
    save_gan(tmp_path / "bare.safetensors", gan(), "background")
    assert _stages(tmp_path / "bare.safetensors") == [{"start": "bare.safetensors"}]


def test_repair_keeps_full_resolution_where_nothing_is_painted():
    net = Generator(3, 3, TINY).eval()
    torch.nn.init.zeros_(net.net[-1].weight)
    with torch.no_grad():
        net.net[-1].bias.copy_(torch.tensor([0.0, 0.0, 0.0, 20.0, -20.0]))  # all share to the input
    picture = pictures(50, 50, 3)
    repaired, painted = repair(net, picture)
    assert np.array_equal(repaired, picture) and painted.shape == (50, 50) and painted.max() < 1e-6


def test_weights_that_do_not_fit_say_so(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_gan("swap", tmp_path / "none.safetensors")
    save_gan(tmp_path / "w.safetensors", gan(), "background")
    with pytest.raises(InputError, match="not repair of the task swap"):
        load_gan("swap", tmp_path / "w.safetensors")


def test_inputs_are_a_composite_and_what_is_known_of_it():
    square = np.array([[4, 4], [11, 4], [11, 11], [4, 11]], float)
    assert face_hull(square, (16, 16)).sum() == 64
    image = pictures(16, 16, 3) | 1
    face = np.zeros((16, 16, 4), np.uint8)
    face[2:8, 2:8] = [10, 20, 30, 255]
    wall = np.zeros((16, 16), bool)
    wall[:, 12:] = True
    x = background_input(face, image, wall)
    assert x.shape == (16, 16, 6)
    for picture in (x[..., :3], x[..., 3:]):
        assert (picture[2:8, 2:8] == [10, 20, 30]).all() and np.array_equal(picture[:, 12:], image[:, 12:])
    assert x[8:, :12, 3:].max() == 0 and np.array_equal(x[8:, :, :3], image[8:])
    assert np.array_equal(composite(x), x[..., :3])
    paper = laid(face, without_face(image, square))
    assert (paper[2:8, 2:8] == [10, 20, 30]).all() and (paper[9, 9] == 0).all()
    assert np.array_equal(paper[12:], image[12:])
    pasted = image.copy()
    pasted[5:9, 5:9] = [10, 20, 30]
    x = swap_input(pasted, image, square)
    assert (
        np.array_equal(x[..., :3], pasted)
        and x[4:12, 4:12, 3:].max() == 0
        and np.array_equal(x[12:, :, 3:], image[12:])
    )
    assert np.array_equal(composite(x), pasted)


def test_distances_by_hand():
    truth = np.full((2, 16, 16, 3), 100, np.uint8)
    made = truth.copy()
    inside = np.zeros((2, 16, 16), bool)
    inside[:, 4:12, 4:12] = True
    made[inside] = 110
    scores = distances(made, truth, inside)
    assert scores["inside"]["l1"] == 10 and scores["outside"]["l1"] == 0
    assert scores["whole"]["l1"] == pytest.approx(2.5)
    assert scores["inside"]["psnr"] == pytest.approx(20 * np.log10(25.5))
    assert distances(truth, truth, inside)["whole"] == {"l1": 0, "psnr": pytest.approx(68.13, abs=0.01), "ssim": 1}


def test_a_classifier_tells_different_pictures_apart_and_not_equal_ones():
    noise = pictures(240, 16, 16, 3)
    assert two_sample(noise[:120], noise[120:] // 2) > 0.95
    assert 0.3 < two_sample(noise[:120], noise[120:]) < 0.7


def test_the_paper_s_composites_are_scored_too():
    """F that changes nothing: after is the closed form; before is another picture."""
    data = toy_repair_set(6)
    inside = np.zeros(data.y.shape[:3], bool)
    inside[:, 4:12, 4:12] = True
    found = scores(FirstPicture(), data.x, data.x[..., :3], inside, plain=data.y)
    assert found["closed_form"] == found["after"] and found["after"]["whole"]["ssim"] == 1
    assert found["before"]["whole"]["ssim"] < 0.9
    assert "closed_form" not in scores(FirstPicture(), data.x, data.y, inside)
