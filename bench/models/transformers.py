"""Models of the transformers library: shipped, from the hub, from a folder, or seeded."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import registry, resources
from bench.errors import BadInput, Unsupported, WeightsError
from bench.models import hub
from bench.models.base import NO_OPTIONS, OPTIONS, ModelLoader
from bench.models.families.base import Family
from bench.models.files import folder_digest
from bench.models.prune import prune
from bench.suite.base import digest as digest_of
from bench.suite.classes import CITYSCAPES
from bench.suite.model import Model, Pixels, Told

WEIGHTS = ("config.json", "*.safetensors", "*.safetensors.index.json")
CONFIGS = (
    "config.json", "preprocessor_config.json", "tokenizer*", "vocab.json", "merges.txt",
    "special_tokens_map.json",
)  # fmt: skip
FILES = (*CONFIGS, *WEIGHTS[1:])
"""What is fetched from the hub; `CONFIGS` alone before a model is built."""


class TransformersLoader(ModelLoader):
    """Finds config.json and safetensors, and builds the model with eager attention, which can be exported."""

    needs = ("torch", "transformers")
    options = OPTIONS

    def digest(self, spec: Model, *, allow_code: bool = False) -> str:
        """Digest of config and weights by content; of the commit on the hub; of config and seed."""
        del allow_code
        asked = {"task_input": spec.task_input.model_dump()} if spec.task_input else {}
        if spec.source == "seeded":
            return digest_of({"config": self._config(spec), "seed": spec.seed, **asked})
        if spec.source == "hub":
            return digest_of({"hub": spec.location, "commit": hub.commit(spec), **asked})
        folder = self._folder(spec)
        pickled = hub.PICKLED if not any(folder.glob("*.safetensors")) else ()
        found = folder_digest(folder, (*WEIGHTS, *pickled, *_further(folder, spec)))
        return digest_of({"folder": found, **asked}) if asked else found

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
        folder = None if spec.source == "seeded" else self._folder(spec)
        raw = self._config(spec)
        family = _family(raw, spec)
        architecture = getattr(transformers, family.architecture)
        if folder is None:
            torch.manual_seed(spec.seed or 0)
            config = transformers.AutoConfig.for_model(**raw)
            model: Any = untrained(architecture, config, **family.built)
            family.seeded(model)
        else:
            model = _loaded(family, folder, spec)
        family.ready(model)
        _attend(model, str(options.get("attention", "eager")))
        prune(model, family, options)
        if options.get("lean"):
            from bench.models.lean import lean

            lean(model)
        inputs = family.inputs(spec, raw, folder)
        return TransformersOutputs(model.eval(), family.outputs, inputs, family.arguments).eval()

    def told(self, spec: Model) -> Told:
        """What config.json and preprocessor_config.json tell; classes of trained weights alone."""
        raw = self._config(spec)
        family = _family(raw, spec)
        backbone = "features" in family.outputs
        if backbone != spec.features:
            kind = raw["model_type"]
            what = "gives features alone" if backbone else "gives more than features"
            raise BadInput(
                f"Model {spec.name!r} is a {kind!r}, which {what}.",
                f"Say so: [model.{spec.name}] features = {str(backbone).lower()}.",
            )
        return Told(
            classes=_classes(raw, spec),
            pixels=None if spec.source == "seeded" else _pixels(self._folder(spec, CONFIGS)),
            size_multiple=family.size_multiple(raw),
            input_size=family.input_size(raw),
            tasks=family.answers(spec),
        )

    def file_bytes(self, spec: Model) -> int | None:
        """Bytes of the weights; None for seeded ones."""
        if spec.source == "seeded":
            return None
        return sum(p.stat().st_size for p in _weights(self._folder(spec)))

    def parameter_bytes(self, spec: Model) -> int | None:
        """Bytes of the parameters, float32; seeded ones are counted without memory for them."""
        if spec.source != "seeded":
            return self.file_bytes(spec)
        import torch
        import transformers

        from bench.models.named import untrained

        raw = self._config(spec)
        with torch.device("meta"):
            config = transformers.AutoConfig.for_model(**raw)
            module = untrained(getattr(transformers, _family(raw, spec).architecture), config)
        return sum(4 * p.numel() for p in module.parameters())

    def _folder(self, spec: Model, patterns: tuple[str, ...] = FILES) -> Path:
        """Folder with the files that match, weights among them unless others are asked for, fetched if need be."""
        if spec.source == "hub":
            folder = hub.fetched(spec, patterns)
            if patterns == FILES and not _weights(folder):
                return hub.fetched(spec, hub.PICKLED)
            return folder
        shipped = spec.source == "package"
        folder = (resources.weights_dir() if shipped else Path()) / Path(spec.location).expanduser()
        if not (folder / "config.json").is_file() or not _weights(folder):
            raise WeightsError(
                f"{folder} holds no model: config.json and *.safetensors (or pytorch_model.bin) were "
                "looked for.",
                f"Give the folder with --weights {spec.name}=DIR, or --weights {spec.name}=seed for "
                "untrained weights.",
            )
        return folder

    def _config(self, spec: Model) -> dict[str, Any]:
        """Architecture: the weights'; of seeded ones the suite's table, else the shipped or given config."""
        if spec.source != "seeded":
            return _read_config(self._folder(spec, CONFIGS))
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


def _weights(folder: Path) -> list[Path]:
    """Files of weights: safetensors, else what torch pickled."""
    return [*folder.glob("*.safetensors")] or [*folder.glob(hub.PICKLED[0])]


def _classes(config: dict[str, Any], spec: Model) -> tuple[str, ...]:
    """The configuration's `id2label`, unless it only counts; Cityscapes' for shipped weights."""
    if spec.source == "package":
        return tuple(c.name for c in CITYSCAPES)
    named = config.get("id2label")
    if not isinstance(named, dict) or spec.unjudged:
        return ()
    names = tuple(str(named.get(str(i), f"LABEL_{i}")) for i in range(len(named)))
    return () if any(n == f"LABEL_{i}" for i, n in enumerate(names)) else names


def _pixels(folder: Path) -> Pixels | None:
    """How the weights' own preprocessor_config.json turns an image into numbers; None without one."""
    if not (folder / "preprocessor_config.json").is_file():
        return None
    raw = _read_config(folder, "preprocessor_config.json")
    mean, std = raw.get("image_mean"), raw.get("image_std")
    if raw.get("do_normalize") is False:
        mean, std = (0.0,) * 3, (1.0,) * 3
    if mean is None or std is None:
        return None
    return Pixels(
        scale=raw.get("rescale_factor", 1 / 255) if raw.get("do_rescale", True) else 1.0,
        mean=tuple(mean),
        std=tuple(std),
        channels="bgr" if raw.get("do_flip_channel_order") else "rgb",
    )


def _read_config(folder: Path, name: str = "config.json") -> dict[str, Any]:
    try:
        raw = json.loads((folder / name).read_text())
    except (OSError, ValueError) as e:
        raise WeightsError(f"{folder / name} can't be read: {e}.") from e
    if not isinstance(raw, dict):
        raise WeightsError(f"{folder / name} holds no configuration.")
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


def _further(folder: Path, spec: Model) -> tuple[str, ...]:
    """Patterns of files beside the weights that the family reads."""
    kind = str(_read_config(folder).get("model_type"))
    return _family({"model_type": kind}, spec).files if kind in registry.entries("family") else ()


def _loaded(family: Family, folder: Path, spec: Model) -> Any:
    """Module of a family with all weights of a folder."""
    import transformers

    architecture = getattr(transformers, family.architecture)
    try:
        model, found = architecture.from_pretrained(
            folder,
            use_safetensors=any(folder.glob("*.safetensors")),
            weights_only=True,
            local_files_only=True,
            attn_implementation="eager",
            output_loading_info=True,
            **family.built,
        )
    except Exception as e:
        raise WeightsError(
            f"The weights of {spec.name!r} in {folder} can't be loaded: {hub.short(e)}.",
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
