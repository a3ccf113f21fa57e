import CGSL
import Testing

@testable import GSLKit

@Suite("GSLError")
struct GSLErrorTests {
  @Test("a status other than success becomes an error that names the routine and the reason")
  func statusBecomesError() throws {
    let error = #expect(throws: GSLError.self) { try GSL.check("gsl_some_routine") { 1 } }
    #expect(error == GSLError(routine: "gsl_some_routine", status: 1))
    #expect(
      error?.description == "gsl_some_routine failed: input domain error (GSL status 1)")
    try GSL.check("gsl_some_routine") { 0 }
  }

  @Test("a failure inside GSL is thrown and does not end the process")
  func failureInsideGSL() {
    // A matrix without a Cholesky factor; GSL's own handler would abort here.
    let matrix = gsl_matrix_alloc(1, 1)!
    defer { gsl_matrix_free(matrix) }
    gsl_matrix_set(matrix, 0, 0, -1)
    let error = #expect(throws: GSLError.self) {
      try GSL.check("gsl_linalg_cholesky_decomp1") { gsl_linalg_cholesky_decomp1(matrix) }
    }
    #expect(error?.status == 1)
  }

  @Test("the version is that of a library, such as 2.7.1")
  func version() {
    let parts = GSL.version.split(separator: ".").map { Int($0) }
    #expect(parts.count >= 2)
    #expect(parts.allSatisfy { $0 != nil })
  }
}
