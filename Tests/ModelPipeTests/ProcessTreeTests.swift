import Foundation
import Testing

@testable import ModelPipe

/// What belongs to a program, by traces that are made up here: of these processes none runs.
@Suite struct ProcessTreeTests {
  private let own = getpid()
  private let program = ProcessTree.Traces(
    leader: 900_001, marker: "TIECHECK_CHILD=one", pipes: ["pipe:[1]"])
  private let other = ProcessTree.Traces(
    leader: 900_002, marker: "TIECHECK_CHILD=two", pipes: ["pipe:[2]"])

  private func entry(
    _ process: pid_t, parent: pid_t, group: pid_t? = nil, session: pid_t? = nil
  ) -> ProcessTree.Entry {
    .init(
      process: process, parent: parent, group: group ?? process, session: session ?? process,
      isZombie: false)
  }

  private func marks(_ environment: [String] = [], _ pipes: Set<String> = []) -> ProcessTree.Marks {
    var marks = ProcessTree.Marks()
    (marks.environment, marks.pipes) = (environment, pipes)
    return marks
  }

  /// Whether a process is killed with the program, while another runs.
  private func isMember(
    _ entry: ProcessTree.Entry, _ marks: ProcessTree.Marks, takesStrays: Bool = true
  ) -> Bool {
    let all = [
      self.entry(program.leader, parent: own), self.entry(other.leader, parent: own), entry,
    ]
    let found = ProcessTree.members(
      of: program, among: all, running: [program.leader: program, other.leader: other],
      takesStrays: takesStrays, marks: { $0 == entry.process ? marks : self.marks() })
    #expect(found.contains { $0.process == program.leader })
    #expect(!found.contains { $0.process == other.leader })
    return found.contains { $0.process == entry.process }
  }

  @Test func whatShowsATraceGoesWithItsProgramAlone() {
    let orphan = entry(900_010, parent: own)
    #expect(isMember(orphan, marks([program.marker])) && isMember(orphan, marks([], ["pipe:[1]"])))
    #expect(!isMember(orphan, marks([other.marker])) && !isMember(orphan, marks([], ["pipe:[2]"])))
    #expect(isMember(entry(900_010, parent: 7, session: program.leader), marks()))
    #expect(isMember(entry(900_010, parent: program.leader), marks()))
    #expect(!isMember(entry(900_010, parent: own, session: other.leader), marks()))
    #expect(!isMember(entry(900_010, parent: own, group: other.leader), marks()))
  }

  /// One that forbids reading, one with an empty environment and one with a marker of its own invention:
  /// that other programs run, as those that answer for a teacher always do, saves none of them.
  @Test func anOrphanWithoutATrueTraceIsAStray() {
    let orphan = entry(900_010, parent: own)
    for marks in [marks(), marks(["PATH=/bin"]), marks(["TIECHECK_CHILD=x"], ["pipe:[3]"])] {
      #expect(isMember(orphan, marks))
      #expect(!isMember(orphan, marks, takesStrays: false))
      #expect(!isMember(entry(900_010, parent: 1), marks))
      #expect(!isMember(entry(900_010, parent: own, session: getsid(0)), marks))
    }
  }

  @Test func whatAMemberStartedIsOne() {
    let all = [
      entry(program.leader, parent: own), entry(900_012, parent: 900_011),
      entry(900_011, parent: program.leader),
    ]
    let found = ProcessTree.members(
      of: program, among: all, running: [program.leader: program], takesStrays: true,
      marks: { _ in ProcessTree.Marks() })
    #expect(found.count == 3)
  }
}
