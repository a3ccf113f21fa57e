import Foundation
import TiecheckCommands

exit(Tiecheck.run(Array(CommandLine.arguments.dropFirst())))
