"""The picture and the table of a network in the README, made from its snapshot.

python examples/pictures.py          # writes them
python examples/pictures.py --check  # fails if they are out of date
"""

from __future__ import annotations

import sys
from pathlib import Path

from pytest_layersnap import LayerTable, flow

ROOT = Path(__file__).parents[1]
NETWORK = ROOT / "snapshots" / "resnet50.csv"
PICTURE = ROOT / "docs" / "resnet50.svg"
README = ROOT / "README.md"
#: What stands around the table in the README.
BEGIN, END = "<!-- examples/pictures.py -->\n", "<!-- end -->"


def made() -> dict[Path, str]:
    """The files, with what belongs into them."""
    network = flow(LayerTable.read_csv(NETWORK))
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    table = f"```text\n$ layersnap flow resnet50\n{network.to_text()}\n```\n"
    return {
        PICTURE: network.to_svg() + "\n",
        README: f"{before}{BEGIN}{table}{END}{after}",
    }


def main() -> int:
    """Write the files, or tell which are out of date."""
    stale = [
        path
        for path, text in made().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date: python examples/pictures.py")
        return 1 if stale else 0
    for path, text in made().items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
