import GSLKit
import TiedLayers

/// Where a batch comes from.
enum DataSource: Equatable, Sendable {
  case digits
  case random
  case file(String)

  /// - Parameter argument: as `--data` takes it.
  init(_ argument: String) {
    switch argument {
    case "digits": self = .digits
    case "random": self = .random
    default: self = .file(argument)
    }
  }

  /// Reads what is to be read.
  /// - Parameters:
  ///   - columns: how many are wanted, from the left; nil for all of them.
  ///   - usual: how many random data has where nobody says.
  /// - Throws: `CommandError`.
  func open(columns: Int?, usual: Int) throws -> DataTable {
    switch self {
    case .digits:
      return try DataTable(
        name: "digits", try Digits.intensities(), labels: try Digits.labels()
      ).restricted(to: columns)
    case .random:
      return DataTable(name: "random data", columns: columns ?? usual)
    case .file(let path):
      let data = try InputFile.read(path, as: "the data")
      let label = InputFile.label(path)
      do {
        return try DataTable(name: label, try CSVTable(data).matrix).restricted(to: columns)
      } catch let error as CSVError {
        throw CommandError(.badInput, "the data \(label): \(error)")
      }
    }
  }
}

/// Rows to choose a batch from: a table that was read, or as many random ones as are wanted.
struct DataTable {
  /// What a report calls it.
  let name: String
  let columns: Int
  private let matrix: Matrix<Double>?
  private let labels: [Int]?

  /// A table that was read.
  init(name: String, _ matrix: Matrix<Double>, labels: [Int]? = nil) {
    self.name = name
    columns = matrix.columns
    self.matrix = matrix
    self.labels = labels
  }

  /// Random numbers, uniform in [0, 1).
  init(name: String, columns: Int) {
    self.name = name
    self.columns = columns
    matrix = nil
    labels = nil
  }

  /// The first columns alone; nil for all of them.
  func restricted(to columns: Int?) throws -> DataTable {
    guard let columns, let matrix, columns != self.columns else { return self }
    guard columns < self.columns else {
      throw CommandError(
        .usage,
        "--features is \(columns), but \(name) has \(self.columns) columns. Ask for at most "
          + "\(self.columns), or use --data random.")
    }
    var restricted = Matrix<Double>(rows: matrix.rows, columns: columns)
    for i in 0..<matrix.rows {
      for j in 0..<columns { restricted[i, j] = matrix[i, j] }
    }
    return DataTable(name: name, restricted, labels: labels)
  }

  /// How many rows the batch has: as many as were asked for, or the usual number.
  func rowCount(asked: Int?, usual: Int) throws -> Int {
    guard let matrix else { return asked ?? usual }
    let count = asked ?? min(usual, matrix.rows)
    guard count <= matrix.rows else {
      throw CommandError(
        .usage,
        "--batch is \(count), but \(name) has \(matrix.rows) rows. Ask for at most \(matrix.rows).")
    }
    return count
  }

  /// Rows chosen at random, in the order in which they stand.
  func samples(rows: Int, random: RandomSource) -> Samples {
    guard let matrix else { return Samples(random.matrix(rows: rows, columns: columns)) }
    var batch = Matrix<Double>(rows: rows, columns: columns)
    let chosen = random.permutation(of: matrix.rows).prefix(rows).sorted()
    for (i, row) in chosen.enumerated() {
      for j in 0..<columns { batch[i, j] = matrix[row, j] }
    }
    return Samples(batch, labels: labels.map { labels in chosen.map { labels[$0] } })
  }
}
