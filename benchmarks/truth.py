"""Counts misses and false alarms over real changes to real models, and over what changes nothing.

python benchmarks/truth.py --count 3000 --seed 1
python benchmarks/truth.py --count 150
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.truth.command import main

if __name__ == "__main__":
    main()
