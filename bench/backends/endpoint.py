"""A hosted inference endpoint, asked through huggingface_hub's `InferenceClient`.

The address comes from the environment alone: a suite is data, and must not send images anywhere. The token
is huggingface_hub's own (HF_TOKEN, or its login); it never stands in a record, nor in a message.
"""

import ipaddress
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.backends.annotations import SUBTASK, labels
from bench.backends.base import Backend, OpenJob, Session
from bench.devices.base import Device
from bench.errors import BadInput, CaseFailed

ADDRESS = "SEGBENCH_ENDPOINT"
"""Variable with the endpoint's URL."""
TIMEOUT_S = 60.0
WHO = "The endpoint"


class EndpointBackend(Backend):
    """Sends the image as PNG and gets masks by label; `timeout_s` is the longest that an answer may take."""

    needs = ("huggingface_hub",)
    takes = "image"
    remote = True
    precisions = ("unknown",)
    otherwise = "an endpoint doesn't tell its precision: write unknown, not {}"
    options = ("timeout_s",)

    def supports(self, precision: str, device: Device) -> str:
        """Empty where the variable holds an address."""
        if device.name != "cpu":
            return "the endpoint's own device computes: use a target on the cpu"
        if precision not in self.precisions:
            return self.otherwise.format(precision)
        if not os.environ.get(ADDRESS):
            return f"no endpoint is named: set {ADDRESS} to its URL"
        return ""

    def open(self, job: OpenJob) -> Session:
        """Session on the endpoint; nothing is sent yet."""
        from huggingface_hub import InferenceClient, get_token

        url = os.environ.get(ADDRESS, "")
        shown = checked(url, secret=get_token() is not None)
        timeout = float(job.variant.options.get("timeout_s", TIMEOUT_S))
        client = InferenceClient(model=url, provider="hf-inference", timeout=timeout)
        classes = {name: i for i, name in enumerate(job.model.classes)}
        return EndpointSession(client, classes, shown, timeout)


def checked(url: str, *, secret: bool) -> str:
    """Address without user, query and fragment, as a record may hold it.

    Raises:
        BadInput: no http or https address; or a token would go through a network in the clear.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in {"http", "https"} or not host:
        raise BadInput(
            f"{ADDRESS} holds no http or https address.", "https://NAME.endpoints.huggingface.cloud"
        )
    if parts.scheme == "http" and secret and not _loopback(host):
        raise BadInput(
            f"{ADDRESS} names {host} without encryption, and a token of the hub would be sent to it.",
            "Use https, or take HF_TOKEN away (HF_HUB_DISABLE_IMPLICIT_TOKEN=1).",
        )
    where = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{where}{f':{port}' if port else ''}{parts.path}"


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class EndpointSession(Session):
    """An endpoint that gets one image a call."""

    def __init__(
        self, client: Any, classes: Mapping[str, int], shown: str, timeout_s: float
    ) -> None:
        self._client, self._classes = client, classes
        self._shown, self._timeout_s = shown, timeout_s

    @property
    def effective(self) -> dict[str, str]:
        """Subtask and address."""
        return {"subtask": SUBTASK, "device": self._shown}

    def copy_in(self, x: NDArray[Any]) -> tuple[bytes, tuple[int, int]]:
        """PNG of uint8 (1, H, W, 3), and its height and width."""
        _, data = cv2.imencode(".png", cv2.cvtColor(x[0], cv2.COLOR_RGB2BGR))
        return data.tobytes(), (x.shape[1], x.shape[2])

    def forward(self, x: tuple[bytes, tuple[int, int]]) -> tuple[Any, tuple[int, int]]:
        """Elements with label and decoded mask, and the image's height and width.

        Raises:
            CaseFailed: no answer, a refusal, or what is no segmentation.
        """
        data, size = x
        try:
            found = self._client.image_segmentation(data, subtask=SUBTASK)
            return [(str(one.label), np.asarray(one.mask)) for one in found], size
        except Exception as error:  # noqa: BLE001 - of many trees: HTTP's, JSON's, Pillow's
            raise self._told(error) from None

    def copy_out(self, raw: tuple[Any, tuple[int, int]]) -> dict[str, NDArray[np.float32]]:
        """`labels`, float32 (1, H, W)."""
        return labels(raw[0], self._classes, raw[1], WHO)

    def _told(self, error: Exception) -> CaseFailed:
        """The sentence of what an answer, or the lack of one, means."""
        from huggingface_hub.errors import InferenceTimeoutError, OfflineModeIsEnabled

        if isinstance(error, OfflineModeIsEnabled):
            return CaseFailed(f"{WHO} isn't asked: HF_HUB_OFFLINE is set.", "Unset it.")
        if isinstance(error, InferenceTimeoutError):
            words = f"{WHO} gave no answer within {self._timeout_s:g} s."
            return CaseFailed(words, "Give the variant a larger option timeout_s.")
        response = getattr(error, "response", None)
        if response is not None:
            return _refused(response)
        if type(error).__module__.startswith("httpx"):
            return CaseFailed(
                f"{WHO} {self._shown} can't be reached: {type(error).__name__}.",
                f"Is {ADDRESS} right?",
            )
        return CaseFailed(
            f"{WHO} answered with what is no segmentation: {type(error).__name__}.",
            "It must be served with the task image-segmentation.",
        )


def _refused(response: Any) -> CaseFailed:
    """The sentence of an HTTP status."""
    code = response.status_code
    if code == 429:
        wait = response.headers.get("Retry-After", "")[:40]
        asked = f", and asks to wait {wait} s" if wait else ""
        return CaseFailed(
            f"{WHO} refuses more calls (429){asked}.",
            "Run the same command again later: cases that stand are not repeated.",
        )
    if code in {401, 403}:
        return CaseFailed(f"{WHO} refuses the token ({code}).", "Set HF_TOKEN to one that may.")
    return CaseFailed(f"{WHO} answered with HTTP status {code}.", "Look at its own log.")
