"""The public names: the one list of them, also for what imports them at run time."""

from pytest_layersnap.comparison.changes import Change as Change
from pytest_layersnap.drift import Drift as Drift
from pytest_layersnap.drift import LayerDrift as LayerDrift
from pytest_layersnap.drift import compare as compare
from pytest_layersnap.errors import LayersnapError as LayersnapError
from pytest_layersnap.exports import export as export
from pytest_layersnap.exports.files import ExportError as ExportError
from pytest_layersnap.extract import ModelError as ModelError
from pytest_layersnap.extract import layer_table as layer_table
from pytest_layersnap.extract.weightless import Memory as Memory
from pytest_layersnap.extract.weightless import WeightlessWarning as WeightlessWarning
from pytest_layersnap.extract.weightless import weightless as weightless
from pytest_layersnap.flows.flow import Flow as Flow
from pytest_layersnap.flows.model import Block as Block
from pytest_layersnap.flows.model import Stage as Stage
from pytest_layersnap.flows.stages import flow as flow
from pytest_layersnap.scope import ScopeError as ScopeError
from pytest_layersnap.snapshots import MissingSnapshot as MissingSnapshot
from pytest_layersnap.snapshots.fixture import LayerSnap as LayerSnap
from pytest_layersnap.snapshots.fixture import NoBehavior as NoBehavior
from pytest_layersnap.snapshots.fixture import WeightsAllocated as WeightsAllocated
from pytest_layersnap.snapshots.naming import SnapshotNameError as SnapshotNameError
from pytest_layersnap.snapshots.store import BrokenSnapshot as BrokenSnapshot
from pytest_layersnap.snapshots.store import StoreError as StoreError
from pytest_layersnap.table import Layer as Layer
from pytest_layersnap.table import LayerTable as LayerTable
from pytest_layersnap.table import TableError as TableError

__all__: list[str]
__version__: str
