import GSLKit
import GradientCheck
import Testing
import TiedLayers
import TiedModels

@testable import FaultGallery

struct OriginalAsWrittenTests {
  @Test func itStandsAfterThePairAsItWasMeant() throws {
    let names = ModelCatalogue.all.map(\.name)
    let place = try #require(names.firstIndex(of: "original"))
    #expect(names[place + 1] == "original-as-written")
    #expect(names.filter { $0 != "original-as-written" } == Models.all.map(\.name))
    #expect(ModelCatalogue.named("original-as-written")?.name == "original-as-written")
    #expect(ModelCatalogue.named("no such model") == nil)
  }

  @Test func itIsTheRightPairWithAFaultToPutIn() throws {
    let model = try #require(
      ModelCatalogue.named("original-as-written") as? any FaultyModel)
    #expect(FaultCatalogue.fault(model.fault.id) != nil)
    let chain: Chain<Double> = try model.chain(model.usual, random: RandomSource(seed: 1))
    // The bias is the first layer's in both.
    #expect(chain.parameters.count == 2)
    #expect(throws: Never.self) { try model.fault.wrong(chain) }
  }

  @Test func otherSizesAreRefusedInItsOwnName() throws {
    let model = try #require(ModelCatalogue.named("original-as-written"))
    let error = #expect(throws: ModelChoiceError.self) {
      try model.check(ModelChoices(features: 4), data: "the table")
    }
    #expect(error?.description.contains("original-as-written takes 5") == true)
  }
}
