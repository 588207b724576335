"""Warnings about container images that every system has."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from components.shared.config_paths import dotted
from components.shared.groups import Image, has_own_repository
from components.shared.image_names import is_impossible_on_docker_hub
from components.shared.instances import instances


def image_warnings(settings: BaseModel, system: str) -> Iterator[str]:
    """Repositories that Docker Hub cannot have. A node may have another registry under its name."""
    for steps, image in instances(Image, settings, system):
        if has_own_repository(image) and is_impossible_on_docker_hub(image.repository):
            yield (
                f"{dotted((*steps, 'repository'))}: {image.repository} would be pulled from Docker Hub, where names "
                "have two parts. Put the registry's host in front."
            )
