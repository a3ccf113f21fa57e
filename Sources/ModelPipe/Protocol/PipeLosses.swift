import Foundation

/// Asks a program for losses at many points, in messages that are neither too long nor too many.
final class PipeLosses {
  private let connection: PipeConnection
  /// "double" for the losses in Double; nil for the program's own.
  private let witness: String?
  /// Seconds that a point took; nil until that is known.
  private var secondsPerPoint: Double?
  /// How often the loss raised an error beside the described point, and what it said first.
  private(set) var raised: (count: Int, first: String)?

  /// How long the work of one message should take.
  private static let secondsPerMessage = 0.1
  /// The most points in a message.
  private static let mostPoints = 4096

  init(_ connection: PipeConnection, witness: String? = nil) {
    self.connection = connection
    self.witness = witness
  }

  /// The losses; NaN where the loss raises an error at a point beside the described one.
  /// - Throws: `ChildProcessError`, `PipeError`.
  func losses(_ points: [PipePoint]) throws -> [Double] {
    var losses: [Double] = []
    losses.reserveCapacity(points.count)
    while losses.count < points.count {
      let next = Array(points[losses.count..<min(losses.count + messageSize, points.count)])
      losses += try answered(next)
    }
    return losses
  }

  private func answered(_ points: [PipePoint]) throws -> [Double] {
    do {
      return try ask(points)
    } catch let error as PipeError {
      // A program that has one error for all its points has raised it at one of them at least.
      guard case .refused(_, let reason) = error else { throw error }
      if points.count > 1 { return try points.flatMap { try answered([$0]) } }
      if points[0].isDescribed { throw error }
      note(reason)
      return [.nan]
    }
  }

  private func ask(_ points: [PipePoint]) throws -> [Double] {
    let started = ProcessInfo.processInfo.systemUptime
    let answer = try connection.ask(.losses, numbers: points.count) {
      $0.points = points
      $0.witness = witness
    }
    guard let found = answer.losses, found.count == points.count else {
      throw connection.stop(
        .malformed(
          "losses",
          "\"losses\" holds \(answer.losses?.count ?? 0) numbers; expected \(points.count), one for "
            + "each point"))
    }
    learn(ProcessInfo.processInfo.systemUptime - started, points: points.count)
    guard let raised = answer.raised, !raised.isEmpty else { return found }
    var losses = found
    for (place, reason) in raised.sorted(by: { $0.key < $1.key }) {
      guard let i = Int(place), points.indices.contains(i) else {
        throw connection.stop(
          .malformed(
            "losses",
            "\"raised\" names the point \(excerpt(place.utf8)), and they are numbered from 0 to "
              + "\(points.count - 1)"))
      }
      if points[i].isDescribed { throw connection.refusal(.losses, reason) }
      losses[i] = .nan
      note(oneLine(reason, 300))
    }
    return losses
  }

  private func note(_ reason: String) {
    raised = (1 + (raised?.count ?? 0), raised?.first ?? reason)
  }

  /// How many points go into a message: so that a slow program is not taken for a silent one, and a fast
  /// one does not wait for messages.
  private var messageSize: Int {
    guard let secondsPerPoint else { return 16 }
    return min(max(Int(Self.secondsPerMessage / secondsPerPoint), 1), Self.mostPoints)
  }

  /// One point alone is mostly the message: its time is only an upper limit. A first point may take much
  /// longer than all later ones, because the program imports or compiles what it needs.
  private func learn(_ seconds: Double, points: Int) {
    if points > 1 || seconds > Self.secondsPerMessage || seconds < secondsPerPoint ?? 0 {
      secondsPerPoint = max(seconds / Double(points), 1e-6)
    }
  }
}
