/// The numbers of the five-point rule, each derived once, here.
///
/// Four losses f-2, f-1, f1, f2 stand at x - 2h ... x + 2h, and f0 at x. Each carries independent noise of
/// deviation sigma. The deviation of a sum of such losses is sigma times the root of the sum of the
/// squares of its coefficients:
///
///     D  = (8 d1 - d2) / 12 h      d1 = f1 - f-1, d2 = f2 - f-2:  sqrt(2 (8^2 + 1)) / 12 = 0.950 / h
///     D3 = d2 - 2 d1               sqrt(2 (1 + 2^2))            = 3.16
///     D4 = f2 + f-2 - 2 f0 - 4 (f1 + f-1 - 2 f0)
///                                  sqrt(2 + 2 * 4^2 + 6^2)      = 8.37
///     D+- = +-(-3 f0 + 4 f+-1 - f+-2) / 2h
///                                  sqrt(3^2 + 4^2 + 1) / 2      = 2.55 / h
///
/// The numbers below are these, rounded to two digits, and upwards where they decide whether something is
/// more than noise.
enum FivePointRule {
  /// The deviation of D, in units of sigma / h.
  static let valueNoise = 0.95
  /// The deviations of D3 and D4, in units of sigma.
  static let thirdNoise = 3.2
  static let fourthNoise = 8.4
  /// The deviation of a one-sided derivative, in units of sigma / h.
  static let oneSidedNoise = 2.6

  /// What |D3| / h and |D4| / h add to the bound. A corner of slope jump J at x + c moves D away from the
  /// slope at x by an amount of at most 0.2 |D3| / h + 0.3 |D4| / h, wherever in +-2h it stands; a test
  /// tries it. For a smooth loss D3 = 2 h^3 f''': 0.4 h^2 |f'''| lies far above the truncation error h^4 f5 / 30.
  static let thirdWeight = 0.2
  static let fourthWeight = 0.3

  /// How much of the bound noise can hide, in units of z sigma / h: noise of one deviation in every loss
  /// can cancel what a corner leaves in D3 and D4, and with it 0.2 sqrt(10) + 0.3 sqrt(70) = 3.14 of
  /// what belongs into the bound.
  static let hiddenByNoise = 3.2
  /// The noise that convicts: that of D, and what noise can hide.
  static let convictingNoise = valueNoise + hiddenByNoise

  /// The noise part of what convicts, E + 3.2 z sigma / h, together with the bound E, in units of E where E
  /// is noise alone: 2 + 3.2 / 0.95 = 5.37.
  static let detectableBounds = 5.4
}

/// The deviation of GSL's derivatives for independent noise, in units of sigma over the smallest step.
enum GSLRule {
  /// Steps h/2 and h: sqrt(2 (4/3)^2 + 2 (1/6)^2) / 2 = 0.950.
  static let centralNoise = 0.95
  /// Steps from h/4: sqrt(22^2 + 84^2 + 114^2 + 52^2) / 12 = 12.68.
  static let oneSidedNoise = 12.7
}
