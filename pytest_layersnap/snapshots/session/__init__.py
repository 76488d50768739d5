"""The pytest rim of the snapshots; beyond it nothing knows pytest.

The process that runs a test puts what its checks found on the test's last report, as plain JSON.
The process that controls the run (under pytest-xdist another one) gathers the reports, and when the
run is over decides, writes, and says what it wrote.
"""
