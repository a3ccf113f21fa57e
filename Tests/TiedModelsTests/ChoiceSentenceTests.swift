import Testing
import TiedModels

@Suite("ChoiceSentence")
struct ChoiceSentenceTests {
  @Test("a choice is written in the reader's way, and everything else as it stands")
  func choices() {
    let sentence: ChoiceSentence = """
      \(.option(.biasShared)) and \(.setting("uses=3")) do not go with \(.model("shared")): \(2 + 2).
      """
    let text = sentence.text { choice in
      switch choice {
      case .option(let option): "<\(option.rawValue)>"
      case .setting(let numbers): "{\(numbers)}"
      default: "[\(choice)]"
      }
    }
    #expect(text == "<bias-shared> and {uses=3} do not go with [model(\"shared\")]: 4.")
    #expect(
      "\(ModelChoiceError(sentence))" == "bias-shared and uses=3 do not go with shared: 4.")
  }
}
