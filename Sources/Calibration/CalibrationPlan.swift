import GradientCheck

/// What a calibration is asked to measure.
package struct CalibrationPlan: Codable, Sendable {
  /// What the random networks are made of.
  package enum Kind: String, Codable, Sendable, CaseIterable {
    /// tanh, sigmoid, softplus and identity: a derivative everywhere.
    case smooth
    /// relu in every hidden layer.
    case relu
  }

  /// The arithmetic the random networks work in.
  package enum Precision: String, Codable, Sendable, CaseIterable {
    case double, float
  }

  package var kinds: [Kind]
  package var precisions: [Precision]
  /// At least so many entries for each kind in each precision; the last network is checked whole.
  package var entries: Int
  package var seed: UInt64
  /// The tolerance; nil for the default of each precision.
  package var rtol: Double?
  /// How many tied autoencoders 784-128-784 are checked by directions, each with one wrong entry.
  package var largeNetworks: Int
  /// Whole networks, checked as a user checks them; so many of each study.
  package var studies: [CaseStudy]
  package var networks: Int
  /// How many combined bugs are to be named.
  package var bugs: Int

  package init(
    kinds: [Kind] = Kind.allCases, precisions: [Precision] = Precision.allCases,
    entries: Int = 10_000, seed: UInt64 = 1, rtol: Double? = nil, largeNetworks: Int = 0,
    studies: [CaseStudy] = [], networks: Int = 0, bugs: Int = 0
  ) {
    self.kinds = kinds
    self.precisions = precisions
    self.entries = entries
    self.seed = seed
    self.rtol = rtol
    self.largeNetworks = largeNetworks
    self.studies = studies
    self.networks = networks
    self.bugs = bugs
  }

  func tolerance(_ precision: Precision) -> Double {
    // Float claims are measured on the same network in Double.
    rtol ?? (precision == .double ? 1e-6 : 1e-4)
  }
}

/// How wrong an entry is made.
package enum ErrorSize: Codable, Equatable, Sendable, CustomStringConvertible {
  /// A multiple of the entry's own tolerance.
  case tolerances(Double)
  /// A multiple of the root mean square of its tensor's gradient.
  case ofRMS(Double)

  package var description: String {
    switch self {
    case .tolerances(let factor): "\(Int(factor)) tol"
    case .ofRMS(let fraction): "\(fraction) rms"
    }
  }

  /// The sizes that are tried in a precision: just above what its tolerance promises, and far above.
  static func tried(_ precision: CalibrationPlan.Precision) -> [ErrorSize] {
    switch precision {
    case .double: [.tolerances(3), .tolerances(10), .ofRMS(1e-5), .ofRMS(1e-3), .ofRMS(0.1)]
    case .float: [.tolerances(3), .tolerances(10), .ofRMS(0.1), .ofRMS(1)]
    }
  }
}
