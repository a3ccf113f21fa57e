import Foundation
import Lessons
import TiecheckCommands

// What `tiecheck notebook run`, `verify` and `update` build and start: the command line with the
// notebooks in it.
exit(
  await Tiecheck.run(
    ["notebook"] + CommandLine.arguments.dropFirst(), notebooks: Lessons.all))
