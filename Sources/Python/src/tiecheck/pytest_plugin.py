"""pytest: the fixture `tiecheck`, and one report of all checks of a run."""

import pytest

from . import checking


def pytest_addoption(parser):
    group = parser.getgroup("tiecheck")
    group.addoption(
        "--tiecheck-report",
        metavar="FOLDER",
        help="write one report, with plots, of all of tiecheck's checks in this run into FOLDER",
    )


def pytest_configure(config):
    folder = config.getoption("--tiecheck-report", default=None)
    if folder:
        recorder = _Recorder(folder)
        config.pluginmanager.register(recorder, "tiecheck-recorder")


class _Recorder:
    def __init__(self, folder):
        self.folder, self.results, self.test = folder, [], "a test"

    def pytest_sessionstart(self):
        checking.listeners.append(self.seen)

    def pytest_runtest_setup(self, item):
        self.test = item.nodeid

    def seen(self, result):
        names = [name for name, _ in self.results]
        name = "%s %s" % (self.test, result.name)
        while name in names:
            name += "'"
        self.results.append((name, result))

    def pytest_sessionfinish(self):
        checking.listeners.remove(self.seen)

    def pytest_terminal_summary(self, terminalreporter):
        if not self.results:
            terminalreporter.write_line("tiecheck: there was no check, and there is no report")
            return
        from .binary import binary
        from .result import combined_report

        combined_report(self.results, self.folder, binary())
        terminalreporter.write_line("tiecheck: the report of %d checks is in %s" % (len(self.results), self.folder))


@pytest.fixture
def tiecheck():
    """check(...) and assert_gradients(...), and everything else of the package."""
    import tiecheck

    return tiecheck
