import CChildProcess
import CheckReport
import Foundation

/// Grades many submissions, several at a time.
package final class GradingRun: Sendable {
  /// Ends everything, from any thread.
  package let watch = ProcessWatch()
  private let template: [(path: String, text: String)]
  private let starter: [String: String]
  private let cache: URL
  private let seed: UInt64
  private let building: BuildSlot.Limits
  private let limits: AnswerLimits

  /// - Parameters:
  ///   - template: the package that students' files are compiled in, with the solutions in Sources/Layers.
  ///   - starter: the text of each file of Sources/Layers as it was handed out.
  ///   - cache: where the build slots are.
  package init(
    template: [(path: String, text: String)], starter: [String: String], cache: URL, seed: UInt64,
    building: BuildSlot.Limits, limits: AnswerLimits
  ) {
    self.template = template
    self.starter = starter
    self.cache = cache
    self.seed = seed
    self.building = building
    self.limits = limits
  }

  /// - Parameter report: told when a grade is there, from any thread, one at a time: all grades so far, in the
  ///   order in which they came.
  /// - Returns: the grades in the order of the submissions.
  /// - Throws: `GradingError`, where nothing can be graded at all or it was interrupted.
  package func grade(
    _ submissions: [NamedSubmission], jobs: Int,
    report: @escaping @Sendable ([SubmissionGrade]) -> Void
  ) throws -> [SubmissionGrade] {
    // A student's process has the same rights; it shall at least not read or change this one's memory.
    child_forbid_inspection()
    // And it shall not change submissions that wait, nor meet the solutions in a slot that is not ready: first
    // all are read and all slots prepared, and then the first student's program runs.
    let read = submissions.map { submission in
      Result { try Submission(name: submission.name, at: submission.folder) }
    }
    let workers = max(1, min(jobs, submissions.count))
    let progress = Progress(submissions.count)
    func inParallel(_ work: @Sendable (Int) throws -> Void) throws {
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        do {
          try work(worker)
        } catch {
          progress.stop(error)
          // The others cannot succeed in what one of them found impossible.
          watch.end()
        }
      }
      try progress.requireNoError()
    }
    try inParallel { _ in
      let slot = try BuildSlot(in: cache, template: template, limits: building)
      progress.add(
        try Grader(slot, starter: starter, seed: seed, limits: limits, watch: watch))
    }
    try inParallel { worker in
      let grader = progress.grader(worker)
      while let i = progress.next() {
        progress.finish(i, try grader.grade(submissions[i].name, read[i]), report)
      }
    }
    return progress.grades
  }

  private final class Progress: @unchecked Sendable {
    private let lock = NSLock()
    private var begun = 0
    /// In the order in which they came.
    private var finished: [SubmissionGrade] = []
    private var all: [SubmissionGrade?]
    private var error: (any Error)?
    private var graders: [Grader] = []

    init(_ count: Int) { all = Array(repeating: nil, count: count) }

    func next() -> Int? {
      lock.withLock {
        guard begun < all.count, error == nil else { return nil }
        begun += 1
        return begun - 1
      }
    }

    func finish(_ i: Int, _ grade: SubmissionGrade, _ report: ([SubmissionGrade]) -> Void) {
      lock.withLock {
        all[i] = grade
        finished.append(grade)
        report(finished)
      }
    }

    /// The first error counts: the others follow from it.
    func stop(_ error: any Error) { lock.withLock { self.error = self.error ?? error } }

    func requireNoError() throws {
      if let error = lock.withLock({ error }) { throw error }
    }

    func add(_ grader: Grader) { lock.withLock { graders.append(grader) } }
    func grader(_ worker: Int) -> Grader { lock.withLock { graders[worker] } }

    var grades: [SubmissionGrade] { lock.withLock { all.compactMap { $0 } } }
  }
}
