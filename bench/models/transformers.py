"""Models of the transformers library: shipped, from the hub, from a folder, or seeded."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import registry, resources
from bench.errors import BadInput, Unsupported, WeightsError
from bench.models.base import NO_OPTIONS, OPTIONS, ModelLoader
from bench.models.families.base import Family
from bench.models.files import folder_digest
from bench.models.prune import prune
from bench.suite.base import digest as digest_of
from bench.suite.classes import CITYSCAPES
from bench.suite.model import Model

_FILES = ("config.json", "*.safetensors", "*.safetensors.index.json")


class TransformersLoader(ModelLoader):
    """Finds config.json and safetensors, and builds the model with eager attention, which can be exported."""

    needs = ("torch", "transformers")
    options = OPTIONS

    def digest(self, spec: Model, *, allow_code: bool = False) -> str:
        """Digest of config and weights by content; of the commit on the hub; of config and seed."""
        del allow_code
        if spec.source == "seeded":
            return digest_of({"config": self._config(spec), "seed": spec.seed})
        if spec.source == "hub":
            return digest_of({"hub": spec.location, "commit": _commit(spec)})
        return folder_digest(self._folder(spec), _FILES)

    def build(
        self, spec: Model, *, allow_code: bool = False, options: Mapping[str, Any] = NO_OPTIONS
    ) -> Any:
        """Module in eval mode with named outputs, float32, on the processor.

        The option `attention` is `eager`, or `sdpa`: then in those parts that have it. `queries` and
        `decoder_layers` keep the first so many; `lean` computes the same with less work.
        """
        del allow_code
        self.refuse(options, spec)
        import torch
        import transformers

        from bench.models.named import TransformersOutputs, untrained

        transformers.utils.logging.disable_progress_bar()
        transformers.utils.logging.set_verbosity_error()
        if spec.source == "seeded":
            raw = self._config(spec)
            family = _family(raw, spec)
            config = transformers.AutoConfig.for_model(**raw)
            torch.manual_seed(spec.seed or 0)
            model: Any = untrained(getattr(transformers, family.architecture), config)
        else:
            folder = self._folder(spec)
            family = _family(_read_config(folder), spec)
            architecture = getattr(transformers, family.architecture)
            model = _loaded(architecture, folder, spec)
        family.ready(model)
        _attend(model, str(options.get("attention", "eager")))
        prune(model, family, options)
        if options.get("lean"):
            from bench.models.lean import lean

            lean(model)
        return TransformersOutputs(model.eval(), family.outputs).eval()

    def classes(self, spec: Model) -> tuple[str, ...]:
        """The configuration's `id2label`, unless it only counts; Cityscapes' for shipped weights."""
        if spec.source == "package":
            return tuple(c.name for c in CITYSCAPES)
        named = _read_config(self._folder(spec)).get("id2label")
        if not isinstance(named, dict):
            return ()
        names = tuple(str(named.get(str(i), f"LABEL_{i}")) for i in range(len(named)))
        return () if any(n == f"LABEL_{i}" for i, n in enumerate(names)) else names

    def file_bytes(self, spec: Model) -> int | None:
        """Bytes of the safetensors; None for seeded weights."""
        if spec.source == "seeded":
            return None
        return sum(p.stat().st_size for p in self._folder(spec).glob("*.safetensors"))

    def _folder(self, spec: Model) -> Path:
        """Folder with config.json and safetensors, fetched from the hub if need be."""
        if spec.source == "hub":
            return _snapshot(spec)
        shipped = spec.source == "package"
        folder = (resources.weights_dir() if shipped else Path()) / Path(spec.location).expanduser()
        if not (folder / "config.json").is_file() or not any(folder.glob("*.safetensors")):
            raise WeightsError(
                f"{folder} holds no model: config.json and *.safetensors were looked for.",
                f"Give the folder with --weights {spec.name}=DIR, or --weights {spec.name}=seed for "
                "untrained weights.",
            )
        return folder

    def _config(self, spec: Model) -> dict[str, Any]:
        """Architecture of seeded weights: the suite's table, else the shipped or given config."""
        if spec.config:
            return spec.config
        folder = resources.weights_dir() / spec.location
        for candidate in (folder, Path(spec.location).expanduser()):
            if (candidate / "config.json").is_file():
                return _read_config(candidate)
        raise WeightsError(
            f"Model {spec.name!r} is to be seeded, but its architecture isn't known here.",
            f"Add [model.{spec.name}.config] with its transformers config to the suite.",
        )


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        raw = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError) as e:
        raise WeightsError(f"{folder / 'config.json'} can't be read: {e}.") from e
    if not isinstance(raw, dict):
        raise WeightsError(f"{folder / 'config.json'} holds no configuration.")
    return raw


