import Foundation

extension ResultsFolder {
  /// One record of all grades in the folder and its subfolders, sorted by the submissions' names: what the
  /// parts of a run that was divided among machines have left. nil where there are no grades.
  /// - Parameter command: the command that reads.
  /// - Throws: `ResultsFolderError`.
  package func grades(command: String) throws -> GradeRecord? {
    struct Schema: Decodable { let schema: String? }
    var records: [GradeRecord] = []
    var places: [String: String] = [:]
    var submissions: [String: SubmissionGrade] = [:]
    for file in try files() {
      guard let json = try? Data(contentsOf: file.url) else {
        throw ResultsFolderError.unreadable(file.path)
      }
      guard let schema = try? JSONDecoder().decode(Schema.self, from: json).schema,
        schema.hasPrefix("tiecheck-grade/")
      else { continue }
      guard schema == GradeRecord.currentSchema else {
        throw ResultsFolderError.unknownSchema(file.path, schema)
      }
      let record: GradeRecord
      do {
        record = try GradeRecord(json: json)
      } catch {
        throw ResultsFolderError.malformed(file.path, "\(error)")
      }
      if let first = records.first, first.seed != record.seed {
        throw ResultsFolderError.malformed(
          file.path,
          "it was graded with seed \(record.seed), and others with seed \(first.seed), which is not "
            + "the same examination")
      }
      for submission in record.submissions {
        if let other = submissions[submission.name], other != submission {
          throw ResultsFolderError.malformed(
            file.path,
            "\(submission.name) has other grades in it than in \(places[submission.name]!)")
        }
        submissions[submission.name] = submission
        places[submission.name] = file.path
      }
      records.append(record)
    }
    guard let first = records.first else { return nil }
    return GradeRecord(
      seed: first.seed, command: command,
      submissions: submissions.values.sorted { $0.name < $1.name }, tool: first.tool)
  }
}
