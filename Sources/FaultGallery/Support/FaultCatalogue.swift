/// Every fault, in the order of the gallery. To add one, write its file and name it here.
package enum FaultCatalogue {
  package static let all: [any Fault] = [
    // Copies and clones where a tie was meant.
    DetachedCopy(), FrozenCopy(), CopiedOnce(), Cloned(), TieFlagIgnored(), AliasedStorage(),
    // Biases.
    BiasTakenAlong(), BiasTwice(),
    // Gradients.
    Unflipped(), Untransposed(), EncoderPathLost(), DecoderPathLost(), Overwritten(), Doubled(),
    Averaged(), ScaleForwardOnly(), RegulariserPerUse(), PerSampleStacked(), ImmediateOnly(),
    DelayedOverwritten(), ShardedPartial(),
    // Updates.
    SteppedTwice(), DuplicateInGroup(), OneStatePerUse(), RoutedApart(), DecayPerAlias(),
    ClipCountsTwice(), ClipPerPath(), FrozenOneFreezesBoth(), PaddingLeaks(),
    NotZeroed(), OneBehind(), StaleOptimizer(),
    // Structure.
    PhantomKernel(), MovedApart(), ReloadedApart(), SavedOnceLost(), CountedTwice(),
  ]

  package static func fault(_ id: String) -> (any Fault)? { all.first { $0.id == id } }

  /// What a diagnosis may look for, beside what it knows itself.
  package static let mistakes = all.compactMap(\.mistake)

  /// The faults that a diagnosis may stand for.
  package static func faults(diagnosedAs diagnosis: String) -> [any Fault] {
    all.filter { $0.diagnosis == diagnosis }
  }
}
