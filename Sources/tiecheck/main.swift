import Foundation
import TiecheckCommands

// A file that grows beyond a limit of the system's is an error to be said, and no reason to be killed.
signal(SIGXFSZ, SIG_IGN)
exit(Tiecheck.run(Array(CommandLine.arguments.dropFirst())))
