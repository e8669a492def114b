"""The parameters as a Markdown table: ``python -m nnfd.core.params.table`` prints what stands in the README."""

from __future__ import annotations

import sys

from nnfd.core.params import FIELD_MODELS, NetworkParams, ParamInfo, Params, show_value


def markdown_table(*models: type[Params]) -> str:
    """Return one row a parameter; of several models each parameter once, the first model's default counts."""
    infos: dict[str, ParamInfo] = {}
    for model in models:
        infos = {**model.infos(), **infos}
    lines = ["| parameter | default | allowed | live | what it is |", "|---|---|---|---|---|"]
    for info in infos.values():
        unit = f" {info.unit}" if info.unit and info.default is not None else ""
        default = f"{show_value(info.default)}{unit}"
        live = "yes" if info.live else ""
        lines.append(f"| `{info.name}` | {default} | {info.allowed} | {live} | {info.help} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown_table(NetworkParams) + "\n" + markdown_table(*FIELD_MODELS))
