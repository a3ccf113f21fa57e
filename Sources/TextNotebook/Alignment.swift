/// Recorded and present items side by side: the way with the fewest differences.
///
/// An elision among the recorded items stands for any number of present ones.
struct Alignment {
  enum Pair: Equatable {
    /// The recorded item accepts the present one.
    case same(recorded: Int, present: Int)
    case changed(recorded: Int, present: Int)
    case removed(recorded: Int)
    case added(present: Int)
    case elided(recorded: Int, present: Range<Int>)
  }

  private(set) var pairs: [Pair] = []

  var isEqual: Bool {
    pairs.allSatisfy { pair in
      switch pair {
      case .same, .elided: true
      case .changed, .removed, .added: false
      }
    }
  }

  /// More pairs than this are not weighed against each other.
  private static let limit = 4_000_000

  /// - Parameters:
  ///   - recorded: how many recorded items there are; `present`: how many present ones.
  ///   - isElision: whether a recorded item is an elision.
  ///   - accepts: whether a recorded item accepts a present one.
  init(
    recorded: Int, present: Int, isElision: (Int) -> Bool, accepts: (Int, Int) -> Bool
  ) {
    // What agrees at both ends needs no weighing. Nor may it be taken from an elision.
    var head = 0
    while head < min(recorded, present), !isElision(head), accepts(head, head) { head += 1 }
    var tail = 0
    while tail < min(recorded, present) - head, !isElision(recorded - 1 - tail),
      accepts(recorded - 1 - tail, present - 1 - tail)
    {
      tail += 1
    }
    pairs = (0..<head).map { .same(recorded: $0, present: $0) }
    let rows = head..<recorded - tail
    let columns = head..<present - tail
    if rows.count * columns.count > Self.limit {
      pairs += rows.map { .removed(recorded: $0) } + columns.map { .added(present: $0) }
    } else {
      pairs += Self.weighed(rows, columns, isElision, accepts)
    }
    pairs += (0..<tail).reversed().map {
      .same(recorded: recorded - 1 - $0, present: present - 1 - $0)
    }
  }

  /// The edit distance from each place to the end, and the way back along it. A changed item costs less
  /// than a removed one: beside an elision, which takes in anything for nothing, what is recorded
  /// would otherwise be given up rather than changed.
  private static func weighed(
    _ rows: Range<Int>, _ columns: Range<Int>, _ isElision: (Int) -> Bool,
    _ accepts: (Int, Int) -> Bool
  ) -> [Pair] {
    let (m, n) = (rows.count, columns.count)
    let (remove, add, change): (Int32, Int32, Int32) = (5, 2, 4)
    var cost = [Int32](repeating: 0, count: (m + 1) * (n + 1))
    var same = [Bool](repeating: false, count: (m + 1) * (n + 1))
    func at(_ i: Int, _ j: Int) -> Int { i * (n + 1) + j }
    for i in stride(from: m, through: 0, by: -1) {
      let elision = i < m && isElision(rows.lowerBound + i)
      for j in stride(from: n, through: 0, by: -1) where i < m || j < n {
        if elision {
          let stop = cost[at(i + 1, j)]
          cost[at(i, j)] = j < n ? min(stop, cost[at(i, j + 1)]) : stop
          continue
        }
        var least = Int32.max
        if i < m { least = min(least, cost[at(i + 1, j)] + remove) }
        if j < n { least = min(least, cost[at(i, j + 1)] + add) }
        if i < m && j < n {
          same[at(i, j)] = accepts(rows.lowerBound + i, columns.lowerBound + j)
          least = min(least, cost[at(i + 1, j + 1)] + (same[at(i, j)] ? 0 : change))
        }
        cost[at(i, j)] = least
      }
    }
    var pairs: [Pair] = []
    var (i, j) = (0, 0)
    while i < m || j < n {
      let (recorded, present) = (rows.lowerBound + i, columns.lowerBound + j)
      if i < m && isElision(recorded) {
        var end = j
        while cost[at(i, end)] != cost[at(i + 1, end)] { end += 1 }
        pairs.append(
          .elided(recorded: recorded, present: present..<columns.lowerBound + end))
        (i, j) = (i + 1, end)
      } else if i < m && j < n
        && cost[at(i, j)] == cost[at(i + 1, j + 1)] + (same[at(i, j)] ? 0 : change)
      {
        pairs.append(
          same[at(i, j)]
            ? .same(recorded: recorded, present: present)
            : .changed(recorded: recorded, present: present))
        (i, j) = (i + 1, j + 1)
      } else if i < m && cost[at(i, j)] == cost[at(i + 1, j)] + remove {
        pairs.append(.removed(recorded: recorded))
        i += 1
      } else {
        pairs.append(.added(present: present))
        j += 1
      }
    }
    return pairs
  }
}
