"""The wheel's tag: that of this machine where the program is inside, and any other where it is not."""

import os
import platform
import sysconfig

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WheelTag(BuildHookInterface):
    def initialize(self, version, build_data):
        program = os.path.join(self.root, "src", "tiecheck", "bin", "tiecheck")
        if os.path.exists(program):
            build_data["pure_python"] = False
            build_data["tag"] = "py3-none-" + _platform()


def _platform():
    kind, libc = platform.libc_ver()
    if kind == "glibc":
        return "manylinux_%s_%s" % (libc.replace(".", "_"), platform.machine())
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
