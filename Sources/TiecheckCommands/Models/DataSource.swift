import GSLKit
import TiedLayers
import TiedModels

/// Where a batch comes from.
enum DataSource: Equatable, Sendable {
  case digits
  /// The nursery rhyme that ships.
  case text
  case random
  case file(String)

  /// - Parameter argument: as `--data` takes it.
  init(_ argument: String) {
    switch argument {
    case "digits": self = .digits
    case "text": self = .text
    case "random": self = .random
    default: self = .file(argument)
    }
  }

  /// Reads what is to be read, for a model.
  /// - Parameters:
  ///   - columns: how many are wanted, from the left, or tokens before each word of a text; nil for all
  ///     of them, or the model's usual number.
  /// - Throws: `CommandError`.
  func open(columns: Int?, for model: any Model) throws -> DataTable {
    guard model.readsText else { return try open(columns: columns, usual: model.usual.features) }
    let context = columns ?? model.usual.features
    do {
      switch self {
      case .digits:
        throw CommandError(
          .usage,
          "--data digits are numbers, and --model \(model.name) reads the words of a text. Use --data "
            + "text, random, or a text file of your own.")
      case .random:
        return try open(columns: context, usual: context)
      case .text:
        return DataTable(
          name: "the nursery rhyme", try TokenText.houseThatJackBuilt(), context: context)
      case .file(let path):
        return DataTable(
          name: InputFile.label(path), try TokenText(InputFile.read(path, as: "the data")),
          context: context)
      }
    } catch let error as TextError {
      guard case .file(let path) = self else { throw error }
      throw CommandError(.badInput, "the data \(InputFile.label(path)): \(error)")
    }
  }

  /// Reads numbers.
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
    case .text:
      throw CommandError(
        .usage,
        "--data text holds words, and this model takes numbers. Use --data digits, random or a CSV "
          + "file, or --model embedding.")
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
  private let rows: Rows

  private enum Rows {
    case numbers(Matrix<Double>, labels: [Int]?)
    case words(TokenText)
    /// As many as are wanted.
    case random
  }

  /// How many different tokens it holds; 0 where it holds numbers.
  var vocabulary: Int {
    guard case .words(let text) = rows else { return 0 }
    return text.words.count
  }

  /// A table that was read.
  init(name: String, _ matrix: Matrix<Double>, labels: [Int]? = nil) {
    self.name = name
    columns = matrix.columns
    rows = .numbers(matrix, labels: labels)
  }

  /// The words of a text, each with `context` words before it.
  init(name: String, _ text: TokenText, context: Int) {
    self.name = name
    columns = context
    rows = .words(text)
  }

  /// Random numbers, uniform in [0, 1).
  init(name: String, columns: Int) {
    self.name = name
    self.columns = columns
    rows = .random
  }

  /// The first columns alone; nil for all of them.
  func restricted(to columns: Int?) throws -> DataTable {
    guard let columns, case .numbers(let matrix, let labels) = rows, columns != self.columns else {
      return self
    }
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
    let (most, unit) =
      switch rows {
      case .numbers(let matrix, _): (matrix.rows, "rows")
      case .words(let text): (text.count, "words")
      case .random: (Int.max, "")
      }
    let count = asked ?? min(usual, most)
    guard count <= most else {
      throw CommandError(
        .usage,
        "--batch is \(count), but \(name) has \(most) \(unit). Ask for at most \(most).")
    }
    return count
  }

  /// Rows chosen at random, in the order in which they stand.
  func samples(rows count: Int, random: RandomSource) -> Samples {
    switch rows {
    case .random: return Samples(random.matrix(rows: count, columns: columns))
    case .words(let text): return text.samples(count, context: columns, random: random)
    case .numbers(let matrix, let labels): return chosen(count, of: matrix, labels, random)
    }
  }

  private func chosen(
    _ rows: Int, of matrix: Matrix<Double>, _ labels: [Int]?, _ random: RandomSource
  ) -> Samples {
    var batch = Matrix<Double>(rows: rows, columns: columns)
    let chosen = random.permutation(of: matrix.rows).prefix(rows).sorted()
    for (i, row) in chosen.enumerated() {
      for j in 0..<columns { batch[i, j] = matrix[row, j] }
    }
    return Samples(batch, labels: labels.map { labels in chosen.map { labels[$0] } })
  }
}
