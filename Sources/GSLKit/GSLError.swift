import CGSL

/// A status other than success that a GSL routine returned.
package struct GSLError: Error, Equatable, CustomStringConvertible {
  /// The routine that failed, as GSL names it.
  package let routine: String
  /// GSL's status, one of `gsl_errno.h`.
  package let status: Int32

  package var description: String {
    "\(routine) failed: \(String(cString: gsl_strerror(status))) (GSL status \(status))"
  }
}

/// Facts about the GSL in use, and the one switch that must be thrown before its first call.
package enum GSL {
  /// The version of the library that is linked, such as "2.7.1".
  package static var version: String { String(cString: tiecheck_gsl_version()) }

  /// The BLAS in use: GSL's own reference implementation, beneath GSL's linear algebra and, in debug
  /// builds, beneath every matrix product.
  package static let blas =
    Lanes.areFast ? "gslcblas (matrix products: tiecheck's own)" : "gslcblas"

  /// GSL's default error handler aborts the process. Every wrapper of this module reads `ready`
  /// before it calls into GSL, which turns that handler off exactly once; statuses become errors.
  static let ready: Void = {
    _ = gsl_set_error_handler_off()
  }()

  /// Calls `body` with the error handler off and throws its status unless it is success.
  /// - Parameter routine: its name, made only when it is needed.
  static func check(_ routine: @autoclosure () -> String, _ body: () -> Int32) throws {
    _ = ready
    let status = body()
    guard status == 0 else { throw GSLError(routine: routine(), status: status) }
  }
}
