import GSLKit
import Testing
import TiedLayers
import TiedLayersTestSupport

@Suite("Parameter")
struct ParameterTests {
  @Test("a kernel has two sizes and a bias one; both are flat in row order")
  func shapes() throws {
    let kernel = Parameter("W", try Matrix([[1.0, 2, 3], [4, 5, 6]]))
    #expect(kernel.shape == [2, 3])
    #expect(kernel.count == 6)
    #expect(kernel.flat == [1, 2, 3, 4, 5, 6])
    #expect(kernel.position(of: 4) == [1, 1])
    #expect("\(kernel)" == "W [2 x 3]")
    let bias = Parameter("b", [7.0, 8])
    #expect(bias.shape == [2])
    #expect(bias.values.shape == [1, 2])
    #expect(bias.flat == [7, 8])
    #expect(bias.position(of: 1) == [1])
    #expect("\(bias)" == "b [2]")
  }

  @Test("writing an element or all of them changes the values every holder sees")
  func writing() throws {
    let parameter = Parameter("W", try Matrix([[1.0, 2], [3, 4]]))
    let sameOne = parameter
    parameter[2] = 7
    #expect(sameOne.values.nested == [[1, 2], [7, 4]])
    parameter.flat = [5, 6, 7, 8]
    #expect(sameOne.values.nested == [[5, 6], [7, 8]])
    #expect(sameOne[1] == 6)
  }

  @Test("one element changes in place: the others are not copied")
  func inPlace() {
    func address<S>(_ parameter: Parameter<S>) -> UnsafeRawPointer? {
      parameter.values.elements.withUnsafeBytes { $0.baseAddress }
    }
    let parameter = Parameter("W", Matrix<Double>(rows: 50, columns: 40, repeating: 1))
    let before = address(parameter)
    parameter[17] = 3
    #expect(address(parameter) == before)
    Kernel(parameter).transposed[2, 5] = 4
    #expect(address(parameter) == before)
    #expect(parameter[17] == 3)
    #expect(parameter.values[5, 2] == 4)
  }

  @Test("values are rounded to the parameter's own precision, once")
  func rounding() {
    let single = Parameter<Float>("b", [1, 2])
    single[0] = 0.1
    #expect(single[0] == Double(Float(0.1)))
    #expect(single.rounded(0.1) == Double(Float(0.1)))
    #expect(single.unitRoundoff == 0x1p-24)
    single.flat = [0.3, 1 + 0x1p-30]
    #expect(single.flat == [Double(Float(0.3)), 1])
    let double = Parameter("b", [1.0])
    #expect(double.rounded(0.1) == 0.1)
    #expect(double.unitRoundoff == 0x1p-53)
  }

  @Test("a copy has the values and shape, but is not tied")
  func copies() throws {
    let kernel = Parameter("W", try Matrix([[1.0, 2]]))
    let copy = kernel.copy(named: "V")
    copy[0] = 9
    #expect(copy.name == "V")
    #expect(copy.flat == [9, 2])
    #expect(kernel.flat == [1, 2])
    // A kernel of one row and a bias look alike inside; their copies must not change kind.
    #expect(copy.shape == [1, 2])
    #expect(Parameter("b", [1.0, 2]).copy(named: "c").shape == [2])
  }

  @Test("fixed rows are a kernel's rows and a bias's elements, and a copy keeps them")
  func fixedRows() {
    let kernel = Parameter("E", Matrix<Double>(rows: 4, columns: 3), fixedRows: [2, 0])
    #expect(kernel.fixedElements == [0, 1, 2, 6, 7, 8])
    #expect(kernel.copy(named: "F").fixedRows == [0, 2])
    let gradient = (1...12).map(Double.init)
    #expect(kernel.moving(gradient) == [0, 0, 0, 4, 5, 6, 0, 0, 0, 10, 11, 12])
    kernel.fixedRows = []
    #expect(kernel.fixedElements.isEmpty)
    let bias = Parameter("b", [1.0, 2, 3])
    #expect(bias.fixedElements.isEmpty)
    bias.fixedRows = [1]
    #expect(bias.fixedElements == [1])
  }
}
