import Testing
import TiedLayers
import TiedModels

@testable import TiecheckCommands

@Suite struct MemoryEstimateTests {
  @Test(arguments: [
    "--features 1000000000 --hidden 1000000000",
    "--features 9223372036854775807 --hidden 9223372036854775807 --batch 9223372036854775807",
    "--features 100000 --hidden 100000", "--features 64 --batch 100000000000",
    "--hidden 100000000,100000000",
  ])
  func hugeRequestsAreRefused(options: String) {
    // Were they not, there would be no machine left to say so.
    for command in ["check", "summary", "report -o -"] {
      expectRefusal(tiecheck("\(command) \(options)"), 64, ["GiB of memory; the limit is 2 GiB"])
    }
  }

  /// Products that do not fit an Int, and what attention makes of every pair of positions.
  @Test(arguments: [
    "--model embedding --features 4611686018427387904",
    "--model embedding --hidden 4611686018427387904",
    "--model embedding --data random --features 9223372036854775807 --hidden 9223372036854775807",
    "--model siamese --features 9223372036854775807 --hidden 9223372036854775807",
    "--model shared --features 9223372036854775807 --hidden 9223372036854775807",
    "--model recurrent --features 9223372036854775800 --hidden 9223372036854775807",
    "--model attention --features 9223372036854775800 --hidden 9223372036854775807",
    "--model attention --features 100000 --set pieces=100000 --hidden 1 --batch 2",
  ])
  func sizesWhoseProductsOverflowAreRefused(options: String) {
    for command in ["check", "summary"] {
      expectRefusal(tiecheck("\(command) \(options)"), 64, ["GiB of memory; the limit is 2 GiB"])
    }
  }

  @Test func imagesThatAreTooLargeAreRefused() {
    for options in ["--features 9223372036854775800", "--features 8 --hidden 9223372036854775807"] {
      let run = tiecheck("summary --model convolution --set height=1 \(options)")
      #expect(run.status == 64, "\(run.error)")
    }
  }

  @Test func measuredSizesAreNotUnderestimated() {
    func megabytes(_ features: Int, _ hidden: Int, batch: Int) -> Double {
      MemoryEstimate(kernels: [KernelShape(features, hidden, uses: 2)], batch: batch)
        .bytes(for: .check, workers: 1) / 1e6
    }
    // Peak memory of release runs less the 24 MB of an idle program.
    #expect((13...40).contains(megabytes(200, 50, batch: 8)))
    #expect((51...150).contains(megabytes(1000, 300, batch: 8)))
    #expect((525...1000).contains(megabytes(3000, 1000, batch: 8)))
    #expect((81...300).contains(megabytes(1000, 100, batch: 2000)))
  }

  @Test func aSummaryNeedsLess() {
    let estimate = MemoryEstimate(kernels: [KernelShape(3000, 5000, uses: 2)], batch: 8)
    #expect(throws: CommandError.self) { try estimate.require(for: .check) }
    #expect(throws: Never.self) { try estimate.require(for: .summary) }
  }
}