def _family(config: dict[str, Any], spec: Model) -> Family:
    kind = str(config.get("model_type"))
    known = registry.entries("family")
    if kind not in known:
        raise BadInput(
            f"Model {spec.name!r} is a {kind!r}; segbench knows {', '.join(sorted(known))}.",
            "Bring it as a callable (loader = 'callable') or as an ONNX file (loader = 'onnx').",
        )
    return registry.load("family", kind)()


def _attend(model: Any, attention: str) -> None:
    """Have all parts of a model that can attend so, in place; Unsupported where none can.

    A model that is asked for when it is built refuses where one part can't.
    """
    if attention == "eager":
        return
    if attention != "sdpa":
        raise BadInput(f"There is no attention {attention!r}.", "eager or sdpa.")
    model.set_attn_implementation(attention)
    configs = (getattr(m, "config", None) for m in model.modules())
    if not any(getattr(c, "_attn_implementation", "") == attention for c in configs):
        raise Unsupported(f"{type(model).__name__} has no {attention} attention.")


def _loaded(architecture: Any, folder: Path, spec: Model) -> Any:
    """Module of an architecture with all weights of a folder."""
    try:
        model, found = architecture.from_pretrained(
            folder,
            use_safetensors=True,
            local_files_only=True,
            attn_implementation="eager",
            output_loading_info=True,
        )
    except Exception as e:
        raise WeightsError(
            f"The weights of {spec.name!r} in {folder} can't be loaded: {_short(e)}.",
            "The file is damaged or belongs to another architecture: fetch it again.",
        ) from e
    # The library fills what is missing with random numbers.
    lacking = sorted({n for n, _ in model.named_parameters()} & set(found["missing_keys"]))
    if lacking:
        raise WeightsError(
            f"The weights of {spec.name!r} in {folder} lack {len(lacking)} tensors of the "
            f"architecture in config.json, {lacking[0]!r} for one.",
            "They belong to another architecture, or files are missing: fetch them again.",
        )
    return model


def _commit(spec: Model) -> str:
    """Commit of the revision: from the local cache if it is there, else from the hub."""
    from huggingface_hub import HfApi, try_to_load_from_cache

    found = try_to_load_from_cache(spec.location, "config.json", revision=spec.revision)
    if isinstance(found, str):
        return Path(found).parent.name
    with _hub(spec):
        return str(HfApi().model_info(spec.location, revision=spec.revision, timeout=10).sha)


def _snapshot(spec: Model) -> Path:
    """Local folder of the revision, downloaded if need be: configuration and safetensors only."""
    from huggingface_hub import snapshot_download

    commit = _commit(spec)
    with _hub(spec):
        return Path(snapshot_download(spec.location, revision=commit, allow_patterns=[*_FILES]))


@contextmanager
def _hub(spec: Model) -> Iterator[None]:
    """Context in which all that the hub's libraries raise, of many trees, becomes one sentence."""
    try:
        yield
    except Exception as e:
        raise WeightsError(
            f"The weights of {spec.name!r} can't be had from the hub ({spec.location}): "
            f"{_short(e)}.",
            f"Give a local copy with --weights {spec.name}=DIR, or measure untrained weights with "
            f"--weights {spec.name}=seed.",
        ) from e


def _short(e: Exception) -> str:
    text = str(e).strip().splitlines()
    return f"{type(e).__name__}: {text[0][:200] if text else ''}".rstrip(".: ")
