import TextNotebook

/// The notebooks of the folder notebooks-txt, compiled.
package enum Lessons {
  /// In the order of their names.
  package static let all: [CompiledNotebook] = notebooks
}
