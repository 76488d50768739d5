"""Names the tests that every environment has skipped: python .ci/unrun.py FOLDER-OF-JUNIT-XML."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

#: They need a Chromium.
ELSEWHERE = "tests.browser"


def main(folder: Path) -> int:
    """Compare what the environments have run.

    Args:
        folder: where the environments left their reports.

    Returns:
        1 if no test has run at all. Some never do: copies that Keras refuses to make, for one.
    """
    seen, ran = set(), set()
    for path in folder.glob("*.xml"):
        for case in ElementTree.parse(path).iter("testcase"):
            name = f"{case.get('classname')}::{case.get('name')}"
            seen.add(name)
            if case.find("skipped") is None:
                ran.add(name)
    left = sorted(name for name in seen - ran if ELSEWHERE not in name)
    print(*(f"runs in no environment: {name}" for name in left), sep="\n")
    print(f"{len(ran):,} tests have run")
    return not ran


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
