import TextNotebook

/// The notebooks of the folder notebooks-txt, compiled.
public enum Lessons {
  /// In the order of their names.
  public static let all: [CompiledNotebook] = notebooks
}
