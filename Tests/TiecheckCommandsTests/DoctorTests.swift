import Foundation
import Testing

@testable import TiecheckCommands

@Suite struct DoctorTests {
  @Test func whatIsMissingAndHowToGetIt() throws {
    let folder = try TemporaryFolder()
    var doctor = Doctor(environment: ["PATH": folder.path])
    doctor.includeFolders = [folder.path]
    func finding(_ what: String) -> Doctor.Finding? { doctor.findings.first { $0.what == what } }
    #expect(finding("GSL")?.state.contains("in use") == true)
    #expect(finding("GSL headers")?.state.hasPrefix("missing") == true)
    #expect(finding("Swift")?.remedy == "see https://www.swift.org/install")

    for (program, remedy) in [
      ("brew", "brew install gsl"), ("dnf", "dnf install gsl-devel"),
      ("apt-get", "apt-get install libgsl-dev"),
    ] {
      let path = try folder.file(program, "#!/bin/sh\n")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
      #expect(finding("GSL headers")?.remedy == remedy)
    }

    try FileManager.default.createDirectory(
      atPath: folder("gsl"), withIntermediateDirectories: false)
    _ = try folder.file("gsl/gsl_version.h", "")
    #expect(finding("GSL headers")?.remedy == nil)
  }

  @Test func theCommandSaysVersionsAndNoPaths() {
    let run = tiecheck("doctor", environment: ["PATH": ""])
    #expect(run.status == 1)
    #expect(run.output.contains("GSL: "))
    #expect(run.output.contains("BLAS: gslcblas"))
    #expect(run.output.contains("https://www.swift.org/install"))
    #expect(!run.output.contains("/usr"))
    #expect(run.error.isEmpty)
  }
}
