"""What torch.compile, torchao and AOTInductor say without torch; tests/forms runs them."""

import zipfile

import pytest

from bench import registry
from bench.backends import inductor
from bench.backends.aoti import executed
from bench.devices import machine
from bench.suite.load import tables


def refused(name, device):
    variant = tables().variants[name]
    backend = registry.load("backend", variant.backend)()
    return backend.refuses(variant, registry.load("device", device)())


@pytest.fixture
def compiler(monkeypatch, tmp_path):
    """A machine with a compiler and Python's headers."""
    (tmp_path / "Python.h").touch()
    monkeypatch.setattr(inductor.sysconfig, "get_paths", lambda: {"include": str(tmp_path)})
    monkeypatch.setattr(machine.shutil, "which", lambda name: name)
    monkeypatch.setattr(registry, "version", lambda name: None)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "device", "said"),
    [
        ("torch-compile-fp32", "cpu", ""),
        ("torch-torchao-int8-compiled", "cpu", ""),
        ("torch-compile-fp32-cudagraphs", "cpu", "CUDA graphs exist on GPUs only, and cpu is none"),
        ("torch-compile-fp32-cudagraphs", "cuda", "inductor needs triton for a GPU"),
        ("torch-tf32", "cpu", "TF32 exists on NVIDIA GPUs only"),
        ("aoti-fp32", "cpu", ""),
        ("aoti-fp32", "cuda", "compiled for cpu, and the target's device is cuda"),
        ("aoti-fp32-cuda", "cpu", "compiled for cuda, and the target's device is cpu"),
        ("executorch-fp32", "cuda", "executorch isn't wired to cuda here"),
    ],
)
def test_a_variant_that_cannot_run_says_why(name, device, said, compiler):
    reason = refused(name, device)
    assert said in reason
    assert bool(reason) == bool(said)


def test_without_a_compiler_or_headers_nothing_is_compiled(compiler, monkeypatch):
    (compiler / "Python.h").unlink()
    assert "has no Python.h: apt-get install python3-dev" in refused("torch-compile-fp32", "cpu")
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)
    assert "no C++ compiler" in refused("torch-compile-fp32", "cpu")
    assert "no C++ compiler" in registry.load("exporter", "aoti")().lacks()
    # Quantized layers that nothing compiles need none.
    assert refused("torch-torchao-int8-dynamic", "cpu") == ""


@pytest.mark.parametrize(
    ("text", "precision", "want"),
    [
        ("aoti_torch_cpu_addmm_out(a);", "bf16", ("bf16",)),
        ("aoti_torch_cpu__qlinear_pointwise_tensor(a);", "int8", ("int8",)),
        ("aoti_torch_cpu__qconv2d_pointwise_tensor(a); aoti_torch_cpu_bmm_out(b);", "int8", ("fp32", "int8")),
        ("aoti_torch_cpu_mkldnn__convolution_pointwise(a);", "fp32", ("fp32",)),
        ("aoti_torch_cpu__weight_int8pack_mm(a);", "int8", ("fp32",)),
        ("aoti_torch_empty_strided(a);", "fp32", ()),
    ],
)  # fmt: skip
def test_the_packages_own_source_tells_what_it_multiplies(text, precision, want, tmp_path):
    with zipfile.ZipFile(tmp_path / "model.pt2", "w") as archive:
        archive.writestr("model/data/aotinductor/model/c1.wrapper.cpp", text)
        archive.writestr("model/data/aotinductor/model/c1.kernel.cpp", "aoti_torch_cpu_bmm_out(")
    assert executed(tmp_path / "model.pt2", precision) == want
