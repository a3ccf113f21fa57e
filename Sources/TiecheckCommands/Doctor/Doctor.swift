import Foundation
import GSLKit

/// What this machine has of what tiecheck is built from and runs with.
struct Doctor {
  struct Finding: Equatable {
    let what: String
    let state: String
    /// What to type where it is missing.
    var remedy: String?
  }

  /// Where programs are looked for.
  var searchPath: [String]
  /// Where headers are looked for.
  var includeFolders = [
    "/usr/include", "/usr/local/include", "/opt/homebrew/include", "/opt/local/include",
  ]

  init(environment: [String: String]) {
    searchPath = environment["PATH", default: ""].split(separator: ":").map(String.init)
    for variable in ["CPATH", "C_INCLUDE_PATH"] {
      includeFolders += environment[variable, default: ""].split(separator: ":").map(String.init)
    }
  }

  var findings: [Finding] {
    [
      Finding(what: "GSL", state: "\(GSL.version), in use"),
      Finding(what: "BLAS", state: "\(GSL.blas), in use"),
      gslHeaders, packageConfig, swift,
    ]
  }

  private var gslHeaders: Finding {
    let isThere = includeFolders.contains {
      FileManager.default.fileExists(atPath: "\($0)/gsl/gsl_version.h")
    }
    return Finding(
      what: "GSL headers", state: isThere ? "installed" : "missing, needed to build tiecheck",
      remedy: isThere
        ? nil : install(apt: "libgsl-dev", dnf: "gsl-devel", apk: "gsl-dev", brew: "gsl"))
  }

  private var packageConfig: Finding {
    let isThere = has("pkg-config") || has("pkgconf")
    // Debian's GSL lies where every compiler looks.
    return Finding(
      what: "pkg-config",
      state: isThere ? "installed" : "missing, needed where GSL is not in a standard place")
  }

  private var swift: Finding {
    let isThere = has("swift")
    return Finding(
      what: "Swift",
      state: isThere ? "installed" : "missing from PATH, needed to build tiecheck",
      remedy: isThere ? nil : "see https://www.swift.org/install")
  }

  private func has(_ program: String) -> Bool {
    searchPath.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
  }

  /// The command of the package manager that is here.
  private func install(apt: String, dnf: String, apk: String, brew: String) -> String {
    if has("apt-get") { return "apt-get install \(apt)" }
    if has("dnf") { return "dnf install \(dnf)" }
    if has("apk") { return "apk add \(apk)" }
    if has("brew") { return "brew install \(brew)" }
    return "install the GNU Scientific Library with its headers (Debian: apt-get install \(apt))"
  }
}
